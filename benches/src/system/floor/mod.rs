//! The least that a call over Kafka can cost: rdkafka, a map of pending calls, and nothing else. No deadlines, no retries, no
//! order by key, no offsets but rdkafka's own commit every five seconds.
//!
//! It has two topics for each method, `<prefix><method>.requests` and that with `.replies` behind it, of whose partitions the one
//! client reads the first.

mod client;
mod headers;
mod properties;
mod server;

use rdkafka::ClientContext;

use super::System;
use crate::setup::Setup;

/// Also the system `contract`: the same with the headers that kafka-rpc's records have.
pub(crate) struct Floor;

impl System for Floor {
    type Caller = client::FloorCaller;

    async fn serve(
        setup: &Setup,
        ready: impl FnOnce(&str),
        stop: impl Future<Output = ()> + Send,
    ) -> anyhow::Result<()> {
        let server = server::start(setup).await?;
        ready("kafka");
        stop.await;
        server.end().await
    }

    async fn connect(setup: &Setup, _: &[String]) -> anyhow::Result<client::FloorCaller> {
        client::connect(setup)
    }
}

/// The floor's topics and their partitions, which [`crate::kafka`] creates before a run.
pub(crate) fn topics(setup: &Setup) -> Vec<(String, u32)> {
    let requests = requests(setup).map(|topic| (topic, setup.kafka.partitions));
    requests
        .chain(replies(setup).map(|topic| (topic, 1)))
        .collect()
}

fn requests(setup: &Setup) -> impl Iterator<Item = String> {
    (0..setup.methods).map(|method| format!("{}{method}.requests", setup.kafka.prefix))
}

/// The topic's name tells the method, which the reply goes to.
fn reply_to(request: &str) -> String {
    format!("{request}.replies")
}

fn replies(setup: &Setup) -> impl Iterator<Item = String> {
    requests(setup).map(|topic| reply_to(&topic))
}

/// The only partition that replies go to.
const REPLY_PARTITION: i32 = 0;

/// librdkafka's own lines are of no interest here; what matters comes back from its calls.
struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, _: rdkafka::config::RDKafkaLogLevel, _: &str, _: &str) {}
    fn error(&self, _: rdkafka::error::KafkaError, _: &str) {}
}
