use kafka_rpc::{Code, IntoRequest as _, Request, Response, Status};
use kafka_rpc_tests_codegen::{client_only, common, server_only, shared};

use crate::direct::Direct;

struct Nothing;

impl server_only::Clock for Nothing {}

#[tokio::test]
async fn a_server_without_a_client_answers_unimplemented_by_default() {
    use kafka_rpc::server::RpcService as _;
    let server = server_only::ClockServer::new(Nothing);
    for (index, name) in ["Now", "Tick", "Set"].into_iter().enumerate() {
        let request = Request::new(kafka_rpc::Body::new(Vec::new()));
        let status = server
            .call(index, request)
            .await
            .expect_err("nothing is implemented");
        assert_eq!(status.code(), Code::Unimplemented);
        assert_eq!(
            status.message(),
            format!("server_only.Clock/{name} is not implemented")
        );
    }
}

#[tokio::test]
async fn a_method_that_a_server_does_not_have_is_unimplemented() {
    use kafka_rpc::server::RpcService as _;
    let server = server_only::ClockServer::new(Nothing);
    let request = Request::new(kafka_rpc::Body::new(Vec::new()));
    let status = server.call(7, request).await.expect_err("no such method");
    assert_eq!(status.code(), Code::Unimplemented);
}

#[test]
fn a_client_without_a_server_describes_the_service() {
    let descriptor = <client_only::ClockClient>::DESCRIPTOR;
    assert_eq!(descriptor.methods[0].input, "client_only.Zone");
    assert_eq!(descriptor.methods[0].output, "client_only.Time");
}

struct Vault;

impl shared::Bank for Vault {
    async fn deposit(
        &self,
        request: Request<shared::Deposit>,
    ) -> Result<Response<common::v1::Money>, Status> {
        assert_eq!(request.key(), Some(&b"EUR"[..]));
        Ok(Response::new(
            request.into_inner().amount.unwrap_or_default(),
        ))
    }

    async fn convert(
        &self,
        request: Request<common::v1::Money>,
    ) -> Result<Response<common::v1::Money>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn messages_may_have_their_code_elsewhere() {
    let mut bank = shared::BankClient::new(Direct::to(shared::BankServer::new(Vault)));
    let money = common::v1::Money {
        currency: "EUR".to_owned(),
        units: 5,
    };
    let mut deposit = shared::Deposit::default();
    deposit.amount = Some(money.clone());
    deposit.tags.insert("b".to_owned(), "2".to_owned());
    deposit.tags.insert("a".to_owned(), "1".to_owned());
    let shown = format!("{deposit:?}");
    assert!(
        shown.contains(r#"{"a": "1", "b": "2"}"#),
        "a BTreeMap is in order: {shown}"
    );
    let kept = bank
        .deposit(deposit.into_request())
        .await
        .expect("the money");
    assert_eq!(kept.into_inner(), money);
}
