//! A till whose payments are made once, whatever crashes, and a customer who asks for each twice.
//!
//! - `cargo run -p payments` runs both in one process, on a broker and an SQLite database inside of it.
//! - `cargo run -p payments -- --database postgres://user:password@host/bank` has the till keep its books
//!   there, and `KAFKA_BROKERS=host:port` takes a real Kafka.
//! - `KAFKA_BROKERS=host:port cargo run -p payments --bin till -- --database sqlite://till.db?mode=rwc` is
//!   the till alone, until ctrl-c.

pub mod books;
pub mod customer;
pub mod till;

/// What `kafka-rpc-build` wrote of `proto/bank.proto`.
pub mod proto {
    kafka_rpc::include_proto!("bank.v1");
}

/// The value behind an argument of the program, if it is there.
pub fn argument(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1)
}
