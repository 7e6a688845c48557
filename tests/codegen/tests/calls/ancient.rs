use kafka_rpc::{Request, Response, Status};
use kafka_rpc_tests_codegen::ancient::scroll::Shelf;
use kafka_rpc_tests_codegen::ancient::*;

use crate::direct::Direct;

/// Answers with the key as the title.
struct Scribe;

fn with_key_as_title(request: Request<Scroll>) -> Response<Scroll> {
    let title = request
        .key()
        .map(|key| String::from_utf8_lossy(key).into_owned());
    Response::new(Scroll {
        title,
        ..request.into_inner()
    })
}

impl Scrolls for Scribe {
    async fn copy(&self, request: Request<Scroll>) -> Result<Response<Scroll>, Status> {
        Ok(with_key_as_title(request))
    }

    async fn burn(&self, request: Request<Scroll>) -> Result<Response<Scroll>, Status> {
        Ok(with_key_as_title(request))
    }
}

#[tokio::test]
async fn proto2_has_required_fields_groups_and_defaults() {
    let scroll = Scroll {
        author: Author {
            name: "sappho".to_owned(),
        },
        title: None,
        length: 3,
        columns: vec![1, 2],
        shelf: Some(Shelf { row: Some(9) }),
    };
    assert_eq!(scroll.title(), "untitled");
    let mut scrolls = ScrollsClient::new(Direct::to(ScrollsServer::new(Scribe)));
    let copied = scrolls
        .copy(scroll.clone())
        .await
        .expect("a copy")
        .into_inner();
    assert_eq!(copied.title(), "sappho", "a key behind a required message");
    assert_eq!((copied.columns, copied.length), (vec![1, 2], 3));
    let burnt = scrolls.burn(scroll).await.expect("ashes").into_inner();
    assert_eq!(burnt.title(), "9", "a key inside of a group");
}
