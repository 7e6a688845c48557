use kafka_rpc::{Request, Response, Status};
use kafka_rpc_tests_codegen::kinds::everything::{Choice, Colour, Inner};
use kafka_rpc_tests_codegen::kinds::*;

use crate::direct::Direct;

/// Answers with the key in the field `raw`, and without a key with none.
struct Echo;

macro_rules! echo {
    ($($method:ident),*) => {
        impl Keys for Echo {
            $(async fn $method(
                &self,
                request: Request<Everything>,
            ) -> Result<Response<Everything>, Status> {
                let maybe = request.key().map(|key| String::from_utf8_lossy(key).into_owned());
                let message = request.into_inner();
                Ok(Response::new(Everything { maybe, ..message }))
            })*
        }
    };
}

echo!(
    text, raw, small, large, fixed, flag, colour, optional, nested, wrapped, unkeyed
);

fn everything() -> Everything {
    Everything {
        text: "ä".to_owned(),
        raw: b"raw".to_vec(),
        small: -3,
        large: u64::MAX,
        fixed: 7,
        flag: true,
        colour: Colour::Red.into(),
        maybe: Some("maybe".to_owned()),
        inner: Some(Inner {
            id: "outer".to_owned(),
            inner: Some(Box::new(Inner {
                id: "inner".to_owned(),
                inner: None,
            })),
        }),
        wrapped: Some(-64),
        choice: Some(Choice::Name("chosen".to_owned())),
        children: vec![Everything::default()],
        ..Default::default()
    }
}

/// The key of a call of `$method` with a message.
macro_rules! key {
    ($method:ident, $message:expr) => {
        KeysClient::new(Direct::to(KeysServer::new(Echo)))
            .$method($message)
            .await
            .expect("the message comes back")
            .into_inner()
            .maybe
    };
}

#[tokio::test]
async fn every_kind_of_field_is_a_key() {
    assert_eq!(key!(text, everything()).as_deref(), Some("ä"));
    assert_eq!(key!(raw, everything()).as_deref(), Some("raw"));
    assert_eq!(key!(small, everything()).as_deref(), Some("-3"));
    assert_eq!(
        key!(large, everything()).as_deref(),
        Some("18446744073709551615")
    );
    assert_eq!(key!(fixed, everything()).as_deref(), Some("7"));
    assert_eq!(key!(flag, everything()).as_deref(), Some("true"));
    assert_eq!(key!(colour, everything()).as_deref(), Some("1"));
    assert_eq!(key!(optional, everything()).as_deref(), Some("maybe"));
    assert_eq!(key!(nested, everything()).as_deref(), Some("inner"));
    assert_eq!(key!(wrapped, everything()).as_deref(), Some("-64"));
}

#[tokio::test]
async fn what_is_not_set_is_no_key() {
    assert_eq!(key!(optional, Everything::default()), None);
    assert_eq!(key!(wrapped, Everything::default()), None);
    assert_eq!(key!(nested, Everything::default()), None);
    let half = Everything {
        inner: Some(Inner::default()),
        ..Default::default()
    };
    assert_eq!(key!(nested, half), None);
    assert_eq!(key!(unkeyed, everything()), None);
}

#[tokio::test]
async fn what_a_message_holds_comes_back_whole() {
    let reply = KeysClient::new(Direct::to(KeysServer::new(Echo)))
        .optional(everything())
        .await
        .expect("the message comes back");
    assert_eq!(reply.into_inner(), everything());
}
