use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use prost::Message;

use super::streaming::Expected;
use super::{Body, Response, Status};

/// What one instance answers to a call that goes to all of them.
#[derive(Debug)]
pub struct Answer<T> {
    instance: Arc<str>,
    outcome: Result<Response<T>, Status>,
}

impl<T> Answer<T> {
    pub(crate) fn new(instance: Arc<str>, outcome: Result<Response<T>, Status>) -> Self {
        Self { instance, outcome }
    }

    /// Which instance it is of: the server's `instance_id`, or a name that it gave itself when it
    /// started. Empty where it says none.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// The instance's reply, or the status with which its handler failed.
    #[allow(clippy::missing_errors_doc)]
    pub fn outcome(&self) -> Result<&Response<T>, &Status> {
        self.outcome.as_ref()
    }

    /// Takes the reply out.
    ///
    /// # Errors
    /// The status with which the instance's handler failed.
    pub fn into_outcome(self) -> Result<Response<T>, Status> {
        self.outcome
    }
}

/// The encoded answers to a call that goes to all instances.
pub(crate) trait RawAnswers: Send {
    /// The next one; `None` once as many as were asked for have come, or the call's time is over.
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Answer<Body>>>;
}

/// The answers to a call that goes to all live instances of a server, each as it comes.
///
/// Nobody knows how many instances there are, so it ends at the call's deadline, or as soon as there
/// are as many answers as the caller wanted: see
/// [`Request::set_answers`](crate::Request::set_answers). To drop it tells the instances that nobody
/// waits any more.
#[must_use = "answers do nothing unless they are read"]
pub struct Answers<T> {
    answers: Pin<Box<dyn RawAnswers>>,
    expected: Expected,
    decoded: PhantomData<fn() -> T>,
}

impl<T> Answers<T> {
    pub(crate) fn new(answers: Pin<Box<dyn RawAnswers>>, expected: Expected) -> Self {
        Self {
            answers,
            expected,
            decoded: PhantomData,
        }
    }
}

impl<T: Message + Default> Answers<T> {
    /// The next answer; `None` once as many as were wanted have come, or the call's time is over.
    pub async fn next(&mut self) -> Option<Answer<T>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<T: Message + Default> Stream for Answers<T> {
    type Item = Answer<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Answer<T>>> {
        let Some(answer) = ready!(self.answers.as_mut().poll_next(cx)) else {
            return Poll::Ready(None);
        };
        let Answer { instance, outcome } = answer;
        let outcome = outcome.and_then(|response| {
            let (metadata, body, extensions) = response.into_parts();
            let message =
                T::decode(body.into_bytes()).map_err(|error| self.expected.error(&error))?;
            Ok(Response::from_parts(metadata, message, extensions))
        });
        Poll::Ready(Some(Answer { instance, outcome }))
    }
}

impl<T> Unpin for Answers<T> {}

impl<T> fmt::Debug for Answers<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").finish_non_exhaustive()
    }
}
