use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use parking_lot::Mutex;
use tokio::sync::OnceCell;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::call::{Body, Deadline, Receipt, Response, Status};
use crate::client::open_calls::OpenCalls;
use crate::client::records::received;
use crate::client::replies::{Replies, not_sent};
use crate::client::waiting::Fate;
use crate::hashing::HashMap;
use crate::outside;
use crate::stream::StreamSettings;
use crate::transport::{Inbox, Transport};

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
    seeking: tokio::sync::Mutex<()>,
    /// Those that are waited for, and from where on each may be.
    wanted: Mutex<HashMap<Place, HashMap<u128, i64>>>,
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
            seeking: tokio::sync::Mutex::default(),
            wanted: Mutex::default(),
        }
    }

    #[cfg(feature = "__simulated")]
    pub(in crate::client) fn count(&self) -> usize {
        let wanted = self.wanted.lock();
        self.calls.count() + wanted.values().map(HashMap::len).sum::<usize>()
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
        let _waits = Waits::new(self, receipt)?;
        // Before it is read, so that whatever is read from now on finds it.
        let outcome = self.calls.waiting.add(receipt.id, until)?;
        self.read_on(&**inbox, receipt).await?;
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

    /// Reads from where the earliest of those may be that are waited for in the partition. What was
    /// read before is read again: it finds nobody any more.
    async fn read_on(&self, inbox: &dyn Inbox, receipt: &Receipt) -> Result<(), Status> {
        let _one_at_a_time = self.seeking.lock().await;
        let earliest = {
            let wanted = self.wanted.lock();
            let waiting = wanted.get(&place(receipt)).into_iter().flatten();
            waiting.map(|(_, from)| *from).min().unwrap_or(receipt.from)
        };
        inbox
            .read_from(Arc::clone(&receipt.topic), receipt.partition, earliest)
            .await
            .map_err(|error| not_sent(&error))
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
    fn new(late: &'a LateReplies, receipt: &'a Receipt) -> Result<Self, Status> {
        let mut wanted = late.wanted.lock();
        let waiting = wanted.entry(place(receipt)).or_default();
        if waiting.contains_key(&receipt.id) {
            return Err(Status::failed_precondition(
                "the reply of this call is waited for already, by this channel",
            ));
        }
        waiting.insert(receipt.id, receipt.from);
        Ok(Self { late, receipt })
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.late.calls.waiting.abandon(self.receipt.id);
        let mut wanted = self.late.wanted.lock();
        if let Entry::Occupied(mut waiting) = wanted.entry(place(self.receipt)) {
            waiting.get_mut().remove(&self.receipt.id);
            if waiting.get().is_empty() {
                waiting.remove();
            }
        }
    }
}

type Place = (Arc<str>, i32);

fn place(receipt: &Receipt) -> Place {
    (Arc::clone(&receipt.topic), receipt.partition)
}
