use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use prost::Message;

use super::body::Messages;
use super::{Body, Metadata, Status};

/// The messages that the other side of a call sends, one after the other.
///
/// A handler finds it in its `Request`, a caller in its `Response`. It is a [`Stream`], so that the
/// combinators of `futures` and `tokio-stream` work on it; [`message`](Self::message) does without.
///
/// The other side sends no more than what this side has room for: one that is not read holds a
/// bounded number of messages, and its sender waits. To drop it before its end cancels the call, for
/// a caller; for a handler it leaves the sender waiting, until the handler ends the call.
///
/// ```
/// use kafka_rpc::{Request, Response, Status, Streaming};
///
/// async fn sum(request: Request<Streaming<u64>>) -> Result<Response<u64>, Status> {
///     let mut numbers = request.into_inner();
///     let mut sum = 0;
///     while let Some(number) = numbers.message().await? {
///         sum += number;
///     }
///     Ok(Response::new(sum))
/// }
/// ```
#[must_use = "a stream does nothing unless it is read"]
pub struct Streaming<T> {
    messages: Pin<Box<dyn Messages>>,
    state: State,
    trailers: Option<Metadata>,
    /// What a message is, for errors.
    expected: Expected,
    decoded: PhantomData<fn() -> T>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// All messages have been, and the trailers are there.
    Ended,
    /// An error has been told.
    Failed,
}

/// What a message of a stream should be, for the error where it is not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    /// `request` or `reply`.
    pub(crate) direction: Direction,
    /// The message's name.
    pub(crate) message: &'static str,
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Request,
    Reply,
}

impl Expected {
    pub(super) fn error(self, error: &prost::DecodeError) -> Status {
        let message = self.message;
        match self.direction {
            Direction::Request => Status::invalid_argument(format!(
                "a message of the request is not a valid {message}: {error}"
            )),
            Direction::Reply => Status::internal(format!(
                "a message of the reply is not a valid {message}: {error}"
            )),
        }
    }
}

impl<T> Streaming<T> {
    pub(crate) fn new(body: Body, expected: Expected) -> Self {
        Self {
            messages: body.into_messages(),
            state: State::Open,
            trailers: None,
            expected,
            decoded: PhantomData,
        }
    }

    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Status>>> {
        if self.state != State::Open {
            return Poll::Ready(None);
        }
        let next = ready!(self.messages.as_mut().poll_next(cx));
        match &next {
            Some(Ok(_)) => {}
            Some(Err(_)) => self.state = State::Failed,
            None => {
                self.state = State::Ended;
                self.trailers = Some(self.messages.as_mut().trailers());
            }
        }
        Poll::Ready(next)
    }
}

impl<T: Message + Default> Streaming<T> {
    /// The next message; `None` once the other side has sent all of them.
    ///
    /// # Errors
    /// The status with which the other side ended the stream, or why it could not go on:
    /// `UNAVAILABLE` where the other side is gone, `DATA_LOSS` where a message is missing,
    /// `DEADLINE_EXCEEDED`, or that a message is not valid. Nothing comes after an error.
    pub async fn message(&mut self) -> Result<Option<T>, Status> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .transpose()
    }

    /// The metadata that came behind the last message; messages that have not been read by now are
    /// dropped. `None` where it was taken before.
    ///
    /// # Errors
    /// Those of [`message`](Self::message).
    pub async fn trailers(&mut self) -> Result<Option<Metadata>, Status> {
        while std::future::poll_fn(|cx| self.poll_bytes(cx))
            .await
            .transpose()?
            .is_some()
        {}
        Ok(self.trailers.take())
    }
}

impl<T: Message + Default> Stream for Streaming<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(self.poll_bytes(cx));
        let decoded = next.map(|bytes| T::decode(bytes?).map_err(|e| self.expected.error(&e)));
        if let Some(Err(_)) = &decoded {
            self.state = State::Failed;
        }
        Poll::Ready(decoded)
    }
}

impl<T> Unpin for Streaming<T> {}

impl<T> fmt::Debug for Streaming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::call::Code;

    struct Script(VecDeque<Result<Bytes, Status>>);

    impl Messages for Script {
        fn poll_next(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Bytes, Status>>> {
            Poll::Ready(self.0.pop_front())
        }

        fn trailers(self: Pin<&mut Self>) -> Metadata {
            let mut trailers = Metadata::new();
            trailers.insert("left", "0".parse().unwrap()).unwrap();
            trailers
        }
    }

    fn streaming(direction: Direction, script: Vec<Result<Bytes, Status>>) -> Streaming<String> {
        let expected = Expected {
            direction,
            message: "demo.Word",
        };
        Streaming::new(Body::stream(Script(script.into())), expected)
    }

    fn word(text: &str) -> Result<Bytes, Status> {
        Ok(text.to_owned().encode_to_vec().into())
    }

    #[tokio::test]
    async fn messages_come_decoded_and_then_the_trailers_once() {
        let mut words = streaming(Direction::Reply, vec![word("a"), word("b")]);
        assert_eq!(words.message().await.unwrap().unwrap(), "a");
        assert_eq!(words.message().await.unwrap().unwrap(), "b");
        assert_eq!(words.message().await.unwrap(), None);
        let trailers = words.trailers().await.unwrap().unwrap();
        assert_eq!(trailers.get("left").unwrap(), "0");
        assert!(words.trailers().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn who_asks_for_the_trailers_drops_the_messages() {
        let mut words = streaming(Direction::Reply, vec![word("a"), word("b")]);
        assert!(words.trailers().await.unwrap().is_some());
        assert_eq!(words.message().await.unwrap(), None);
    }

    #[tokio::test]
    async fn nothing_comes_after_an_error() {
        let script = vec![word("a"), Err(Status::data_loss("torn")), word("b")];
        let mut words = streaming(Direction::Reply, script);
        assert!(words.message().await.unwrap().is_some());
        assert_eq!(words.message().await.unwrap_err().code(), Code::DataLoss);
        assert_eq!(words.message().await.unwrap(), None);
        assert!(words.trailers().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn what_is_not_the_message_is_told_with_its_name_and_ends_the_stream() {
        let broken = || vec![Ok(Bytes::from_static(b"\xff")), word("b")];
        let mut requests = streaming(Direction::Request, broken());
        let status = requests.message().await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().contains("demo.Word"), "{status}");
        assert_eq!(requests.message().await.unwrap(), None);

        let status = streaming(Direction::Reply, broken()).message().await;
        assert_eq!(status.unwrap_err().code(), Code::Internal);
    }
}
