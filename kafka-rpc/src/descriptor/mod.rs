//! The static description of a service, which clients and servers are driven by.

mod backoff;
mod codes;
mod method;
mod options;
mod redelivery;
mod repeats;
mod service;

pub(crate) use backoff::Backoff;
pub use method::{Method, MethodDescriptor};
pub use options::{Delivery, Idempotency, Routing, TopicLayout};
pub use redelivery::Redelivery;
pub use repeats::{HedgingPolicy, Repeats, RetryPolicy};
pub use service::ServiceDescriptor;
