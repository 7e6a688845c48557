use futures_util::{Stream, TryStreamExt as _, stream};
use kafka_rpc::{Request, Response, Status, Streaming};
use kafka_rpc_tests_codegen::streams::{self, Line, Room};

use crate::direct::Direct;

struct House {
    lines: Vec<Line>,
}

fn line(text: &str) -> Line {
    let text = text.to_owned();
    Line { text }
}

impl streams::Rooms for House {
    async fn open(&self, request: Request<Room>) -> Result<Response<Room>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn post(&self, request: Request<Streaming<Line>>) -> Result<Response<u64>, Status> {
        let lines: Vec<Line> = request.into_inner().try_collect().await?;
        Ok(Response::new(lines.len() as u64))
    }

    async fn follow(
        &self,
        request: Request<Room>,
    ) -> Result<Response<impl Stream<Item = Result<Line, Status>> + Send>, Status> {
        assert_eq!(request.key(), Some(&b"hall"[..]));
        Ok(Response::new(stream::iter(
            self.lines.iter().cloned().map(Ok),
        )))
    }

    async fn talk(
        &self,
        request: Request<Streaming<Line>>,
    ) -> Result<Response<impl Stream<Item = Result<Line, Status>> + Send>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn ring(
        &self,
        request: Request<Streaming<()>>,
    ) -> Result<Response<impl Stream<Item = Result<String, Status>> + Send>, Status> {
        let rings = request.into_inner().map_ok(|()| "ring".to_owned());
        Ok(Response::new(rings))
    }
}

fn client() -> streams::RoomsClient<Direct<streams::RoomsServer<House>>> {
    let lines = vec![line("hello"), line("bye")];
    streams::RoomsClient::new(Direct::to(streams::RoomsServer::new(House { lines })))
}

#[tokio::test]
async fn a_proto_has_methods_of_each_kind() {
    let said = [line("a"), line("b")];
    let hall = Room {
        name: "hall".to_owned(),
    };
    let opened = client().open(hall.clone()).await.expect("a reply");
    assert_eq!(opened.into_inner(), hall);

    let posted = client().post(stream::iter(said.clone())).await;
    assert_eq!(posted.expect("a reply").into_inner(), 2);

    let followed = client().follow(hall).await.expect("a stream").into_inner();
    let followed: Vec<Line> = followed.try_collect().await.expect("lines");
    assert_eq!(followed, [line("hello"), line("bye")]);

    let heard = client().talk(stream::iter(said.clone())).await;
    let heard = heard.expect("a stream").into_inner();
    assert_eq!(heard.try_collect::<Vec<Line>>().await.expect("lines"), said);

    let rings = client().ring(stream::iter([()])).await;
    let rings = rings.expect("a stream").into_inner();
    let rings: Vec<String> = rings.try_collect().await.expect("rings");
    assert_eq!(rings, ["ring"]);
}

#[test]
fn the_description_has_what_the_proto_says_of_streams() {
    let kinds = <streams::RoomsClient>::DESCRIPTOR.methods.iter();
    let kinds = kinds.map(|method| {
        let streams = (method.client_streaming, method.server_streaming);
        (method.name, streams, method.resumable)
    });
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        [
            ("Open", (false, false), false),
            ("Post", (true, false), false),
            ("Follow", (false, true), true),
            ("Talk", (true, true), false),
            ("Ring", (true, true), false),
        ]
    );
}

struct Map;

impl streams::Rivers for Map {
    async fn find(
        &self,
        request: Request<streams::Stream>,
    ) -> Result<Response<streams::Streaming>, Status> {
        let mouth = request.into_inner().source;
        Ok(Response::new(streams::Streaming { mouth }))
    }

    async fn join(
        &self,
        request: Request<Streaming<streams::Streaming>>,
    ) -> Result<Response<impl Stream<Item = Result<streams::Stream, Status>> + Send>, Status> {
        let sources = request.into_inner().map_ok(|streaming| streams::Stream {
            source: streaming.mouth,
        });
        Ok(Response::new(sources))
    }
}

#[tokio::test]
async fn messages_may_be_named_like_streams() {
    let mut rivers = streams::RiversClient::new(Direct::to(streams::RiversServer::new(Map)));
    let source = "alps".to_owned();
    let found = rivers.find(streams::Stream { source }).await;
    let found = found.expect("a reply").into_inner();
    assert_eq!(found.mouth, "alps");
    let joined = rivers.join(stream::iter([found])).await;
    let joined = joined.expect("a stream").into_inner().message().await;
    assert_eq!(joined.expect("a message").expect("one").source, "alps");
}
