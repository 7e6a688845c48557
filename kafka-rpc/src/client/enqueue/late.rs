use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use tokio::sync::{OnceCell, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use super::awaited::Step;
use super::places::{Places, Reading};
use crate::call::{Body, Deadline, Receipt, Response, Status};
use crate::client::open_calls::OpenCalls;
use crate::client::records::received;
use crate::client::replies::{Replies, not_sent};
use crate::client::waiting::Fate;
use crate::outside;
use crate::stream::StreamSettings;
use crate::transport::{Failure, Inbox, PartitionRef, Transport, TransportError};

/// How long a reply is looked for whose call's deadline has passed, or is about to.
const LEAST: Duration = Duration::from_secs(10);

/// Reads the replies of calls that were left with Kafka: from where each may begin, with a reader of
/// its own, which a channel opens when it first waits for one.
pub(in crate::client) struct LateReplies {
    transport: Arc<dyn Transport>,
    properties: Vec<(String, String)>,
    message_limit: usize,
    in_pieces: Option<usize>,
    calls: OpenCalls,
    open: OnceCell<(Arc<dyn Inbox>, AbortHandle)>,
    places: Arc<Places>,
}

impl LateReplies {
    pub(in crate::client) fn new(
        transport: Arc<dyn Transport>,
        properties: Vec<(String, String)>,
        message_limit: usize,
        in_pieces: Option<usize>,
        limit: usize,
    ) -> Self {
        Self {
            transport,
            properties,
            message_limit,
            in_pieces,
            calls: OpenCalls::new(limit, StreamSettings::default()),
            open: OnceCell::new(),
            places: Arc::default(),
        }
    }

    #[cfg(feature = "__simulated")]
    pub(in crate::client) fn count(&self) -> usize {
        self.calls.count() + self.places.count()
    }

    /// Waits for a reply until the call's deadline, or for ten seconds where that is less.
    pub(in crate::client) async fn reply(
        &self,
        receipt: &Receipt,
    ) -> Result<Response<Body>, Status> {
        let deadline = UNIX_EPOCH + Duration::from_millis(receipt.deadline);
        let left = deadline
            .duration_since(outside::wall_clock())
            .unwrap_or_default();
        let until = Deadline::after_instant(Instant::now(), left.max(LEAST));
        let (inbox, _) = self.opened().await?;
        let (_waits, mut outcome) = Waits::begin(self, receipt, until)?;
        let fate = tokio::select! {
            biased;
            fate = &mut outcome => fate,
            searched = self.search(inbox, receipt) => {
                searched?;
                outcome.await
            }
        };
        received(fate.ok().map(Fate::outcome))
    }

    async fn opened(&self) -> Result<&(Arc<dyn Inbox>, AbortHandle), Status> {
        let open = async || {
            let replies = Replies::new(self.calls.clone(), self.message_limit, self.in_pieces);
            let reading = Reading {
                places: Arc::clone(&self.places),
                replies: replies.of_some(),
            };
            let inbox = self
                .transport
                .inbox(&self.properties, Box::new(reading))
                .map_err(|error| not_sent(&error))?;
            let expiry = outside::spawn(Arc::clone(&self.calls.waiting).expire());
            Ok((inbox, expiry.abort_handle()))
        };
        self.open.get_or_try_init(open).await
    }

    /// Has the partition read from where those may be that are waited for and were read past, if that of
    /// this receipt is one of them.
    async fn search(&self, inbox: &Arc<dyn Inbox>, receipt: &Receipt) -> Result<(), Status> {
        let partition = place(receipt);
        let turn = self.places.turn(&partition);
        let taken = Arc::clone(&turn.taken).lock_owned().await;
        let from = loop {
            match self.places.step(&partition, receipt.id) {
                Step::Done => return Ok(()),
                Step::ReadFrom(from) => break from,
                Step::Wait(until) => tokio::select! {
                    () = turn.progress.notified() => {}
                    () = sleep_until(until) => {}
                },
            }
        };
        let (inbox, places) = (Arc::clone(inbox), Arc::clone(&self.places));
        // It goes on where the caller gives up: the next one must come after it.
        let read = outside::spawn(async move {
            let _taken = taken;
            let outcome = inbox.read_from(partition.clone(), from).await;
            if outcome.is_err() {
                places.failed(&partition);
            }
            outcome
        });
        let outcome = read.await.unwrap_or_else(|error| {
            let message = format!("reading from where a reply may be: {error}");
            Err(TransportError::new(Failure::Other, message))
        });
        outcome.map_err(|error| not_sent(&error))
    }
}

impl Drop for LateReplies {
    fn drop(&mut self) {
        if let Some((_, expiry)) = self.open.get() {
            expiry.abort();
        }
    }
}

/// Somebody who waits for a reply. To drop it is to wait no longer.
struct Waits<'a> {
    late: &'a LateReplies,
    receipt: &'a Receipt,
}

impl<'a> Waits<'a> {
    /// Whatever is read from now on finds him.
    fn begin(
        late: &'a LateReplies,
        receipt: &'a Receipt,
        until: Deadline,
    ) -> Result<(Self, oneshot::Receiver<Fate>), Status> {
        let waiting = &late.calls.waiting;
        let outcome = late
            .places
            .add(place(receipt), receipt.id, receipt.from, || {
                waiting.add(receipt.id, until)
            })
            .ok_or_else(|| {
                Status::failed_precondition(
                    "the reply of this call is waited for already, by this channel",
                )
            })?;
        let waits = Self { late, receipt };
        Ok((waits, outcome?))
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.late.calls.waiting.abandon(self.receipt.id);
        self.late
            .places
            .remove(place(self.receipt), self.receipt.id);
    }
}

fn place(receipt: &Receipt) -> PartitionRef {
    PartitionRef {
        topic: Arc::clone(&receipt.topic),
        partition: receipt.partition,
    }
}
