//! The service that is called.

use kafka_rpc::{Request, Response, Status};

/// What all requests are.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Payment {
    /// Tells all calls of a scenario apart.
    #[prost(string, tag = "1")]
    pub(crate) call: String,
    /// Keys the calls of `pay`.
    #[prost(string, tag = "2")]
    pub(crate) account: String,
    /// Of the payments of the account that its caller makes, which one this is.
    #[prost(uint64, tag = "3")]
    pub(crate) number: u64,
}

/// What all replies are.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Paid {
    /// The payment's.
    #[prost(string, tag = "1")]
    pub(crate) call: String,
}

#[kafka_rpc::service(name = "faults.v1.Till")]
pub(crate) trait Till {
    /// One at a time of an account, in order.
    #[rpc(key = "account")]
    async fn pay(&self, request: Request<Payment>) -> Result<Response<Paid>, Status>;

    /// Once, however often it is called with one idempotency key.
    #[rpc(deduplicated = true)]
    async fn settle(&self, request: Request<Payment>) -> Result<Response<Paid>, Status>;

    /// In no order.
    #[rpc(idempotency = "NO_SIDE_EFFECTS")]
    async fn quote(&self, request: Request<Payment>) -> Result<Response<Paid>, Status>;
}
