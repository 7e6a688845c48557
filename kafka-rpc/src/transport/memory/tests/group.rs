use crate::transport::Start;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

/// Tells all that it is told. It begins where the last one committed, and has committed what it has
/// read when it leaves.
struct Reading {
    told: Told,
    positions: Vec<(PartitionRef, i64)>,
    orders: Arc<Orders>,
}

#[derive(Default)]
struct Orders {
    leave: AtomicBool,
    pause: AtomicBool,
    resume: AtomicBool,
    commit: AtomicBool,
}

impl Reading {
    fn at(&self, partition: &PartitionRef, metadata: &str) -> Option<CommittedOffset> {
        let (_, next) = self
            .positions
            .iter()
            .find(|(known, _)| known == partition)?;
        Some(CommittedOffset {
            offset: *next,
            metadata: metadata.to_owned(),
        })
    }
}

impl Member for Reading {
    fn assigned(&mut self, partition: &PartitionRef, at: Option<CommittedOffset>) -> Start {
        let from = at.as_ref().map(|at| at.offset);
        self.positions.push((partition.clone(), from.unwrap_or(0)));
        self.told.tell(Event::Assigned(partition.partition, at));
        from.map_or(Start::Beginning, Start::At)
    }
    fn joined(&mut self) {
        self.told.tell(Event::Joined);
    }
    fn revoked(&mut self, _: &[PartitionRef]) {}
    fn drained(&mut self, _: &[PartitionRef]) -> bool {
        true
    }
    fn release(&mut self, partition: &PartitionRef) -> Option<CommittedOffset> {
        self.at(partition, "last")
    }
    fn lost(&mut self, _: &[PartitionRef]) {}
    fn records(&mut self, batch: &mut [Record]) {
        for record in &*batch {
            for (partition, next) in &mut self.positions {
                if partition.partition == record.partition {
                    *next = record.offset + 1;
                }
            }
        }
        self.told.tell_records(batch);
    }
    fn unreadable(&mut self, _: &PartitionRef, _: std::ops::Range<i64>, _: &str) {}

    fn committed(&mut self, seq: u64, outcome: Result<(), TransportError>) {
        let outcome = outcome.map_err(|error| error.failure);
        self.told.tell(Event::Committed(seq, outcome));
    }
    fn tick(&mut self, control: &dyn Control) -> Option<Duration> {
        let ordered = |order: &AtomicBool| order.swap(false, Ordering::Relaxed);
        let partitions: Vec<_> = self.positions.iter().map(|(at, _)| at.clone()).collect();
        if ordered(&self.orders.pause) {
            control.pause(&partitions);
        }
        if ordered(&self.orders.resume) {
            control.resume(&partitions);
        }
        if ordered(&self.orders.commit) {
            let too_long = "x".repeat(4097);
            for (seq, metadata) in ["note", &too_long].into_iter().enumerate() {
                let at = self.at(&partitions[0], metadata).unwrap();
                control
                    .commit(seq as u64, &[(partitions[0].clone(), at)])
                    .unwrap();
            }
        }
        (!self.orders.leave.load(Ordering::Relaxed)).then_some(Duration::from_millis(5))
    }
    fn failed(&mut self, error: TransportError) {
        panic!("{error}");
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.told.tell(Event::Left);
    }
}

fn join(
    transport: &MemoryTransport,
) -> Result<(UnboundedReceiver<Event>, Arc<Orders>), TransportError> {
    let (told, events) = Told::new();
    let orders = Arc::<Orders>::default();
    let reading = Reading {
        told,
        positions: Vec::new(),
        orders: Arc::clone(&orders),
    };
    let config = GroupConfig {
        group: "desk".to_owned(),
        topics: vec![topic()],
        batch: 2,
        instance_id: None,
        properties: Vec::new(),
        transactions: None,
    };
    transport.join(config, Box::new(reading))?;
    Ok((events, orders))
}

/// The next events, but for those of joining a topic of one partition for the first time.
async fn joined(transport: &MemoryTransport) -> (UnboundedReceiver<Event>, Arc<Orders>) {
    let (mut events, orders) = join(transport).unwrap();
    assert_eq!(next(&mut events).await, Event::Assigned(0, None));
    assert_eq!(next(&mut events).await, Event::Joined);
    (events, orders)
}

fn record(offset: i64, value: &'static str) -> Event {
    Event::Record(0, offset, Bytes::from_static(value.as_bytes()))
}

#[tokio::test(start_paused = true)]
async fn a_member_gets_all_partitions_and_what_was_written_before_it_came() {
    let transport = transport(3).await;
    let producer = producer(&transport, Writes::Requests, Told::new().0);
    for partition in 0..3 {
        for value in ["first", "second", "third"] {
            let record = outgoing(Some(partition), None, value);
            producer.send(record, None).unwrap();
        }
    }
    let (mut events, _orders) = join(&transport).unwrap();
    for partition in 0..3 {
        assert_eq!(next(&mut events).await, Event::Assigned(partition, None));
    }
    assert_eq!(next(&mut events).await, Event::Joined);
    let mut read = [const { Vec::new() }; 3];
    for _ in 0..9 {
        match next(&mut events).await {
            Event::Record(partition, offset, _) => read[partition as usize].push(offset),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(read, [[0, 1, 2], [0, 1, 2], [0, 1, 2]]);
}

#[tokio::test(start_paused = true)]
async fn the_next_member_begins_where_the_last_one_left() {
    let transport = transport(1).await;
    let producer = producer(&transport, Writes::Requests, Told::new().0);
    let (mut events, orders) = joined(&transport).await;
    producer
        .send(outgoing(Some(0), None, "first"), None)
        .unwrap();
    assert_eq!(next(&mut events).await, record(0, "first"));
    orders.leave.store(true, Ordering::Relaxed);
    assert_eq!(next(&mut events).await, Event::Left);

    producer
        .send(outgoing(Some(0), None, "second"), None)
        .unwrap();
    let (mut events, _orders) = join(&transport).unwrap();
    let last = CommittedOffset {
        offset: 1,
        metadata: "last".to_owned(),
    };
    assert_eq!(next(&mut events).await, Event::Assigned(0, Some(last)));
    assert_eq!(next(&mut events).await, Event::Joined);
    assert_eq!(next(&mut events).await, record(1, "second"));
}

#[tokio::test(start_paused = true)]
async fn the_outcomes_of_commits_are_told_in_their_order() {
    let transport = transport(1).await;
    let (mut events, orders) = joined(&transport).await;
    orders.commit.store(true, Ordering::Relaxed);
    assert_eq!(next(&mut events).await, Event::Committed(0, Ok(())));
    let too_long = Event::Committed(1, Err(Failure::TooLarge));
    assert_eq!(next(&mut events).await, too_long);
    let partition = partition(0);
    let committed = transport.groups.committed("desk", &partition).unwrap();
    assert_eq!((committed.offset, &*committed.metadata), (0, "note"));
}

#[tokio::test(start_paused = true)]
async fn a_paused_partition_hands_nothing_over_until_it_is_resumed() {
    let transport = transport(1).await;
    let producer = producer(&transport, Writes::Requests, Told::new().0);
    let (mut events, orders) = joined(&transport).await;
    orders.pause.store(true, Ordering::Relaxed);
    // The clock only moves when all tasks wait.
    tokio::time::sleep(LIMIT).await;
    producer
        .send(outgoing(Some(0), None, "held"), None)
        .unwrap();
    tokio::time::sleep(LIMIT).await;
    assert!(events.try_recv().is_err(), "a record was handed over");
    orders.resume.store(true, Ordering::Relaxed);
    assert_eq!(next(&mut events).await, record(0, "held"));
}

#[tokio::test(start_paused = true)]
async fn a_group_has_one_member_at_a_time_and_needs_its_topics() {
    let transport = transport(1).await;
    let (_events, _orders) = join(&transport).unwrap();
    let error = join(&transport).map(drop).unwrap_err();
    assert!(error.message.contains("group desk"), "{error}");

    let error = join(&MemoryTransport::default()).map(drop).unwrap_err();
    assert_eq!(error.failure, Failure::Missing);
    assert!(error.message.contains("orders"), "{error}");
}

#[test]
fn a_group_is_left_when_the_runtime_of_its_member_ends() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().start_paused(true).build().unwrap()
    };
    let first = runtime();
    let transport = first.block_on(transport(1));
    first.block_on(async {
        joined(&transport).await;
    });
    drop(first);
    runtime().block_on(async {
        let (mut events, _orders) = join(&transport).unwrap();
        let last = CommittedOffset {
            offset: 0,
            metadata: "last".to_owned(),
        };
        assert_eq!(next(&mut events).await, Event::Assigned(0, Some(last)));
    });
}
