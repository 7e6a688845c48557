//! Records that can't be read.

use std::ops::Range;
use std::sync::Arc;

use super::intake::bury;
use crate::Status;
use crate::server::calls::Queue;
use crate::server::dead_letters::{Letter, LetterTopic};
use crate::server::dispatch::PartitionId;
use crate::server::progress::Arrival;
use crate::transport::{PartitionRef, Record};
use crate::wire::LetterCause;

/// One dead letter says where they are, and they are finished with it.
pub(super) fn step_past(
    dispatch: &mut Queue,
    (id, partition): (PartitionId, &PartitionRef),
    offsets: Range<i64>,
    why: &str,
    letters: Option<LetterTopic>,
) {
    let last = offsets.end - 1;
    let mut unfinished =
        offsets.filter(|offset| dispatch.arrive(id, *offset) == Some(Arrival::Handle));
    let Some(first) = unfinished.next() else {
        return;
    };
    drop(unfinished);
    if last > first && dispatch.arrive(id, last) == Some(Arrival::Handle) {
        dispatch.attach(id, first, vec![last]);
    }
    let Some(topic) = letters else {
        return dispatch.skip(id, first);
    };
    let record = Record {
        topic: Arc::clone(&partition.topic),
        partition: partition.partition,
        offset: first,
        ..Record::default()
    };
    let status = Status::data_loss(why);
    let letter = Letter {
        last_offset: Some(last),
        ..Letter::unhandled(topic, LetterCause::Unreadable, status, record)
    };
    // Given back only where the partition is being given up, and then it is the next owner's.
    drop(dispatch.submit(id, first, bury(letter)));
}
