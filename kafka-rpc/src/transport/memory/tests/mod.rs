mod group;
mod records;

use bytes::Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use super::*;
use crate::transport::{
    CommittedOffset, Control, Delivery, Failure, Outgoing, PartitionRef, Record,
};
use crate::wire::Headers;

const LIMIT: Duration = Duration::from_secs(20);

#[derive(Debug, PartialEq)]
enum Event {
    /// A record's partition, offset and value.
    Record(i32, i64, Bytes),
    Delivered(Option<u128>, Result<(), Failure>),
    Assigned(i32, Option<CommittedOffset>),
    Joined,
    Committed(u64, Result<(), Failure>),
    Left,
}

#[derive(Clone)]
struct Told(UnboundedSender<Event>);

impl Told {
    fn new() -> (Self, UnboundedReceiver<Event>) {
        let (sender, receiver) = unbounded_channel();
        (Self(sender), receiver)
    }

    fn tell(&self, event: Event) {
        let _gone = self.0.send(event);
    }

    fn tell_records(&self, batch: &mut [Record]) {
        for record in batch {
            let value = std::mem::take(&mut record.value);
            self.tell(Event::Record(record.partition, record.offset, value));
        }
    }
}

impl Deliveries for Told {
    fn delivered(&self, batch: &mut Vec<Delivery>) {
        for Delivery { token, outcome } in batch.drain(..) {
            let outcome = outcome.map_err(|undelivered| undelivered.error.failure);
            self.tell(Event::Delivered(token, outcome));
        }
    }
}

impl Records for Told {
    fn records(&mut self, batch: &mut [Record]) {
        self.tell_records(batch);
    }
}

async fn next(events: &mut UnboundedReceiver<Event>) -> Event {
    timeout(LIMIT, events.recv())
        .await
        .expect("nothing came in time")
        .expect("the sender is gone")
}

fn topic() -> Arc<str> {
    "orders".into()
}

fn partition(partition: i32) -> PartitionRef {
    PartitionRef {
        topic: topic(),
        partition,
    }
}

async fn transport(partitions: u32) -> MemoryTransport {
    let transport = MemoryTransport::default();
    let new = NewTopic {
        name: topic(),
        partitions,
        replication: None,
        config: Vec::new(),
    };
    let created = transport.create_topics(&[new], LIMIT).await.unwrap();
    assert!(matches!(created[..], [CreateOutcome::Created]));
    transport
}

fn outgoing(partition: Option<i32>, key: Option<&'static str>, value: &'static str) -> Outgoing {
    Outgoing {
        topic: topic(),
        partition,
        patient: false,
        key: key.map(Bytes::from),
        value: Bytes::from(value),
        headers: [("name", "value")].into_iter().collect::<Headers>(),
    }
}

fn producer(transport: &MemoryTransport, writes: Writes, told: Told) -> Arc<dyn Producer> {
    transport.producer(writes, &[], Arc::new(told)).unwrap()
}
