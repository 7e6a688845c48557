mod groups;
mod records;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::*;
use crate::simulation::Scope;
use crate::transport::{Delivery, Outgoing};
use crate::wire::Headers;

const TOPIC: &str = "t";

/// A broker with a topic, and what has to live as long as it does.
struct Site {
    transport: SimulatedTransport,
    _scope: Scope,
}

impl Site {
    async fn with(seed: u64, partitions: u32, faults: Faults) -> Self {
        let _scope = Scope::enter(seed);
        let transport = SimulatedTransport::start(Chance::new(seed), faults);
        let topic = NewTopic {
            name: TOPIC.into(),
            partitions,
            replication: None,
            config: Vec::new(),
        };
        let topics = [topic];
        let made = transport.create_topics(&topics, Duration::from_secs(1));
        made.await.unwrap();
        Self { transport, _scope }
    }

    /// The values of a partition, in their order.
    async fn values(&self, partition: i32) -> Vec<u8> {
        let limit = Duration::from_secs(60);
        let partition = PartitionRef {
            topic: TOPIC.into(),
            partition,
        };
        let bounds = self.transport.bounds(&partition, limit).await.unwrap();
        let records = self
            .transport
            .read(&partition, bounds, usize::MAX, limit)
            .await;
        let records = records.unwrap();
        records.iter().map(|record| record.value[0]).collect()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.transport.stop();
    }
}

fn record(partition: i32, number: u8) -> Outgoing {
    Outgoing {
        topic: TOPIC.into(),
        partition: Some(partition),
        patient: false,
        key: None,
        value: vec![number].into(),
        headers: Headers::new(),
    }
}

/// The fates of records, by their tokens: whether it was acknowledged, or else is surely unwritten.
#[derive(Clone, Default)]
struct Fates(Arc<Mutex<Vec<Fate>>>);

type Fate = (u128, Result<(), bool>);

impl Fates {
    fn sorted(&self) -> Vec<Fate> {
        let mut fates = self.0.lock().clone();
        fates.sort_unstable_by_key(|(token, _)| *token);
        fates
    }
}

impl Deliveries for Fates {
    fn delivered(&self, batch: &mut Vec<Delivery>) {
        self.0.lock().extend(batch.drain(..).map(|delivery| {
            let outcome = delivery.outcome.map_err(|lost| lost.error.unwritten);
            (delivery.token.unwrap_or_default(), outcome)
        }));
    }
}
