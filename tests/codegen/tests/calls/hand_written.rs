use std::fmt::Debug;

use kafka_rpc::prost::Message;
use kafka_rpc::{Code, Request, Response, Status};

use crate::direct::Direct;

#[derive(Clone, PartialEq, Message)]
#[prost(prost_path = "kafka_rpc::prost")]
struct Deposit {
    #[prost(string, tag = "1")]
    account: String,
    #[prost(uint64, tag = "2")]
    cents: u64,
}

/// Keeps accounts.
#[kafka_rpc::service(name = "bank.v1.Accounts")]
trait Accounts: Debug {
    /// Adds to an account.
    #[rpc(key = "account")]
    async fn deposit(&self, request: Request<Deposit>) -> Result<Response<u64>, Status>;

    #[rpc(name = "Forget", key = "self")]
    async fn forget_account(&self, request: Request<String>) -> Result<Response<()>, Status> {
        let key = String::from_utf8_lossy(request.key().unwrap_or_default()).into_owned();
        Err(Status::permission_denied(format!(
            "{key} stays, says {self:?}"
        )))
    }
}

#[derive(Debug)]
struct Bank;

impl Accounts for Bank {
    async fn deposit(&self, request: Request<Deposit>) -> Result<Response<u64>, Status> {
        let key = request.key().unwrap_or_default().len() as u64;
        Ok(Response::new(key + request.get_ref().cents))
    }
}

fn client() -> AccountsClient<Direct<AccountsServer<Bank>>> {
    AccountsClient::new(Direct::to(AccountsServer::new(Bank)))
}

#[tokio::test]
async fn a_trait_in_code_is_a_service() {
    let deposit = Deposit {
        account: "savings".to_owned(),
        cents: 500,
    };
    let reply = client().deposit(deposit).await.expect("a balance");
    assert_eq!(reply.into_inner(), 507);
}

#[tokio::test]
async fn a_method_may_have_a_body_to_fall_back_on() {
    let status = client()
        .forget_account("savings".to_owned())
        .await
        .expect_err("refused");
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(status.message(), "savings stays, says Bank");
}

#[test]
fn names_that_were_not_given_are_made_of_the_functions() {
    let descriptor = <AccountsClient>::DESCRIPTOR;
    assert_eq!(descriptor.methods[0].path, "bank.v1.Accounts/Deposit");
    assert_eq!(descriptor.methods[1].path, "bank.v1.Accounts/Forget");
    assert_eq!(AccountsServer::<Bank>::DESCRIPTOR.name, descriptor.name);
    assert!(descriptor.file_descriptor_set.is_empty());
}
