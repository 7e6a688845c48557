use futures_util::Stream;

use super::Request;

/// What a client's method takes where it sends a stream: the stream of messages, or a [`Request`]
/// around it.
///
/// The messages are read as the server has room for them, after the method was called; hence the
/// stream holds what it needs (`'static`).
///
/// ```
/// use std::time::Duration;
///
/// use futures_util::stream;
/// use kafka_rpc::{IntoStreamingRequest, Request};
///
/// fn send(request: impl IntoStreamingRequest<Message = u64>) -> Option<Duration> {
///     request.into_streaming_request().timeout()
/// }
///
/// assert_eq!(send(stream::iter([1, 2, 3])), None);
///
/// let mut request = Request::new(stream::iter([1, 2, 3]));
/// request.set_timeout(Duration::from_secs(60));
/// assert_eq!(send(request), Some(Duration::from_secs(60)));
/// ```
pub trait IntoStreamingRequest {
    /// The stream of messages.
    type Stream: Stream<Item = Self::Message> + Send + 'static;

    /// One message.
    type Message;

    /// Wraps the stream, where it isn't a request yet.
    fn into_streaming_request(self) -> Request<Self::Stream>;
}

impl<S: Stream + Send + 'static> IntoStreamingRequest for S {
    type Stream = S;
    type Message = S::Item;

    fn into_streaming_request(self) -> Request<S> {
        Request::new(self)
    }
}

impl<S: Stream + Send + 'static> IntoStreamingRequest for Request<S> {
    type Stream = S;
    type Message = S::Item;

    fn into_streaming_request(self) -> Self {
        self
    }
}
