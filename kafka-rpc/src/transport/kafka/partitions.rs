//! Lists of partitions, to and from the library's form.

use std::ffi::{CStr, CString};
use std::sync::Arc;
use std::time::Duration;

use rdkafka::bindings::{
    rd_kafka_get_watermark_offsets, rd_kafka_position, rd_kafka_topic_partition_list_t,
    rd_kafka_topic_partition_t,
};
use rdkafka::client::{Client, ClientContext};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{IsError, KafkaError, KafkaResult};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};

use super::error::transport_error;
use crate::transport::{CommittedOffset, PartitionRef, TransportError};

/// How long the library may take to go on elsewhere: its own threads only have to take note.
const SEEK_LIMIT: Duration = Duration::from_secs(10);

/// The partitions of a list, in its order.
pub(super) fn partitions(list: &TopicPartitionList) -> Vec<PartitionRef> {
    list.elements()
        .iter()
        .map(|element| PartitionRef {
            topic: Arc::from(element.topic()),
            partition: element.partition(),
        })
        .collect()
}

/// A list of partitions without offsets.
pub(super) fn list(partitions: &[PartitionRef]) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        list.add_partition(&partition.topic, partition.partition);
    }
    Ok(list)
}

/// A list to commit.
pub(super) fn commit_list(
    offsets: &[(PartitionRef, CommittedOffset)],
) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::with_capacity(offsets.len());
    for (partition, committed) in offsets {
        let mut element = list.add_partition(&partition.topic, partition.partition);
        element.set_offset(Offset::Offset(committed.offset))?;
        element.set_metadata(&committed.metadata);
    }
    Ok(list)
}

/// A copy of the partitions of a list of librdkafka's own.
pub(super) fn copy(native: Option<&rd_kafka_topic_partition_list_t>) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for element in elements(native) {
        // SAFETY: the name ends with NUL and lives as long as the list.
        let topic = unsafe { CStr::from_ptr(element.topic) };
        list.add_partition(&topic.to_string_lossy(), element.partition);
    }
    list
}

/// The outcome of a commit, of which the first partition's error is told.
pub(super) fn committed(
    code: RDKafkaRespErr,
    native: Option<&rd_kafka_topic_partition_list_t>,
) -> KafkaResult<()> {
    let codes = elements(native).iter().map(|element| element.err);
    match std::iter::once(code)
        .chain(codes)
        .find(|code| code.is_error())
    {
        Some(code) => Err(KafkaError::ConsumerCommit(code.into())),
        None => Ok(()),
    }
}

/// The first partition's error.
pub(super) fn first_error(list: &TopicPartitionList) -> KafkaResult<()> {
    list.elements()
        .iter()
        .try_for_each(|element| element.error())
}

/// What was committed for the partition at `index`.
pub(super) fn committed_offset(list: &TopicPartitionList, index: usize) -> Option<CommittedOffset> {
    let element = *native(list).get(index)?;
    let offset = (element.offset >= 0).then_some(element.offset)?;
    Some(CommittedOffset {
        offset,
        metadata: metadata(&element),
    })
}

fn native(list: &TopicPartitionList) -> &[rd_kafka_topic_partition_t] {
    // SAFETY: the list is alive, its pointer is never null.
    elements(unsafe { list.ptr().as_ref() })
}

fn elements(list: Option<&rd_kafka_topic_partition_list_t>) -> &[rd_kafka_topic_partition_t] {
    let Some(list) = list.filter(|list| !list.elems.is_null()) else {
        return &[];
    };
    let count = usize::try_from(list.cnt).unwrap_or(0);
    // SAFETY: a list holds `cnt` elements, which live as long as it does.
    unsafe { std::slice::from_raw_parts(list.elems, count) }
}

/// Not through the library's accessor: that panics at metadata that is not UTF-8, which any tool
/// may have committed.
fn metadata(element: &rd_kafka_topic_partition_t) -> String {
    if element.metadata.is_null() {
        return String::new();
    }
    // SAFETY: the pair of pointer and size describes bytes that live as long as the list.
    let bytes =
        unsafe { std::slice::from_raw_parts(element.metadata.cast(), element.metadata_size) };
    // Some versions count the NUL at the end.
    let bytes = CStr::from_bytes_until_nul(bytes).map_or(bytes, CStr::to_bytes);
    String::from_utf8_lossy(bytes).into_owned()
}

/// The offset behind the last record that was taken off a consumer's queue; `None` where there was
/// none. Asks nobody, where `BaseConsumer::position` would wait for a thread of the library.
pub(super) fn last_position<C: ClientContext>(
    client: &Client<C>,
    partition: &PartitionRef,
) -> Option<i64> {
    let mut list = TopicPartitionList::with_capacity(1);
    list.add_partition(&partition.topic, partition.partition);
    // SAFETY: both are alive, and the list is nobody else's.
    let code = unsafe { rd_kafka_position(client.native_ptr(), list.ptr()) };
    let position = native(&list).first()?.offset;
    (code == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR && position >= 0).then_some(position)
}

/// Has a consumer go on at another offset of a partition. What was fetched ahead is dropped, and the
/// position is unknown until a record is read. Blocks.
pub(super) fn seek<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partition: &PartitionRef,
    to: i64,
) -> Result<(), TransportError> {
    let PartitionRef { topic, partition } = partition;
    consumer
        .seek(topic, *partition, Offset::Offset(to), SEEK_LIMIT)
        .map_err(|error| {
            let doing = format!("read {topic} [{partition}] from offset {to} on");
            transport_error(&doing, &error)
        })
}

/// The end of a partition as the last fetch told it; asks nobody.
pub(super) fn cached_end<C: ClientContext>(
    client: &Client<C>,
    partition: &PartitionRef,
) -> Option<i64> {
    let (_, end) = cached_bounds(client, partition)?;
    (end >= 0).then_some(end)
}

/// The earliest offset of a partition, likewise.
pub(super) fn cached_start<C: ClientContext>(
    client: &Client<C>,
    partition: &PartitionRef,
) -> Option<i64> {
    let (start, _) = cached_bounds(client, partition)?;
    (start >= 0).then_some(start)
}

fn cached_bounds<C: ClientContext>(
    client: &Client<C>,
    partition: &PartitionRef,
) -> Option<(i64, i64)> {
    let topic = CString::new(&*partition.topic).ok()?;
    let (mut low, mut high) = (-1, -1);
    // SAFETY: the client is alive, the topic ends with NUL, the out pointers are valid for writes.
    let code = unsafe {
        rd_kafka_get_watermark_offsets(
            client.native_ptr(),
            topic.as_ptr(),
            partition.partition,
            &mut low,
            &mut high,
        )
    };
    (code == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR).then_some((low, high))
}
