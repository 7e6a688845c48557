use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rdkafka::Offset;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::types::RDKafkaErrorCode;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::context::GroupContext;
use super::control::Changes;
use super::stall::{Found, Place, Suspects, is_evidence, look};
use crate::transport::TransportError;
use crate::transport::kafka::events::Event;
use crate::transport::kafka::partitions::{cached_end, cached_start, partitions};

/// How often partitions are looked at.
const INTERVAL: Duration = Duration::from_secs(2);
/// How long the library may take to go to another offset.
const SEEK_LIMIT: Duration = Duration::from_secs(5);

/// Notices partitions of a group that do not go on, finds out why, and steps past what can't be read.
pub(super) struct Watchdog {
    config: ClientConfig,
    suspects: Suspects,
    due: Instant,
    probing: Option<JoinHandle<Result<Found, TransportError>>>,
    /// Ends the probing.
    stop: Arc<AtomicBool>,
}

impl Watchdog {
    /// `config` is that of the group's consumer.
    pub(super) fn new(config: ClientConfig) -> Self {
        Self {
            config,
            suspects: Suspects::default(),
            due: Instant::now(),
            probing: None,
            stop: Arc::default(),
        }
    }

    /// The consumer told of an error.
    pub(super) fn hear(&mut self, event: &Event<'_>) {
        if is_evidence(RDKafkaErrorCode::from(event.code()))
            && let Some((partition, offset)) = event.place()
        {
            self.suspects.accuse(partition, offset);
        }
    }

    /// Partitions are paused and resumed.
    pub(super) fn regulated(&mut self, changes: &Changes) {
        self.suspects.pause(changes.resumed(), false);
        self.suspects.pause(changes.paused(), true);
    }

    /// What was found out, once.
    pub(super) async fn finding(&mut self) -> Option<Found> {
        let probing = self.probing.take_if(|probing| probing.is_finished())?;
        match probing.await {
            Ok(Ok(found)) => {
                self.suspects.forget(&found.place.partition);
                if found.unreadable.is_none() {
                    self.suspects.clear(found.place.clone());
                }
                Some(found)
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "a partition does not go on");
                None
            }
            Err(error) => {
                tracing::error!(%error, "a partition does not go on");
                None
            }
        }
    }

    /// Looks whether all partitions go on, if that is due.
    pub(super) fn watch(&mut self, consumer: &BaseConsumer<GroupContext>) {
        let now = Instant::now();
        if self.probing.is_some() || now < self.due && !self.suspects.any_accused() {
            return;
        }
        self.due = now + INTERVAL;
        if let Some(place) = self.suspects.suspect(&places(consumer), now) {
            tracing::debug!(?place, "a partition does not go on; it is looked at");
            let (config, stop) = (self.config.clone(), Arc::clone(&self.stop));
            let probing = move || look(&config, place, &stop);
            self.probing = Some(tokio::task::spawn_blocking(probing));
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Where the partitions are that are ours. Asks nobody.
fn places(consumer: &BaseConsumer<GroupContext>) -> Vec<Place> {
    let Ok(positions) = consumer.position() else {
        return Vec::new();
    };
    let offsets = positions
        .elements()
        .into_iter()
        .map(|element| element.offset());
    let partitions = partitions(&positions).into_iter().zip(offsets);
    partitions
        .filter_map(|(partition, offset)| {
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
    if !places(consumer)
        .iter()
        .any(|place| (&place.partition, place.position) == (partition, *position))
    {
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
