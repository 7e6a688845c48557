use kafka_rpc::{Request, Response, Status};
use kafka_rpc_tests_codegen::documented::*;

use crate::direct::Direct;

struct Shelf;

// Without the attribute this module does not compile: the warnings reach the user.
#[expect(deprecated)]
impl OldDiary for Shelf {
    async fn write(&self, request: Request<Entry>) -> Result<Response<Entry>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

impl MixedDiary for Shelf {
    async fn write(&self, request: Request<Entry>) -> Result<Response<Entry>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn a_deprecated_service_still_works_and_warns() {
    #[expect(deprecated)]
    let mut diary = OldDiaryClient::new(Direct::to(OldDiaryServer::new(Shelf)));
    diary.write(Entry::default()).await.expect("an entry");
}

#[tokio::test]
async fn a_deprecated_method_still_works_and_warns() {
    let mut diary = MixedDiaryClient::new(Direct::to(MixedDiaryServer::new(Shelf)));
    #[expect(deprecated)]
    let written = diary.write(Entry::default()).await;
    written.expect("an entry");
}
