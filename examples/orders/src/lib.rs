//! A shop that takes orders, and a customer.
//!
//! - `cargo run -p orders` runs both in one process, on a broker inside of the process, or with
//!   `KAFKA_BROKERS=host:port` on a real one. `-- --embedded` takes the one inside in any case.
//! - `KAFKA_BROKERS=host:port cargo run -p orders --bin server` is the shop, until ctrl-c.
//! - `KAFKA_BROKERS=host:port cargo run -p orders --bin client` is the customer.

pub mod customer;
pub mod shop;

/// What `kafka-rpc-build` wrote of `proto/shop.proto`.
pub mod proto {
    kafka_rpc::include_proto!("shop.v1");
}

/// Shop and customer share a word, as a stand-in for real credentials.
const TOKEN: &str = "Bearer open-sesame";
