//! Leaves so many calls of the suites' service with Kafka, prints their handles, and waits to be killed:
//! `leaves-calls BOOTSTRAP PREFIX CALLS`.

use std::env;
use std::error::Error;

use kafka_rpc::{Channel, Cluster};
use kafka_rpc_tests::service::{DeskClient, Order};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the handles go to whoever started it")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut next = || {
        arguments
            .next()
            .ok_or("usage: leaves-calls BOOTSTRAP PREFIX CALLS")
    };
    let cluster = Cluster::new(next()?).topic_prefix(next()?);
    let calls = next()?.parse()?;
    let mut desk = DeskClient::new(Channel::connect(&cluster).await?);
    for number in 0..calls {
        println!("{}", desk.ask(Order::number(number)).enqueue().await?);
    }
    std::future::pending().await
}
