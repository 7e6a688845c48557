use rdkafka::consumer::{BaseConsumer, Consumer};

use super::context::GroupContext;
use crate::transport::kafka::partitions::{cached_end, cached_start, last_position, seek};
use crate::transport::kafka::stall::{Found, Place};

/// Where the partitions are that are ours. Asks nobody.
pub(super) fn places(consumer: &BaseConsumer<GroupContext>) -> Vec<Place> {
    let client = consumer.client();
    let places = consumer.context().starts().into_iter();
    places
        .filter_map(|(partition, start)| {
            Some(Place {
                position: last_position(client, &partition)
                    .or(start)
                    .or_else(|| cached_start(client, &partition))?,
                end: cached_end(client, &partition)?,
                partition,
            })
        })
        .collect()
}

/// Has the consumer read on: behind what can't be read, or from where it is.
pub(super) fn step_past(consumer: &BaseConsumer<GroupContext>, found: &Found) {
    let Place {
        partition,
        position,
        ..
    } = &found.place;
    // It may have been given up, or may have gone on, while it was looked at.
    let mut places = places(consumer).into_iter();
    if !places.any(|place| (&place.partition, place.position) == (partition, *position)) {
        return;
    }
    let next = match &found.unreadable {
        Some((offsets, why)) => {
            let mut member = consumer.context().member.lock();
            member.unreadable(partition, offsets.clone(), why);
            offsets.end
        }
        None => *position,
    };
    match seek(consumer, partition, next) {
        // Until a record is read there the library knows of no position.
        Ok(()) => consumer.context().begun(partition, next),
        Err(error) => {
            tracing::warn!(%error, ?partition, next, "a partition that does not go on can't be moved");
        }
    }
}
