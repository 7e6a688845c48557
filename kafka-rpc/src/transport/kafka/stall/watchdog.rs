use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::types::RDKafkaErrorCode;
use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::time::Instant;

use super::probe::{Evidence, Found, is_evidence, look};
use super::suspects::{Place, Suspects};
use crate::transport::kafka::blocking;
use crate::transport::kafka::events::Event;
use crate::transport::{PartitionRef, TransportError};

/// How often partitions are looked at.
const INTERVAL: Duration = Duration::from_secs(2);
/// How often it is asked whether a look has ended.
const LOOK: Duration = Duration::from_millis(100);

/// Notices partitions of a consumer that do not go on, and finds out why.
pub(in super::super) struct Watchdog {
    config: ClientConfig,
    evidence: Evidence,
    suspects: Suspects,
    due: Instant,
    probing: Option<oneshot::Receiver<Result<Found, TransportError>>>,
    /// Ends the probing.
    stop: Arc<AtomicBool>,
}

impl Watchdog {
    /// `config` is that of the consumer.
    pub(in super::super) fn new(config: ClientConfig, evidence: Evidence) -> Self {
        Self {
            config,
            evidence,
            suspects: Suspects::new(evidence),
            due: Instant::now(),
            probing: None,
            stop: Arc::default(),
        }
    }

    /// The consumer told of an error.
    pub(in super::super) fn hear(&mut self, event: &Event<'_>) {
        if is_evidence(RDKafkaErrorCode::from(event.code()))
            && let Some((partition, offset)) = event.place()
        {
            self.suspects.accuse(partition, offset);
        }
    }

    /// Partitions are resumed and paused.
    pub(in super::super) fn regulated(
        &mut self,
        resumed: &[PartitionRef],
        paused: &[PartitionRef],
    ) {
        self.suspects.pause(resumed, false);
        self.suspects.pause(paused, true);
    }

    /// What was found out, once.
    pub(in super::super) fn finding(&mut self) -> Option<Found> {
        let outcome = match self.probing.as_mut()?.try_recv() {
            Ok(outcome) => outcome,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Closed) => Err(blocking::panicked()),
        };
        self.probing = None;
        match outcome {
            Ok(found) => {
                self.suspects.forget(&found.place.partition);
                if found.unreadable.is_none() {
                    self.suspects.clear(found.place.clone());
                }
                Some(found)
            }
            Err(error) => {
                tracing::warn!(%error, "a partition does not go on");
                None
            }
        }
    }

    /// How long it can be left alone.
    pub(in super::super) fn wait(&self) -> Duration {
        match self.probing {
            Some(_) => LOOK,
            None => INTERVAL,
        }
    }

    /// Looks whether all partitions go on, if that is due. `places` says where they are, unless that
    /// can't be told now.
    pub(in super::super) fn watch(&mut self, places: impl FnOnce() -> Option<Vec<Place>>) {
        let now = Instant::now();
        if self.probing.is_some() || now < self.due && !self.suspects.any_accused() {
            return;
        }
        self.due = now + INTERVAL;
        let suspect = places().and_then(|places| self.suspects.suspect(&places, now));
        if let Some(place) = suspect {
            tracing::debug!(?place, "a partition does not go on; it is looked at");
            let (config, evidence) = (self.config.clone(), self.evidence);
            let stop = Arc::clone(&self.stop);
            match blocking::begin(move || look(&config, evidence, place, &stop)) {
                Ok(probing) => self.probing = Some(probing),
                Err(error) => tracing::warn!(%error, "a partition can't be looked at"),
            }
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
