use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{Deadline, Extensions, IdempotencyKey, Metadata, Origin, Outbox, Recorder, Status};
use crate::descriptor::Method;

/// A request's message and what goes with it.
///
/// A caller sets metadata, a timeout and, rarely, a key; a handler also reads the
/// [deadline](Self::deadline), the [method](Self::method) and the [record](Self::origin) that the
/// request came in.
///
/// ```
/// use std::time::Duration;
/// use kafka_rpc::Request;
///
/// let mut request = Request::new("hello");
/// request.metadata_mut().insert("authorization", "Bearer 1234".parse()?)?;
/// request.set_timeout(Duration::from_secs(2));
/// assert_eq!(request.into_inner(), "hello");
/// # Ok::<(), kafka_rpc::InvalidMetadata>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Request<T> {
    // Boxed: a request is moved from hand to hand a dozen times, and futures hold it in several states.
    parts: Box<RequestParts>,
    message: T,
}

/// All of a [`Request`] but its message.
///
/// What the fields don't show (the method, the deadline, the record's origin) goes along from
/// [`Request::into_parts`] to [`Request::from_parts`].
#[derive(Debug, Clone, Default)]
pub struct RequestParts {
    /// The caller's metadata.
    pub metadata: Metadata,
    /// Values of this process that travel along, unsent.
    pub extensions: Extensions,
    /// How long the call may take; see [`Request::set_timeout`].
    pub timeout: Option<Duration>,
    /// The key of the request's record; see [`Request::set_key`].
    pub key: Option<Bytes>,
    /// What tells that two calls are the same; see [`Request::set_idempotency_key`].
    pub idempotency_key: Option<IdempotencyKey>,
    pub(crate) method: Option<Method>,
    pub(crate) deadline: Option<Deadline>,
    pub(crate) resume_after: Option<u64>,
    pub(crate) wanted: Wanted,
    /// How often it was handled before.
    pub(crate) repeats: u32,
    pub(crate) origin: Option<Origin>,
    /// Of a call that is deduplicated by the server.
    pub(crate) recorder: Option<Arc<dyn Recorder>>,
}

/// What a caller wants of its call, besides what is usual for its method.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Nothing.
    #[default]
    Usual,
    /// So many answers, of a call that goes to all instances.
    Answers(usize),
    /// Only that Kafka keeps the request; the reply is waited for later.
    Receipt,
}

impl<T> Request<T> {
    /// A request without metadata, with the default timeout and key.
    pub fn new(message: T) -> Self {
        Self::from_parts(RequestParts::default(), message)
    }

    /// Puts a request together.
    pub fn from_parts(parts: RequestParts, message: T) -> Self {
        Self::join(Box::new(parts), message)
    }

    /// Takes a request apart.
    pub fn into_parts(self) -> (RequestParts, T) {
        (*self.parts, self.message)
    }

    /// As [`from_parts`](Self::from_parts), without moving them.
    pub(crate) fn join(parts: Box<RequestParts>, message: T) -> Self {
        Self { parts, message }
    }

    /// As [`into_parts`](Self::into_parts), without moving them.
    pub(crate) fn split(self) -> (Box<RequestParts>, T) {
        (self.parts, self.message)
    }

    /// The message.
    pub fn get_ref(&self) -> &T {
        &self.message
    }

    /// The message, to change it in place.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.message
    }

    /// Takes the message out and drops the rest.
    pub fn into_inner(self) -> T {
        self.message
    }

    /// Turns the message into another and keeps the rest.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Request<U> {
        Request::join(self.parts, f(self.message))
    }

    /// The metadata that the caller sends along.
    pub fn metadata(&self) -> &Metadata {
        &self.parts.metadata
    }

    /// The metadata, to change it.
    pub fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.parts.metadata
    }

    /// Values of this process that travel along, unsent.
    pub fn extensions(&self) -> &Extensions {
        &self.parts.extensions
    }

    /// The extensions, to change them.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.parts.extensions
    }

    /// Sets how long the call may take, all of it: from here to the reply in the caller's hands.
    ///
    /// Without it the channel's default counts. A call made inside a handler gets no more time than
    /// the handler's own call has left.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.parts.timeout = Some(timeout);
    }

    /// The timeout that the caller set.
    pub fn timeout(&self) -> Option<Duration> {
        self.parts.timeout
    }

    /// Sets the key of the request's record in place of the method's key field.
    ///
    /// Requests with one key go to one partition and are handled in order, one at a time.
    pub fn set_key(&mut self, key: impl Into<Bytes>) {
        self.parts.key = Some(key.into());
    }

    /// The key of the request's record.
    pub fn key(&self) -> Option<&[u8]> {
        self.parts.key.as_deref()
    }

    /// Sets what tells that two calls are the same: calls of a deduplicated method that have one key
    /// take effect once. Without it, the client gives each call of such a method a random one, which
    /// all attempts at it share.
    ///
    /// The handler of any method finds it in [`idempotency_key`](Self::idempotency_key).
    pub fn set_idempotency_key(&mut self, key: IdempotencyKey) {
        self.parts.idempotency_key = Some(key);
    }

    /// What tells that two calls are the same, where the caller or its client has said so.
    pub fn idempotency_key(&self) -> Option<&IdempotencyKey> {
        self.parts.idempotency_key.as_ref()
    }

    /// When the call has to be over. A handler's request has one; a caller's has none before it is
    /// sent.
    pub fn deadline(&self) -> Option<Deadline> {
        self.parts.deadline
    }

    /// For a call that goes to all instances: ends it as soon as so many have answered, be it well or
    /// not. Without it, the call takes all of its time.
    pub fn set_answers(&mut self, count: usize) {
        self.parts.wanted = Wanted::Answers(count);
    }

    /// For a handler of a resumable method: how many messages of its stream the caller has seen.
    /// The handler sends those that come after them. `None` where the stream begins.
    pub fn resume_after(&self) -> Option<u64> {
        self.parts.resume_after
    }

    /// For a handler: which attempt this is, from 1 on. It is more than 1 where the method has a
    /// [`Redelivery`](crate::Redelivery) policy and the attempts before failed, at this
    /// server: one that takes over from another begins anew.
    pub fn attempt(&self) -> u32 {
        self.parts.repeats.saturating_add(1)
    }

    /// The record that a handler's request came in; a caller's request has none.
    pub fn origin(&self) -> Option<&Origin> {
        self.parts.origin.as_ref()
    }

    /// For a handler: where it puts records that are to be written if and only if its call is finished;
    /// see [`Outbox`].
    ///
    /// # Errors
    /// `FAILED_PRECONDITION` where the server writes no
    /// [transactions](crate::ServerBuilder::transactions), or not for methods of this kind.
    pub fn outbox(&self) -> Result<Outbox, Status> {
        let outbox = self.extensions().get::<Outbox>();
        outbox.cloned().ok_or_else(|| {
            Status::failed_precondition(
                "there is no outbox: the server is not set to write transactions \
                 (`ServerBuilder::transactions`), or the method is a stream, AT_MOST_ONCE, \
                 deduplicated, or goes to all instances",
            )
        })
    }

    /// The method that is called. Layers, interceptors and handlers see it; a request that was not
    /// sent yet has none.
    pub fn method(&self) -> Option<Method> {
        self.parts.method
    }

    pub(crate) fn parts_mut(&mut self) -> &mut RequestParts {
        &mut self.parts
    }
}

/// What a client's methods take: a message, or a [`Request`] around it.
///
/// ```
/// use kafka_rpc::{IntoRequest, Request};
///
/// fn send(request: impl IntoRequest<String>) -> Request<String> {
///     request.into_request()
/// }
/// send(String::from("hello"));
/// send(Request::new(String::from("hello")));
/// ```
pub trait IntoRequest<T> {
    /// Wraps the message, where it isn't a request yet.
    fn into_request(self) -> Request<T>;
}

impl<T> IntoRequest<T> for T {
    fn into_request(self) -> Request<T> {
        Request::new(self)
    }
}

impl<T> IntoRequest<T> for Request<T> {
    fn into_request(self) -> Request<T> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapping_the_message_keeps_all_else() {
        let mut request = Request::new(20);
        request
            .metadata_mut()
            .insert("tenant", "a".parse().unwrap())
            .unwrap();
        request.extensions_mut().insert("kept");
        request.set_timeout(Duration::from_secs(1));
        request.set_key("k");
        let same = IdempotencyKey::random();
        request.set_idempotency_key(same.clone());
        let deadline = Deadline::after(Duration::from_secs(1));
        request.parts_mut().deadline = Some(deadline);

        let mapped = request.map(|number| number + 1);
        assert_eq!(mapped.metadata().get("tenant").unwrap(), "a");
        assert_eq!(mapped.extensions().get(), Some(&"kept"));
        assert_eq!(mapped.timeout(), Some(Duration::from_secs(1)));
        assert_eq!(mapped.key(), Some(&b"k"[..]));
        assert_eq!(mapped.idempotency_key(), Some(&same));
        assert_eq!(mapped.deadline(), Some(deadline));
        assert_eq!(mapped.into_inner(), 21);
    }

    #[test]
    fn a_request_passes_through_into_request_unchanged() {
        let mut request = Request::new(1);
        request.set_key(vec![9]);
        assert_eq!(
            IntoRequest::<i32>::into_request(request).key(),
            Some(&[9][..])
        );
    }

    #[test]
    fn a_new_request_says_nothing_of_the_call() {
        let request = Request::new(());
        assert!(request.metadata().is_empty() && request.extensions().is_empty());
        assert!(
            request.timeout().is_none() && request.key().is_none() && request.deadline().is_none()
        );
        assert!(request.origin().is_none() && request.method().is_none());
        assert!(request.idempotency_key().is_none());
    }
}
