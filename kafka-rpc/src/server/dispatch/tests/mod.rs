mod attached;
mod cancel;
mod delivery;
mod flow;
mod order;
mod postponed;
mod revoke;

use super::*;
use crate::server::progress::Commit;

const LIMITS: Limits = Limits {
    concurrency: 2,
    queued_calls: 4,
    queued_bytes: 1_000,
};

/// An at-least-once call without a key, whose id and call are its offset.
fn call(offset: i64) -> Submission<i64, i64> {
    Submission {
        key: None,
        id: Some(offset),
        bytes: 1,
        delivery: Delivery::AtLeastOnce,
        call: offset,
    }
}

fn keyed(offset: i64) -> Submission<i64, i64> {
    Submission {
        key: Some(Bytes::from_static(b"key")),
        ..call(offset)
    }
}

fn at_most_once(offset: i64) -> Submission<i64, i64> {
    Submission {
        delivery: Delivery::AtMostOnce,
        ..call(offset)
    }
}

fn with(limits: Limits) -> (Dispatch<i64, i64>, PartitionId) {
    let mut dispatch = Dispatch::new(limits);
    let id = dispatch.assign(Progress::start(0));
    (dispatch, id)
}

impl Dispatch<i64, i64> {
    fn take_on(&mut self, id: PartitionId, calls: impl IntoIterator<Item = Submission<i64, i64>>) {
        for call in calls {
            assert_eq!(self.arrive(id, call.call), Some(Arrival::Handle));
            self.submit(id, call.call, call)
                .expect("the partition is owned");
        }
    }

    fn start_all(&mut self) -> Vec<i64> {
        std::iter::from_fn(|| self.start())
            .map(|(_, offset)| offset)
            .collect()
    }

    fn commit(&mut self) -> Vec<i64> {
        let batch = self.take_commits().expect("something has changed");
        self.committed(batch.seq);
        batch
            .commits
            .into_iter()
            .map(|(_, commit)| commit.offset)
            .collect()
    }
}

fn ticket(partition: PartitionId, offset: i64) -> Ticket {
    Ticket { partition, offset }
}
