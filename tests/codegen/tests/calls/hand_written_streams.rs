//! Methods of each kind in one trait, whose streams are of different makes.

use std::pin::Pin;

use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use kafka_rpc::{Code, Request, Response, Status, Streaming};

use crate::direct::Direct;

#[kafka_rpc::service(name = "words.v1.Words")]
trait Words {
    async fn count(&self, request: Request<Streaming<String>>) -> Result<Response<u64>, Status>;

    #[rpc(key = "self", resumable = true)]
    async fn list(
        &self,
        request: Request<String>,
    ) -> Result<Response<impl Stream<Item = Result<String, Status>> + Send>, Status>;

    async fn repeat(
        &self,
        request: Request<Streaming<String>>,
    ) -> Result<Response<impl Stream<Item = Result<String, Status>> + Send>, Status>;

    async fn boxed(
        &self,
        request: Request<u64>,
    ) -> Result<Response<impl futures_util::Stream<Item = Result<u64, Status>>>, Status>;

    /// Answers what it is, unless implemented otherwise.
    async fn fallback(
        &self,
        request: Request<u64>,
    ) -> Result<Response<impl Stream<Item = Result<u64, Status>> + Send>, Status> {
        let last = request.into_inner();
        if last == 0 {
            return Err(Status::invalid_argument("nothing to count"));
        }
        Ok(Response::new(stream::iter((1..=last).map(Ok))))
    }
}

struct Book {
    words: Vec<String>,
}

impl Words for Book {
    async fn count(&self, request: Request<Streaming<String>>) -> Result<Response<u64>, Status> {
        let mut words = request.into_inner();
        let mut known = 0;
        while let Some(word) = words.message().await? {
            known += u64::from(self.words.contains(&word));
        }
        Ok(Response::new(known))
    }

    /// Its stream borrows from the service.
    async fn list(
        &self,
        request: Request<String>,
    ) -> Result<Response<impl Stream<Item = Result<String, Status>> + Send>, Status> {
        let start = request.into_inner();
        let seen = self
            .words
            .iter()
            .filter(move |word| word.starts_with(&start));
        let mut response = Response::new(stream::iter(seen).then(async |word| {
            tokio::task::yield_now().await;
            match word.as_str() {
                "avast" => Err(Status::data_loss("a torn page")),
                word => Ok(word.to_owned()),
            }
        }));
        response
            .metadata_mut()
            .insert("words", self.words.len().into())?;
        Ok(response)
    }

    async fn repeat(
        &self,
        request: Request<Streaming<String>>,
    ) -> Result<Response<impl Stream<Item = Result<String, Status>> + Send>, Status> {
        let again = request.into_inner().map_ok(|word| format!("{word} {word}"));
        Ok(Response::new(again))
    }

    async fn boxed(
        &self,
        request: Request<u64>,
    ) -> Result<Response<impl Stream<Item = Result<u64, Status>> + Send>, Status> {
        type Boxed = Pin<Box<dyn Stream<Item = Result<u64, Status>> + Send>>;
        let up: Boxed = match request.into_inner() {
            0 => Box::pin(stream::empty()),
            last => Box::pin(stream::iter((1..=last).map(Ok))),
        };
        Ok(Response::new(up))
    }
}

fn client() -> WordsClient<Direct<WordsServer<Book>>> {
    let words = ["able", "avid", "bold", "avast", "away"];
    let words = words.map(str::to_owned).to_vec();
    WordsClient::new(Direct::to(WordsServer::new(Book { words })))
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

#[tokio::test]
async fn a_stream_of_requests_has_one_reply() {
    let sent = stream::iter(words(&["bold", "cold", "able"]));
    assert_eq!(client().count(sent).await.expect("a count").into_inner(), 2);
}

#[tokio::test]
async fn a_stream_of_replies_may_borrow_from_the_service_and_outlives_the_client() {
    let response = client().list("b".to_owned()).await.expect("a stream");
    assert_eq!(response.metadata().get("words").expect("there"), "5");
    let listed: Vec<String> = response.into_inner().try_collect().await.expect("words");
    assert_eq!(listed, ["bold"]);
}

#[tokio::test]
async fn a_stream_of_replies_ends_with_its_first_error() {
    let response = client().list("a".to_owned()).await.expect("a stream");
    let mut listed = response.into_inner();
    for word in ["able", "avid"] {
        assert_eq!(listed.message().await.expect("a word").expect("one"), word);
    }
    let status = listed.message().await.expect_err("the page");
    assert_eq!(
        (status.code(), status.message()),
        (Code::DataLoss, "a torn page")
    );
    assert_eq!(listed.message().await.expect("the end"), None);
}

#[tokio::test]
async fn both_sides_may_send_a_stream() {
    let request = Request::new(stream::iter(words(&["hip", "hop"])));
    let response = client().repeat(request).await.expect("a stream");
    let replies: Vec<String> = response.into_inner().try_collect().await.expect("words");
    assert_eq!(replies, ["hip hip", "hop hop"]);
}

#[tokio::test]
async fn a_box_may_be_behind_the_stream() {
    for last in [0, 3] {
        let response = client().boxed(last).await.expect("a stream");
        let up: Vec<u64> = response.into_inner().try_collect().await.expect("numbers");
        assert_eq!(up, (1..=last).collect::<Vec<u64>>());
    }
}

#[tokio::test]
async fn a_method_with_a_stream_may_have_a_body_to_fall_back_on() {
    let response = client().fallback(2).await.expect("a stream");
    let up: Vec<u64> = response.into_inner().try_collect().await.expect("numbers");
    assert_eq!(up, [1, 2]);
    let status = client().fallback(0).await.expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn calls_and_their_streams_move_between_threads() {
    let call = tokio::spawn(async {
        let response = client().list("b".to_owned()).await?;
        tokio::spawn(response.into_inner().try_collect::<Vec<String>>())
            .await
            .map_err(|error| Status::internal(error.to_string()))?
    });
    assert_eq!(call.await.expect("no panic").expect("words"), ["bold"]);
}

#[test]
fn the_description_says_what_streams() {
    let kinds = <WordsClient>::DESCRIPTOR.methods.iter().map(|method| {
        let streams = (method.client_streaming, method.server_streaming);
        (method.name, streams, method.resumable)
    });
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        [
            ("Count", (true, false), false),
            ("List", (false, true), true),
            ("Repeat", (true, true), false),
            ("Boxed", (false, true), false),
            ("Fallback", (false, true), false),
        ]
    );
}
