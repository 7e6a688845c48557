use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use parking_lot::Mutex;
use tokio::sync::{OnceCell, oneshot};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::awaited::Awaited;
use crate::call::{Body, Deadline, Receipt, Response, Status};
use crate::client::open_calls::OpenCalls;
use crate::client::records::received;
use crate::client::replies::{Replies, not_sent};
use crate::client::waiting::Fate;
use crate::hashing::HashMap;
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
    /// Held by whoever has a partition read anew.
    searching: Arc<tokio::sync::Mutex<()>>,
    awaited: Mutex<HashMap<PartitionRef, Awaited>>,
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
            searching: Arc::default(),
            awaited: Mutex::default(),
        }
    }

    #[cfg(feature = "__simulated")]
    pub(in crate::client) fn count(&self) -> usize {
        let awaited = self.awaited.lock();
        self.calls.count() + awaited.values().map(Awaited::len).sum::<usize>()
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
        let (_waits, outcome) = Waits::begin(self, receipt, until)?;
        self.search(inbox, receipt).await?;
        received(outcome.await.ok().map(Fate::outcome))
    }

    async fn opened(&self) -> Result<&(Arc<dyn Inbox>, AbortHandle), Status> {
        let open = async || {
            let replies = Replies::new(self.calls.clone(), self.message_limit, self.in_pieces);
            let replies = replies.of_some();
            let inbox = self
                .transport
                .inbox(&self.properties, Box::new(replies))
                .map_err(|error| not_sent(&error))?;
            let expiry = outside::spawn(Arc::clone(&self.calls.waiting).expire());
            Ok((inbox, expiry.abort_handle()))
        };
        self.open.get_or_try_init(open).await
    }

    /// Has the partition read from where the earliest of those may be that are waited for, unless it has
    /// been since this one is. What was read before is read again: it finds nobody any more.
    async fn search(&self, inbox: &Arc<dyn Inbox>, receipt: &Receipt) -> Result<(), Status> {
        let one_at_a_time = Arc::clone(&self.searching).lock_owned().await;
        let place = place(receipt);
        let search = {
            let awaited = self.awaited.lock();
            awaited.get(&place).and_then(|it| it.search(receipt.id))
        };
        let Some(search) = search else {
            return Ok(());
        };
        let (inbox, partition) = (Arc::clone(inbox), place.clone());
        // It goes on where the caller gives up: the next one must come after it.
        let read = outside::spawn(async move {
            let _one_at_a_time = one_at_a_time;
            inbox.read_from(partition, search.from).await
        });
        let outcome = read.await.unwrap_or_else(|error| {
            let message = format!("reading from where a reply may be: {error}");
            Err(TransportError::new(Failure::Other, message))
        });
        outcome.map_err(|error| not_sent(&error))?;
        if let Some(awaited) = self.awaited.lock().get_mut(&place) {
            awaited.searched(search);
        }
        Ok(())
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
        let mut all = late.awaited.lock();
        let awaited = all.entry(place(receipt)).or_default();
        if !awaited.add(receipt.id, receipt.from) {
            return Err(Status::failed_precondition(
                "the reply of this call is waited for already, by this channel",
            ));
        }
        let waits = Self { late, receipt };
        // Before anybody has the partition read anew, who would take this one for served.
        let outcome = late.calls.waiting.add(receipt.id, until);
        drop(all);
        Ok((waits, outcome?))
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.late.calls.waiting.abandon(self.receipt.id);
        let mut all = self.late.awaited.lock();
        if let Entry::Occupied(mut awaited) = all.entry(place(self.receipt)) {
            awaited.get_mut().remove(self.receipt.id);
            if awaited.get().len() == 0 {
                awaited.remove();
            }
        }
    }
}

fn place(receipt: &Receipt) -> PartitionRef {
    PartitionRef {
        topic: Arc::clone(&receipt.topic),
        partition: receipt.partition,
    }
}
