use std::collections::BTreeMap;
use std::ops::Range;

use super::*;
use crate::simulation::Process;
use crate::transport::{CommittedOffset, Control, Start};

const FAULTS: Faults = Faults {
    usual_delay: 10,
    session_timeout: Duration::from_secs(3),
    ..Faults::NONE
};

/// What a member has, and has read.
#[derive(Default)]
struct Seen {
    /// Where each partition that it has began.
    assigned: BTreeMap<i32, i64>,
    read: Vec<(i32, i64)>,
    lost: usize,
    committed: Vec<bool>,
}

/// Commits what it reads, and is drained at once.
struct Reading {
    seen: Arc<Mutex<Seen>>,
    done: BTreeMap<i32, i64>,
    dirty: bool,
    over: Arc<Mutex<bool>>,
}

fn at(offset: i64) -> CommittedOffset {
    CommittedOffset {
        offset,
        metadata: String::new(),
    }
}

impl Member for Reading {
    fn assigned(&mut self, partition: &PartitionRef, committed: Option<CommittedOffset>) -> Start {
        let from = committed.map_or(0, |committed| committed.offset);
        let mut seen = self.seen.lock();
        seen.assigned.insert(partition.partition, from);
        self.done.insert(partition.partition, from);
        Start::At(from)
    }

    fn joined(&mut self) {}

    fn revoked(&mut self, _: &[PartitionRef]) {}

    fn drained(&mut self, _: &[PartitionRef]) -> bool {
        true
    }

    fn release(&mut self, partition: &PartitionRef) -> Option<CommittedOffset> {
        self.seen.lock().assigned.remove(&partition.partition);
        self.done.remove(&partition.partition).map(at)
    }

    fn lost(&mut self, partitions: &[PartitionRef]) {
        for partition in partitions {
            self.release(partition);
        }
        self.seen.lock().lost += 1;
    }

    fn records(&mut self, batch: &mut [Record]) {
        for record in batch {
            let place = (record.partition, record.offset);
            self.seen.lock().read.push(place);
            self.done.insert(record.partition, record.offset + 1);
            self.dirty = true;
        }
    }

    fn unreadable(&mut self, _: &PartitionRef, _: Range<i64>, _: &str) {}

    fn committed(&mut self, _: u64, outcome: Result<(), TransportError>) {
        self.seen.lock().committed.push(outcome.is_ok());
    }

    fn tick(&mut self, control: &dyn Control) -> Option<Duration> {
        if std::mem::take(&mut self.dirty) {
            let offsets: Vec<_> = self
                .done
                .iter()
                .map(|(partition, offset)| (of(*partition), at(*offset)))
                .collect();
            control.commit(0, &offsets).unwrap();
        }
        (!*self.over.lock()).then_some(Duration::from_millis(100))
    }

    fn failed(&mut self, error: TransportError) {
        panic!("{error}");
    }
}

fn of(partition: i32) -> PartitionRef {
    PartitionRef {
        topic: TOPIC.into(),
        partition,
    }
}

struct Node {
    process: Process,
    seen: Arc<Mutex<Seen>>,
    over: Arc<Mutex<bool>>,
}

impl Node {
    fn join(site: &Site) -> Self {
        let node = Self {
            process: Process::new(),
            seen: Arc::default(),
            over: Arc::default(),
        };
        let member = Reading {
            seen: Arc::clone(&node.seen),
            done: BTreeMap::new(),
            dirty: false,
            over: Arc::clone(&node.over),
        };
        let config = GroupConfig {
            group: "g".to_owned(),
            topics: vec![TOPIC.into()],
            batch: 16,
            instance_id: None,
            properties: Vec::new(),
            transactions: None,
        };
        node.process
            .within(|| site.transport.join(config, Box::new(member)))
            .unwrap();
        node
    }

    fn has(&self) -> Vec<i32> {
        self.seen.lock().assigned.keys().copied().collect()
    }
}

async fn seconds(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// Both have two of the four partitions, and no partition is with both.
fn share(one: &Node, other: &Node) {
    let mut all = [one.has(), other.has()].concat();
    all.sort_unstable();
    assert_eq!((all, one.has().len()), (vec![0, 1, 2, 3], 2));
}

fn write(site: &Site, numbers: Range<u8>) {
    let fates = Arc::new(Fates::default());
    let producer = site.transport.producer(Writes::Requests, &[], fates);
    let producer = producer.unwrap();
    for number in numbers {
        let sent = producer.send(record(i32::from(number % 4), number), None);
        sent.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn members_share_the_partitions_and_take_over_where_the_others_were() {
    let site = Site::with(5, 4, FAULTS).await;
    let first = Node::join(&site);
    write(&site, 0..40);
    seconds(2).await;
    assert_eq!(first.has(), [0, 1, 2, 3]);
    assert_eq!(first.seen.lock().read.len(), 40);
    let second = Node::join(&site);
    seconds(2).await;
    share(&first, &second);
    assert!(second.seen.lock().assigned.values().all(|from| *from == 10));
    write(&site, 40..80);
    seconds(2).await;
    *first.over.lock() = true;
    seconds(1).await;
    assert_eq!(second.has(), [0, 1, 2, 3]);
    assert_eq!(site.transport.open().members, 1);
    let mut read = [
        first.seen.lock().read.clone(),
        second.seen.lock().read.clone(),
    ]
    .concat();
    read.sort_unstable();
    read.dedup();
    assert_eq!(read.len(), 80);
}

#[tokio::test(start_paused = true)]
async fn a_member_that_is_killed_is_missed_after_its_session() {
    let site = Site::with(6, 4, FAULTS).await;
    let (first, second) = (Node::join(&site), Node::join(&site));
    seconds(2).await;
    share(&first, &second);
    first.process.kill();
    seconds(1).await;
    assert_eq!(second.has().len(), 2, "nobody can know yet");
    seconds(4).await;
    assert_eq!(second.has(), [0, 1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_member_that_stood_still_is_told_that_it_is_none_and_comes_back() {
    let site = Site::with(7, 4, FAULTS).await;
    let (first, second) = (Node::join(&site), Node::join(&site));
    seconds(2).await;
    first.process.pause();
    seconds(5).await;
    assert_eq!(second.has(), [0, 1, 2, 3]);
    assert_eq!(first.has().len(), 2, "it can't know yet");
    write(&site, 0..40);
    seconds(1).await;
    first.process.resume();
    seconds(3).await;
    assert_eq!(first.seen.lock().lost, 1);
    share(&first, &second);
    let outcomes = first.seen.lock().committed.clone();
    assert!(outcomes.iter().all(|made| !made), "{outcomes:?}");
    write(&site, 40..80);
    seconds(2).await;
    assert_eq!(first.seen.lock().committed.last(), Some(&true));
}

#[tokio::test(start_paused = true)]
async fn partitions_move_when_they_are_given_out_anew() {
    let site = Site::with(8, 4, FAULTS).await;
    let (first, second) = (Node::join(&site), Node::join(&site));
    seconds(2).await;
    let before = first.has();
    for _ in 0..10 {
        site.transport.rebalance();
        seconds(2).await;
        share(&first, &second);
        if first.has() != before {
            return;
        }
    }
    panic!("they never move");
}
