//! The service that is called.

use std::time::Duration;

use kafka_rpc::{Redelivery, Request, Response, Status};
use kafka_rpc_checker::What;

use crate::stage::Teller;

const QUICK: Redelivery = Redelivery::new()
    .attempts(3)
    .initial_backoff(Duration::from_millis(50));

/// What all requests are.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Order {
    /// Tells all calls apart.
    #[prost(string, tag = "1")]
    pub(crate) call: String,
    /// The key, where the method has one.
    #[prost(string, tag = "2")]
    pub(crate) account: String,
    /// Of its caller's orders with the account, which one this is.
    #[prost(uint64, tag = "3")]
    pub(crate) number: u64,
    /// How many milliseconds its handler works.
    #[prost(uint64, tag = "4")]
    pub(crate) work: u64,
    /// How often its handler fails, in a way that passes.
    #[prost(uint32, tag = "5")]
    pub(crate) fails: u32,
    /// Its handler refuses it.
    #[prost(bool, tag = "6")]
    pub(crate) refused: bool,
}

/// What all replies are.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Done {
    /// The order's.
    #[prost(string, tag = "1")]
    pub(crate) call: String,
}

#[kafka_rpc::service(name = "simulation.v1.Bank")]
pub(crate) trait Bank {
    /// One at a time of an account, in order.
    #[rpc(key = "account")]
    async fn pay(&self, request: Request<Order>) -> Result<Response<Done>, Status>;

    /// In no order.
    #[rpc(idempotency = "NO_SIDE_EFFECTS")]
    async fn quote(&self, request: Request<Order>) -> Result<Response<Done>, Status>;

    /// Never twice.
    #[rpc(delivery = "AT_MOST_ONCE")]
    async fn charge(&self, request: Request<Order>) -> Result<Response<Done>, Status>;

    /// With one effect, however often it is called.
    #[rpc(deduplicated = true)]
    async fn transfer(&self, request: Request<Order>) -> Result<Response<Done>, Status>;

    /// One at a time of an account, in order, and again where it fails.
    #[rpc(key = "account", redelivery = QUICK)]
    async fn audit(&self, request: Request<Order>) -> Result<Response<Done>, Status>;
}

/// Tells of each call that it is handled.
pub(crate) struct Counter {
    pub(crate) teller: Teller,
}

impl Bank for Counter {
    async fn pay(&self, request: Request<Order>) -> Result<Response<Done>, Status> {
        self.handle(request).await
    }

    async fn quote(&self, request: Request<Order>) -> Result<Response<Done>, Status> {
        self.handle(request).await
    }

    async fn charge(&self, request: Request<Order>) -> Result<Response<Done>, Status> {
        self.handle(request).await
    }

    async fn transfer(&self, request: Request<Order>) -> Result<Response<Done>, Status> {
        self.handle(request).await
    }

    async fn audit(&self, request: Request<Order>) -> Result<Response<Done>, Status> {
        self.handle(request).await
    }
}

impl Counter {
    async fn handle(&self, request: Request<Order>) -> Result<Response<Done>, Status> {
        let origin = request.origin();
        let origin = origin.map(|o| (o.topic.to_string(), o.partition, o.offset));
        let attempt = request.attempt();
        let order = request.into_inner();
        let run = Run::begin(&self.teller, &order, origin.unwrap_or_default());
        if order.work > 0 {
            tokio::time::sleep(Duration::from_millis(order.work)).await;
        }
        if order.refused {
            return Err(Status::invalid_argument("refused"));
        }
        if attempt <= order.fails {
            return Err(Status::unavailable("not yet"));
        }
        run.finish();
        Ok(Response::new(Done { call: order.call }))
    }
}

/// A handler that runs. One that is dropped before it has finished has failed.
struct Run<'a> {
    teller: &'a Teller,
    call: String,
    finished: bool,
}

impl<'a> Run<'a> {
    fn begin(teller: &'a Teller, order: &Order, origin: (String, i32, i64)) -> Self {
        let call = order.call.clone();
        teller.tell(What::Started {
            call: call.clone(),
            order: order.place(),
            origin,
        });
        let finished = false;
        Self {
            teller,
            call,
            finished,
        }
    }

    fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        let call = std::mem::take(&mut self.call);
        self.teller.tell(match self.finished {
            true => What::Finished { call },
            false => What::Failed { call },
        });
    }
}

impl Order {
    /// Its account, and which of its orders it is.
    pub(crate) fn place(&self) -> Option<(String, u64)> {
        (!self.account.is_empty()).then(|| (self.account.clone(), self.number))
    }
}
