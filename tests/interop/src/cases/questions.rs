use anyhow::Context as _;
use futures_util::stream::{self, Stream};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::payload;
use crate::proto::{
    Payload, ResponseParameters, StreamingOutputCallRequest, StreamingOutputCallResponse,
};
use kafka_rpc::Streaming;

/// What is sent, and the size of the answer to it.
pub(super) const PING_PONG: [(usize, i32); 4] =
    [(27182, 31415), (8, 9), (1828, 2653), (45904, 58979)];

/// Sends the requests of a stream one by one; the stream is half-closed when this is dropped.
pub(super) struct Questions(Sender<StreamingOutputCallRequest>);

pub(super) fn questions() -> (
    Questions,
    impl Stream<Item = StreamingOutputCallRequest> + Send + 'static,
) {
    let (sender, receiver) = channel(1);
    let next = async |mut receiver: Receiver<_>| Some((receiver.recv().await?, receiver));
    (Questions(sender), stream::unfold(receiver, next))
}

impl Questions {
    /// Sends a request, and checks that it is answered with one payload of the size.
    pub(super) async fn ask(
        &self,
        (size, answer): (usize, i32),
        answers: &mut Streaming<StreamingOutputCallResponse>,
    ) -> anyhow::Result<()> {
        self.send(question(size, [(answer, 0)])).await?;
        let response = answers.message().await?.context("the stream has ended")?;
        payload::check(response.payload, answer.try_into()?)
    }

    pub(super) async fn send(&self, request: StreamingOutputCallRequest) -> anyhow::Result<()> {
        let sent = self.0.send(request).await;
        sent.context("the requests of the stream are not read any more")
    }
}

/// A request with a payload, for payloads: the size of each, and the microseconds before it.
pub(super) fn question(
    size: usize,
    answers: impl IntoIterator<Item = (i32, i32)>,
) -> StreamingOutputCallRequest {
    let answers = answers.into_iter();
    StreamingOutputCallRequest {
        response_parameters: answers
            .map(|(size, interval_us)| ResponseParameters { size, interval_us })
            .collect(),
        payload: Some(Payload::zeros(size)),
        response_status: None,
    }
}
