//! A service with a method of each streaming kind. What it does is fixed; what it saw can be asked.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt as _};
use kafka_rpc::{Request, Response, Status, Streaming};

/// What is asked of [`Relay::count`].
#[derive(Clone, PartialEq, prost::Message)]
pub struct Ask {
    /// So many numbers, from 1.
    #[prost(uint64, tag = "1")]
    pub count: u64,
    /// Bytes beside each number.
    #[prost(uint32, tag = "2")]
    pub padding: u32,
    /// How long to wait before each number.
    #[prost(uint32, tag = "3")]
    pub pause_millis: u32,
    /// The stream ends with this status instead of OK, unless it is 0.
    #[prost(int32, tag = "4")]
    pub status: i32,
    /// How long the handler waits before it answers at all.
    #[prost(uint32, tag = "5")]
    pub delay_millis: u32,
}

/// A number on its way.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Number {
    /// The number.
    #[prost(uint64, tag = "1")]
    pub value: u64,
    /// Ballast.
    #[prost(bytes = "vec", tag = "2")]
    pub padding: Vec<u8>,
    /// The process that sent it.
    #[prost(uint32, tag = "3")]
    pub process: u32,
}

impl Number {
    /// A number without ballast.
    pub fn new(value: u64) -> Self {
        Self {
            value,
            ..Self::default()
        }
    }
}

/// Numbers, streamed.
#[kafka_rpc::service(name = "tests.v1.Relay")]
pub trait Relay {
    /// Sends numbers.
    async fn count(
        &self,
        request: Request<Ask>,
    ) -> Result<Response<impl Stream<Item = Result<Number, Status>> + Send>, Status>;

    /// Sends numbers, and goes on at another server behind the last one that was seen.
    #[rpc(resumable = true)]
    async fn resume(
        &self,
        request: Request<Ask>,
    ) -> Result<Response<impl Stream<Item = Result<Number, Status>> + Send>, Status>;

    /// Adds numbers up.
    async fn sum(&self, request: Request<Streaming<Number>>) -> Result<Response<Number>, Status>;

    /// Sends each number back, twice as large.
    async fn double(
        &self,
        request: Request<Streaming<Number>>,
    ) -> Result<Response<impl Stream<Item = Result<Number, Status>> + Send>, Status>;

    /// Answers at every instance with the number that was asked for; fails where that is 0.
    #[rpc(routing = "ALL")]
    async fn poll(&self, request: Request<Ask>) -> Result<Response<Number>, Status>;

    /// One message each way, and never answers.
    async fn hold(&self, request: Request<Ask>) -> Result<Response<Number>, Status>;

    /// Never reads and never answers.
    async fn ignore(&self, request: Request<Streaming<Number>>)
    -> Result<Response<Number>, Status>;
}

/// What handlers have in common.
#[derive(Debug, Default)]
pub struct Seen {
    /// Handlers and streams that were begun and not dropped.
    pub alive: AtomicUsize,
    /// Handlers that were begun.
    pub begun: AtomicUsize,
    /// Numbers that were sent.
    pub sent: AtomicUsize,
    /// The partitions in which streams of numbers were asked for.
    pub partitions: Mutex<BTreeSet<i32>>,
}

/// The service.
#[derive(Clone, Debug, Default)]
pub struct Numbers(pub Arc<Seen>);

struct Alive(Arc<Seen>);

impl Alive {
    fn new(seen: &Arc<Seen>) -> Self {
        seen.begun.fetch_add(1, Ordering::SeqCst);
        seen.alive.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(seen))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

type Out = Pin<Box<dyn Stream<Item = Result<Number, Status>> + Send>>;

impl Numbers {
    async fn numbers(&self, ask: Ask, after: u64) -> Out {
        let alive = Alive::new(&self.0);
        if ask.delay_millis > 0 {
            tokio::time::sleep(Duration::from_millis(ask.delay_millis.into())).await;
        }
        let last = (ask.status != 0)
            .then(|| Status::new(ask.status.into(), "as asked"))
            .map(Err);
        let padding = vec![b'x'; ask.padding as usize];
        let pause = Duration::from_millis(ask.pause_millis.into());
        let numbers = stream::iter(after + 1..=ask.count).then(move |value| {
            let number = Number {
                value,
                padding: padding.clone(),
                process: std::process::id(),
            };
            alive.0.sent.fetch_add(1, Ordering::SeqCst);
            async move {
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
                Ok(number)
            }
        });
        Box::pin(numbers.chain(stream::iter(last)))
    }
}

fn echo_metadata<T, U>(request: &Request<T>, response: &mut Response<U>) -> Result<(), Status> {
    if let Some(tag) = request.metadata().get("tag") {
        response.metadata_mut().insert("tag", tag.clone())?;
    }
    Ok(())
}

impl Relay for Numbers {
    async fn count(
        &self,
        request: Request<Ask>,
    ) -> Result<Response<impl Stream<Item = Result<Number, Status>> + Send>, Status> {
        if request.get_ref().count == 0 && request.get_ref().status != 0 {
            return Err(Status::new(request.get_ref().status.into(), "at once"));
        }
        if let (Some(origin), Ok(mut partitions)) = (request.origin(), self.0.partitions.lock()) {
            partitions.insert(origin.partition);
        }
        let mut response = Response::new(self.numbers(request.get_ref().clone(), 0).await);
        echo_metadata(&request, &mut response)?;
        let trailers = response.trailers();
        Ok(response.map(|numbers| {
            numbers.inspect(move |number| {
                if let Ok(number) = number {
                    let _a_number = trailers.insert("last", number.value.into());
                }
            })
        }))
    }

    async fn resume(
        &self,
        request: Request<Ask>,
    ) -> Result<Response<impl Stream<Item = Result<Number, Status>> + Send>, Status> {
        let after = request.resume_after().unwrap_or_default();
        Ok(Response::new(
            self.numbers(request.into_inner(), after).await,
        ))
    }

    async fn sum(&self, request: Request<Streaming<Number>>) -> Result<Response<Number>, Status> {
        let _alive = Alive::new(&self.0);
        let mut response = Response::new(Number::default());
        echo_metadata(&request, &mut response)?;
        let mut numbers = request.into_inner();
        while let Some(number) = numbers.message().await? {
            response.get_mut().value += number.value;
        }
        Ok(response)
    }

    async fn double(
        &self,
        request: Request<Streaming<Number>>,
    ) -> Result<Response<impl Stream<Item = Result<Number, Status>> + Send>, Status> {
        let alive = Alive::new(&self.0);
        let mut response = Response::new(());
        echo_metadata(&request, &mut response)?;
        let numbers = request.into_inner().map(move |number| {
            let _alive = &alive;
            let mut number = number?;
            number.value *= 2;
            Ok(number)
        });
        Ok(response.map(|()| numbers))
    }

    async fn poll(&self, request: Request<Ask>) -> Result<Response<Number>, Status> {
        let _alive = Alive::new(&self.0);
        let ask = request.get_ref();
        tokio::time::sleep(Duration::from_millis(ask.delay_millis.into())).await;
        if ask.count == 0 {
            return Err(Status::not_found("nothing was asked for"));
        }
        let mut response = Response::new(Number {
            padding: vec![b'x'; ask.padding as usize],
            ..Number::new(ask.count)
        });
        echo_metadata(&request, &mut response)?;
        Ok(response)
    }

    async fn hold(&self, _: Request<Ask>) -> Result<Response<Number>, Status> {
        let _alive = Alive::new(&self.0);
        std::future::pending().await
    }

    async fn ignore(
        &self,
        request: Request<Streaming<Number>>,
    ) -> Result<Response<Number>, Status> {
        let _alive = Alive::new(&self.0);
        let _unread = request;
        std::future::pending().await
    }
}
