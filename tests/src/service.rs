//! The services that the suites call. What their handlers do is each test's choice.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use kafka_rpc::{Request, Response, Status};

/// What all requests of the suites are.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Order {
    /// Keys the calls of the methods that have a key.
    #[prost(string, tag = "1")]
    pub account: String,
    /// Tells a test's calls apart.
    #[prost(uint32, tag = "2")]
    pub number: u32,
    /// Anything.
    #[prost(bytes = "vec", tag = "3")]
    pub payload: Vec<u8>,
}

impl Order {
    /// An order with a number, of no account.
    pub fn number(number: u32) -> Self {
        Self {
            number,
            ..Self::default()
        }
    }

    /// The `number`th order of an account.
    pub fn of(account: &str, number: u32) -> Self {
        Self {
            account: account.to_owned(),
            ..Self::number(number)
        }
    }

    /// An order of about so many bytes.
    pub fn large(bytes: usize) -> Self {
        Self {
            payload: vec![b'x'; bytes],
            ..Self::default()
        }
    }
}

/// What all replies of the suites are.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Receipt {
    /// The order's number.
    #[prost(uint32, tag = "1")]
    pub number: u32,
    /// Anything.
    #[prost(bytes = "vec", tag = "2")]
    pub payload: Vec<u8>,
}

/// A service with a topic for each method, and a method of each kind.
#[kafka_rpc::service(name = "tests.v1.Desk")]
pub trait Desk {
    /// Has no key, so its calls run in no order.
    #[rpc(idempotency = "NO_SIDE_EFFECTS")]
    async fn ask(&self, request: Request<Order>) -> Result<Response<Receipt>, Status>;

    /// The calls of one account run in order.
    #[rpc(key = "account")]
    async fn place(&self, request: Request<Order>) -> Result<Response<Receipt>, Status>;

    /// Has no key, and runs at most once.
    #[rpc(delivery = "AT_MOST_ONCE")]
    async fn pay(&self, request: Request<Order>) -> Result<Response<Receipt>, Status>;
}

/// A service with one topic for all methods.
#[kafka_rpc::service(name = "tests.v1.Ledger", topics = "PER_SERVICE")]
pub trait Ledger {
    /// The calls of one account run in order, whichever method.
    #[rpc(key = "account")]
    async fn deposit(&self, request: Request<Order>) -> Result<Response<Receipt>, Status>;

    /// As [`deposit`](Ledger::deposit).
    #[rpc(key = "account")]
    async fn withdraw(&self, request: Request<Order>) -> Result<Response<Receipt>, Status>;
}

/// A service whose calls take effect once.
#[kafka_rpc::service(name = "tests.v1.Bank")]
pub trait Bank {
    /// Has no key.
    #[rpc(deduplicated = true)]
    async fn pay(&self, request: Request<Order>) -> Result<Response<Receipt>, Status>;

    /// The calls of one account run in order.
    #[rpc(key = "account", deduplicated = true)]
    async fn transfer(&self, request: Request<Order>) -> Result<Response<Receipt>, Status>;
}

type Handling = Pin<Box<dyn Future<Output = Result<Response<Receipt>, Status>> + Send>>;

/// A [`Desk`], a [`Ledger`] and a [`Bank`] whose methods all do what a closure says.
/// [`Request::method`] tells them apart.
#[derive(Clone)]
pub struct Scripted(Arc<dyn Fn(Request<Order>) -> Handling + Send + Sync>);

impl Scripted {
    /// Handles each call with `script`.
    pub fn new<F, Handled>(script: F) -> Self
    where
        F: Fn(Request<Order>) -> Handled + Send + Sync + 'static,
        Handled: Future<Output = Result<Response<Receipt>, Status>> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(script(request))))
    }

    /// Answers with the order's number and payload, at once.
    pub fn echo() -> Self {
        Self::new(|request| async { Ok(receipt(request.into_inner())) })
    }
}

/// The answer to an order that says what the order said.
pub fn receipt(order: Order) -> Response<Receipt> {
    Response::new(Receipt {
        number: order.number,
        payload: order.payload,
    })
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted").finish_non_exhaustive()
    }
}

impl Desk for Scripted {
    async fn ask(&self, request: Request<Order>) -> Result<Response<Receipt>, Status> {
        (self.0)(request).await
    }

    async fn place(&self, request: Request<Order>) -> Result<Response<Receipt>, Status> {
        (self.0)(request).await
    }

    async fn pay(&self, request: Request<Order>) -> Result<Response<Receipt>, Status> {
        (self.0)(request).await
    }
}

impl Ledger for Scripted {
    async fn deposit(&self, request: Request<Order>) -> Result<Response<Receipt>, Status> {
        (self.0)(request).await
    }

    async fn withdraw(&self, request: Request<Order>) -> Result<Response<Receipt>, Status> {
        (self.0)(request).await
    }
}

impl Bank for Scripted {
    async fn pay(&self, request: Request<Order>) -> Result<Response<Receipt>, Status> {
        (self.0)(request).await
    }

    async fn transfer(&self, request: Request<Order>) -> Result<Response<Receipt>, Status> {
        (self.0)(request).await
    }
}
