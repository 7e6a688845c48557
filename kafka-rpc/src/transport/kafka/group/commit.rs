use std::ptr;

use rdkafka::TopicPartitionList;
use rdkafka::bindings::rd_kafka_commit_queue;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{IsError, KafkaError, KafkaResult};

use crate::transport::kafka::events::Queue;

/// Commits offsets without waiting. The outcome comes as an event in the consumer's queue.
///
/// `Consumer::commit` with `CommitMode::Async` reports nothing: librdkafka answers such a commit
/// only where a callback is set in its configuration, which the binding replaced by events.
pub(super) fn begin<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    queue: &Queue<'_>,
    offsets: &TopicPartitionList,
) -> KafkaResult<()> {
    // SAFETY: client, list and queue are alive; librdkafka copies the list.
    let code = unsafe {
        rd_kafka_commit_queue(
            consumer.client().native_ptr(),
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
