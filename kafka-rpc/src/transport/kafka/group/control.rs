use parking_lot::Mutex;
use rdkafka::consumer::{BaseConsumer, Consumer};

use super::commit;
use super::context::GroupContext;
use crate::transport::kafka::error::transport_error;
use crate::transport::kafka::events::Queue;
use crate::transport::kafka::partitions::{cached_end, commit_list, list};
use crate::transport::{CommittedOffset, Control, PartitionRef, TransportError};

/// What a member may ask for, on the group's consumer.
pub(super) struct GroupControl<'a> {
    consumer: &'a BaseConsumer<GroupContext>,
    context: &'a GroupContext,
    queue: &'a Queue<'a>,
    changes: Mutex<Changes>,
}

/// Partitions to be paused and resumed, which waits for the library's threads.
#[derive(Default)]
pub(super) struct Changes {
    resume: Vec<PartitionRef>,
    pause: Vec<PartitionRef>,
}

impl<'a> GroupControl<'a> {
    pub(super) fn new(
        consumer: &'a BaseConsumer<GroupContext>,
        context: &'a GroupContext,
        queue: &'a Queue<'a>,
    ) -> Self {
        Self {
            consumer,
            context,
            queue,
            changes: Mutex::default(),
        }
    }

    /// What was asked for since this was last called.
    pub(super) fn changes(&self) -> Option<Changes> {
        let changes = std::mem::take(&mut *self.changes.lock());
        let any = !changes.resume.is_empty() || !changes.pause.is_empty();
        any.then_some(changes)
    }
}

impl Changes {
    pub(super) fn resumed(&self) -> &[PartitionRef] {
        &self.resume
    }

    pub(super) fn paused(&self) -> &[PartitionRef] {
        &self.pause
    }

    pub(super) fn apply(&self, consumer: &BaseConsumer<GroupContext>) {
        // Partitions that have just come may have to be paused at once, so that comes last.
        let outcome = list(&self.resume)
            .and_then(|list| consumer.resume(&list))
            .and_then(|()| list(&self.pause))
            .and_then(|list| consumer.pause(&list));
        if let Err(error) = outcome {
            tracing::warn!(%error, "regulating the flow of requests");
        }
    }
}

impl Control for GroupControl<'_> {
    fn commit(
        &self,
        seq: u64,
        offsets: &[(PartitionRef, CommittedOffset)],
    ) -> Result<(), TransportError> {
        commit_list(offsets)
            .and_then(|list| commit::begin(self.consumer, self.queue, &list))
            .map_err(|error| transport_error("commit offsets", &error))?;
        self.context.commits.lock().push_back(seq);
        Ok(())
    }

    fn pause(&self, paused: &[PartitionRef]) {
        self.changes.lock().pause.extend_from_slice(paused);
    }

    fn resume(&self, resumed: &[PartitionRef]) {
        self.changes.lock().resume.extend_from_slice(resumed);
    }

    fn end(&self, partition: &PartitionRef) -> Option<i64> {
        cached_end(self.consumer.client(), partition)
    }
}
