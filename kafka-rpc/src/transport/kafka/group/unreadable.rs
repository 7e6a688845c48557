use std::time::Duration;

use rdkafka::Offset;
use rdkafka::consumer::{BaseConsumer, Consumer};

use super::context::GroupContext;
use crate::transport::kafka::partitions::{cached_end, cached_start, partitions};
use crate::transport::kafka::stall::{Found, Place};

/// How long the library may take to go to another offset.
const SEEK_LIMIT: Duration = Duration::from_secs(5);

/// Where the partitions are that are ours. Asks nobody.
pub(super) fn places(consumer: &BaseConsumer<GroupContext>) -> Option<Vec<Place>> {
    let positions = consumer.position().ok()?;
    let offsets = positions
        .elements()
        .into_iter()
        .map(|element| element.offset());
    let partitions = partitions(&positions).into_iter().zip(offsets);
    let places = partitions.filter_map(|(partition, offset)| {
        let position = match offset {
            Offset::Offset(position) => position,
            // Nothing has been read yet.
            _ => consumer
                .context()
                .start(&partition)
                .or_else(|| cached_start(consumer.client(), &partition))?,
        };
        let end = cached_end(consumer.client(), &partition)?;
        Some(Place {
            partition,
            position,
            end,
        })
    });
    Some(places.collect())
}

/// Has the consumer read on: behind what can't be read, or from where it is.
pub(super) fn step_past(consumer: &BaseConsumer<GroupContext>, found: &Found) {
    let Place {
        partition,
        position,
        ..
    } = &found.place;
    // It may have been given up, or may have gone on, while it was looked at.
    let mut places = places(consumer).into_iter().flatten();
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
    let outcome = consumer.seek(
        &partition.topic,
        partition.partition,
        Offset::Offset(next),
        SEEK_LIMIT,
    );
    if let Err(error) = outcome {
        tracing::warn!(%error, ?partition, next, "a partition that does not go on can't be moved");
    }
}
