//! The static description of a service, which clients and servers are driven by.

mod method;
mod options;
mod redelivery;
mod service;

pub use method::{Method, MethodDescriptor};
pub use options::{Delivery, Idempotency, Routing, TopicLayout};
pub use redelivery::Redelivery;
pub use service::ServiceDescriptor;
