use kafka_rpc_tests_codegen::tricky::r#type as tricky;

use crate::direct::Direct;

type Reply<T> = Result<kafka_rpc::Response<T>, kafka_rpc::Status>;

struct Everywhere;

fn answer(name: &str) -> Reply<tricky::Response> {
    let r#type = name.to_owned();
    Ok(kafka_rpc::Response::new(tricky::Response { r#type }))
}

impl tricky::Match for Everywhere {
    async fn r#type(
        &self,
        request: kafka_rpc::Request<tricky::Request>,
    ) -> Reply<tricky::Response> {
        answer(&String::from_utf8_lossy(request.key().unwrap_or_default()))
    }

    async fn self_(&self, request: kafka_rpc::Request<tricky::Self_>) -> Reply<tricky::Self_> {
        Ok(kafka_rpc::Response::new(request.into_inner()))
    }

    async fn r#async(&self, _: kafka_rpc::Request<tricky::Request>) -> Reply<tricky::Response> {
        answer("async")
    }

    async fn new_(&self, _: kafka_rpc::Request<tricky::Request>) -> Reply<tricky::Response> {
        answer("new")
    }

    async fn with_interceptor_(
        &self,
        _: kafka_rpc::Request<tricky::Request>,
    ) -> Reply<tricky::Response> {
        answer("with_interceptor")
    }

    async fn clone_(&self, _: kafka_rpc::Request<tricky::Request>) -> Reply<tricky::Response> {
        answer("clone")
    }

    async fn into_(&self, _: kafka_rpc::Request<tricky::Request>) -> Reply<tricky::Response> {
        answer("into")
    }

    async fn call(&self, _: kafka_rpc::Request<tricky::Request>) -> Reply<tricky::Response> {
        answer("call")
    }

    async fn request(&self, _: kafka_rpc::Request<tricky::Request>) -> Reply<tricky::Response> {
        answer("request")
    }

    async fn response(&self, _: kafka_rpc::Request<tricky::Response>) -> Reply<tricky::Request> {
        Ok(kafka_rpc::Response::new(tricky::Request::default()))
    }

    async fn get_http_status(
        &self,
        request: kafka_rpc::Request<tricky::Status>,
    ) -> Reply<tricky::Status> {
        Ok(kafka_rpc::Response::new(request.into_inner()))
    }
}

impl tricky::FutureService for Everywhere {
    async fn poll(&self, _: kafka_rpc::Request<tricky::Box>) -> Reply<tricky::Result> {
        Ok(kafka_rpc::Response::new(tricky::Result::default()))
    }

    async fn drop(&self, _: kafka_rpc::Request<tricky::Drop>) -> Reply<tricky::Arc> {
        Ok(kafka_rpc::Response::new(tricky::Arc {}))
    }

    async fn send(&self, _: kafka_rpc::Request<tricky::Send>) -> Reply<tricky::Sync> {
        Ok(kafka_rpc::Response::new(tricky::Sync {}))
    }
}

fn client() -> tricky::MatchClient<Direct<tricky::MatchServer<Everywhere>>> {
    tricky::MatchClient::new(Direct::to(tricky::MatchServer::new(Everywhere)))
}

/// What a call of `$method` answers.
macro_rules! answer_of {
    ($method:ident) => {
        client()
            .$method(tricky::Request {
                r#type: "key".to_owned(),
            })
            .await
            .expect("an answer")
            .into_inner()
            .r#type
    };
}

#[tokio::test]
async fn methods_may_be_keywords_and_functions_of_every_client() {
    assert_eq!(answer_of!(r#type), "key");
    assert_eq!(answer_of!(r#async), "async");
    assert_eq!(answer_of!(new_), "new");
    assert_eq!(answer_of!(with_interceptor_), "with_interceptor");
    assert_eq!(answer_of!(clone_), "clone");
    assert_eq!(answer_of!(into_), "into");
    assert_eq!(answer_of!(call), "call");
    assert_eq!(answer_of!(request), "request");
    let named = tricky::Self_ {
        crate_: "c".to_owned(),
    };
    assert_eq!(
        client()
            .self_(named.clone())
            .await
            .expect("itself")
            .into_inner(),
        named
    );
}

#[tokio::test]
async fn messages_may_be_named_like_what_generated_code_speaks_of() {
    let mut client =
        tricky::FutureServiceClient::new(Direct::to(tricky::FutureServiceServer::new(Everywhere)));
    client.poll(tricky::Box::default()).await.expect("a result");
    client.drop(tricky::Drop {}).await.expect("an arc");
    client.send(tricky::Send {}).await.expect("a sync");
}

#[test]
fn names_on_the_wire_are_those_of_the_proto() {
    let descriptor = <tricky::MatchClient>::DESCRIPTOR;
    assert_eq!(descriptor.name, "tricky.type.Match");
    let names: Vec<&str> = descriptor
        .methods
        .iter()
        .map(|method| method.name)
        .collect();
    assert_eq!(
        names,
        [
            "Type",
            "Self",
            "Async",
            "New",
            "WithInterceptor",
            "Clone",
            "Into",
            "Call",
            "Request",
            "Response",
            "GetHTTPStatus"
        ]
    );
    assert_eq!(
        descriptor.methods[10].path,
        "tricky.type.Match/GetHTTPStatus"
    );
    assert_eq!(
        <tricky::FutureServiceClient>::DESCRIPTOR.name,
        "tricky.type.Future_"
    );
}
