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

    fn pause(&self, paused: &[PartitionRef]) -> Result<(), TransportError> {
        list(paused)
            .and_then(|list| self.consumer.pause(&list))
            .map_err(|error| transport_error("pause partitions", &error))
    }

    fn resume(&self, resumed: &[PartitionRef]) -> Result<(), TransportError> {
        list(resumed)
            .and_then(|list| self.consumer.resume(&list))
            .map_err(|error| transport_error("resume partitions", &error))
    }

    fn end(&self, partition: &PartitionRef) -> Option<i64> {
        cached_end(self.consumer.client(), partition)
    }
}
