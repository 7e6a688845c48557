use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::{Metadata, RawAnswers, Status};

/// An encoded message on its way, or a stream of them.
///
/// This is what a `tower` layer around a client or a server sees in place of the message. A stream
/// goes through as it is: its messages are not there yet.
///
/// ```
/// use kafka_rpc::Body;
///
/// let body = Body::new(vec![8, 42]);
/// assert_eq!(body.len(), 2);
/// assert_eq!(body.as_bytes(), [8, 42]);
/// assert!(!body.is_stream());
/// ```
#[derive(Default)]
pub struct Body {
    content: Content,
}

enum Content {
    Message(Bytes),
    Stream(Pin<Box<dyn Messages>>),
    Answers(Pin<Box<dyn RawAnswers>>),
}

impl Default for Content {
    fn default() -> Self {
        Self::Message(Bytes::new())
    }
}

/// The encoded messages of one direction of a call, one after the other.
pub(crate) trait Messages: Send {
    /// The next message; `None` once all have been, and nothing after an error.
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>)
    -> Poll<Option<Result<Bytes, Status>>>;

    /// What came behind the last message. Empty before that.
    fn trailers(self: Pin<&mut Self>) -> Metadata {
        Metadata::new()
    }
}

impl Body {
    /// Wraps the bytes of an encoded message.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self {
            content: Content::Message(bytes.into()),
        }
    }

    pub(crate) fn stream(messages: impl Messages + 'static) -> Self {
        Self::boxed(Box::pin(messages))
    }

    pub(crate) fn boxed(messages: Pin<Box<dyn Messages>>) -> Self {
        Self {
            content: Content::Stream(messages),
        }
    }

    /// The messages of a stream; a single message as a stream of it.
    pub(crate) fn into_messages(self) -> Pin<Box<dyn Messages>> {
        match self.content {
            Content::Stream(messages) => messages,
            Content::Message(bytes) => Box::pin(Single(Some(bytes))),
            Content::Answers(_) => Box::pin(Single(None)),
        }
    }

    pub(crate) fn answers(answers: impl RawAnswers + 'static) -> Self {
        Self {
            content: Content::Answers(Box::pin(answers)),
        }
    }

    /// The answers of all instances, if it is that.
    pub(crate) fn into_answers(self) -> Option<Pin<Box<dyn RawAnswers>>> {
        match self.content {
            Content::Answers(answers) => Some(answers),
            _ => None,
        }
    }

    /// Whether it is a stream, of messages or of answers, which come one by one.
    pub fn is_stream(&self) -> bool {
        !matches!(self.content, Content::Message(_))
    }

    /// The number of bytes; 0 for a stream.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether there are no bytes, as for a message with all of its fields at their defaults, and
    /// for a stream.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes; none for a stream.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.content {
            Content::Message(bytes) => bytes,
            Content::Stream(_) | Content::Answers(_) => &[],
        }
    }

    /// Takes the bytes out, without a copy; none for a stream.
    pub fn into_bytes(self) -> Bytes {
        match self.content {
            Content::Message(bytes) => bytes,
            Content::Stream(_) | Content::Answers(_) => Bytes::new(),
        }
    }

    /// The same message again, which shares the bytes; `None` for a stream, which is there once.
    pub fn try_clone(&self) -> Option<Self> {
        match &self.content {
            Content::Message(bytes) => Some(Self::new(bytes.clone())),
            Content::Stream(_) | Content::Answers(_) => None,
        }
    }
}

struct Single(Option<Bytes>);

impl Messages for Single {
    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Status>>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}

/// Shows the size only: bodies are large and may be confidential.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.content {
            Content::Message(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Content::Stream(_) | Content::Answers(_) => f.write_str("Body(a stream)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Empty;

    impl Messages for Empty {
        fn poll_next(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Bytes, Status>>> {
            Poll::Ready(None)
        }
    }

    #[test]
    fn the_bytes_go_in_and_out_without_a_copy() {
        let bytes = Bytes::from(vec![1, 2, 3]);
        let address = bytes.as_ptr();
        let body = Body::new(bytes);
        assert_eq!(body.try_clone().unwrap().as_bytes().as_ptr(), address);
        assert_eq!(body.into_bytes().as_ptr(), address);
    }

    #[test]
    fn debug_shows_the_size_and_not_the_content() {
        assert_eq!(format!("{:?}", Body::new("secret")), "Body(6 bytes)");
        assert_eq!(format!("{:?}", Body::stream(Empty)), "Body(a stream)");
    }

    #[test]
    fn a_stream_has_no_bytes_of_its_own_and_is_there_once() {
        let body = Body::stream(Empty);
        assert!(body.is_stream() && body.is_empty());
        assert!(body.try_clone().is_none());
        assert!(body.into_bytes().is_empty());
    }

    #[tokio::test]
    async fn a_message_is_a_stream_of_one() {
        let mut messages = Body::new("one").into_messages();
        let mut next = async || std::future::poll_fn(|cx| messages.as_mut().poll_next(cx)).await;
        assert_eq!(next().await.unwrap().unwrap(), "one");
        assert!(next().await.is_none());
    }
}
