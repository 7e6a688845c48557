use std::ptr::{self, NonNull};

use rdkafka::TopicPartitionList;
use rdkafka::bindings::{
    rd_kafka_commit_queue, rd_kafka_queue_destroy, rd_kafka_queue_get_consumer, rd_kafka_queue_t,
};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{IsError, KafkaError, KafkaResult};

/// Commits offsets without waiting, and has the outcome come through the consumer's poll, as
/// [`ConsumerContext::commit_callback`].
///
/// `Consumer::commit` with `CommitMode::Async` reports nothing: librdkafka answers such a commit
/// only where a callback is set in its configuration, which the binding replaced by events.
pub(super) struct Committer<'a, C: ConsumerContext> {
    consumer: &'a BaseConsumer<C>,
    /// The queue that the consumer polls.
    queue: Option<NonNull<rd_kafka_queue_t>>,
}

impl<'a, C: ConsumerContext> Committer<'a, C> {
    pub(super) fn new(consumer: &'a BaseConsumer<C>) -> Self {
        // SAFETY: the client is alive; the reference is given back in `drop`, before the client,
        // which is borrowed, can end.
        let queue = unsafe { rd_kafka_queue_get_consumer(consumer.client().native_ptr()) };
        Self {
            consumer,
            queue: NonNull::new(queue),
        }
    }

    pub(super) fn begin(&self, offsets: &TopicPartitionList) -> KafkaResult<()> {
        let Some(queue) = self.queue else {
            let reason = "the consumer has no queue".to_owned();
            return Err(KafkaError::ClientCreation(reason));
        };
        // SAFETY: client, list and queue are alive; librdkafka copies the list.
        let code = unsafe {
            rd_kafka_commit_queue(
                self.consumer.client().native_ptr(),
                offsets.ptr(),
                queue.as_ptr(),
                None,
                ptr::null_mut(),
            )
        };
        if code.is_error() {
            return Err(KafkaError::ConsumerCommit(code.into()));
        }
        Ok(())
    }
}

impl<C: ConsumerContext> Drop for Committer<'_, C> {
    fn drop(&mut self) {
        if let Some(queue) = self.queue {
            // SAFETY: our own reference, given back once.
            unsafe { rd_kafka_queue_destroy(queue.as_ptr()) };
        }
    }
}
