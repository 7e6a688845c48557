use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use prost::Message;
use tower_service::Service;

use super::builder::ChannelBuilder;
use super::call::Call;
use super::caller::Caller;
use crate::call::{Body, CallHandle, Request, Response, Status};
use crate::descriptor::ServiceDescriptor;
use crate::{Cluster, Error};

/// A client's connection to a cluster, through which any number of services is called.
///
/// Cheap to clone, and used from many tasks. It is a [`tower_service::Service`], so `tower` layers
/// wrap it.
///
/// A call ends with exactly one outcome, by its deadline. Dropping its future cancels the call.
#[derive(Clone)]
pub struct Channel {
    caller: Arc<Caller>,
}

impl Channel {
    /// Connects with the defaults of [`Channel::builder`].
    ///
    /// # Errors
    /// Those of [`ChannelBuilder::connect`].
    pub async fn connect(cluster: &Cluster) -> Result<Self, Error> {
        Self::builder().connect(cluster).await
    }

    /// A channel with other settings than the defaults.
    pub fn builder() -> ChannelBuilder {
        ChannelBuilder::default()
    }

    pub(super) fn new(caller: Caller) -> Self {
        Self {
            caller: Arc::new(caller),
        }
    }

    /// How many calls and streams have no end yet.
    #[cfg(feature = "__simulated")]
    pub(crate) fn pending(&self) -> usize {
        self.caller.pending()
    }

    /// Makes sure that a service can be called: its topics are there, or are created where that is
    /// allowed, and its replies can be read. Otherwise that is done when a method is first called.
    ///
    /// # Errors
    /// [`Error::Topics`] lists every topic that is missing or that we have no right to.
    pub async fn prepare(&self, service: &'static ServiceDescriptor) -> Result<(), Error> {
        self.caller.prepare(service).await
    }

    /// Waits for the reply of a call that was left with Kafka, by
    /// [`enqueue`](crate::codegen::UnaryCall::enqueue), from whatever channel that was: until the
    /// call's deadline, or for ten seconds where that is less. It may be waited for again, as long
    /// as the reply topic keeps it ([`TopicSettings::reply_retention`]).
    ///
    /// # Errors
    /// The status that the call ended with, and besides: `DEADLINE_EXCEEDED` where no reply came, or
    /// it is kept no more; `FAILED_PRECONDITION` where this channel waits for it already;
    /// `INTERNAL` where the reply is no `Res`; `UNAVAILABLE` and `PERMISSION_DENIED` where its
    /// topic can't be read.
    ///
    /// [`TopicSettings::reply_retention`]: crate::TopicSettings::reply_retention
    pub async fn reply<Res: Message + Default>(
        &self,
        handle: &CallHandle<Res>,
    ) -> Result<Response<Res>, Status> {
        let response = self.caller.late().reply(handle.receipt()).await?;
        let (metadata, body, extensions) = response.into_parts();
        let message = Res::decode(body.into_bytes()).map_err(|error| {
            Status::internal(format!(
                "the reply of {} is not the message of the handle: {error}",
                handle.method()
            ))
        })?;
        Ok(Response::from_parts(metadata, message, extensions))
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").finish_non_exhaustive()
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = CallFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> CallFuture {
        CallFuture(Call::new(Arc::clone(&self.caller), request))
    }
}

/// A call on its way; dropping it cancels the call.
#[must_use = "futures do nothing unless polled"]
pub struct CallFuture(Call);

impl Future for CallFuture {
    type Output = Result<Response<Body>, Status>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl fmt::Debug for CallFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallFuture").finish_non_exhaustive()
    }
}
