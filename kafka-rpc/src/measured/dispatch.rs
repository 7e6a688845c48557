use std::hint::black_box;

use bytes::Bytes;

use super::{Ids, UNDER_WAY};
use crate::server::{Dispatch, Limits, Progress, Submission};
use crate::wire::CorrelationId;
use crate::{BoxError, Delivery};

/// Takes calls without a key through the dispatch, from the record's arrival to the reply's
/// acknowledgement.
pub fn unkeyed_calls(times: u64) -> Result<(), BoxError> {
    calls(times, &[])
}

/// The same for calls with keys, eight of each at a time, of which the first runs.
pub fn keyed_calls(times: u64) -> Result<(), BoxError> {
    let keys: Vec<Bytes> = (0..UNDER_WAY / 8)
        .map(|key| format!("customer-{key}").into())
        .collect();
    calls(times, &keys)
}

fn calls(times: u64, keys: &[Bytes]) -> Result<(), BoxError> {
    let mut dispatch: Dispatch<u64, CorrelationId> = Dispatch::new(Limits {
        concurrency: 1024,
        queued_calls: 1024,
        queued_bytes: 1024 * 1024,
    });
    let partition = dispatch.assign(Progress::start(0));
    let mut ids = Ids::new();
    let ids: Vec<CorrelationId> = (0..UNDER_WAY).map(|_| ids.next_correlation_id()).collect();
    let mut records = (0..).zip(0..times);
    let mut started = Vec::new();
    loop {
        let batch = records.by_ref().take(UNDER_WAY as usize);
        let mut arrived = 0;
        for ((offset, call), id) in batch.zip(&ids) {
            dispatch.arrive(partition, offset);
            let submission = Submission {
                key: keys.get(call as usize % keys.len().max(1)).cloned(),
                id: Some(*id),
                bytes: 128,
                delivery: Delivery::AtLeastOnce,
                call,
            };
            dispatch
                .submit(partition, offset, submission)
                .map_err(|_| "the partition is not owned")?;
            arrived += 1;
        }
        if arrived == 0 {
            return Ok(());
        }
        while arrived > 0 {
            while let Some((ticket, call)) = dispatch.start() {
                black_box(call);
                started.push(ticket);
            }
            if started.is_empty() {
                return Err("calls wait, and none may start".into());
            }
            arrived -= started.len();
            for ticket in &started {
                dispatch.finished(*ticket);
            }
            for ticket in started.drain(..) {
                dispatch.settled(ticket);
            }
        }
        black_box(dispatch.flow());
    }
}
