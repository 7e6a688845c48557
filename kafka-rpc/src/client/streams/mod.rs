//! The calls of a channel that are streams.

mod reader;
mod stream;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

pub(super) use self::reader::{Begin, Reader};
pub(super) use self::stream::{ClientStream, Opened};
use super::waiting::deadline_exceeded;
use crate::Status;
use crate::hashing::HashMap;
use crate::stream::{End, Pulse, StreamSettings};
use crate::telemetry;
use crate::wire::{MessageHead, ReplyFrame};

/// How often streams are looked at: whether their servers are there.
const KEEP_INTERVAL: Duration = Duration::from_millis(500);

/// The open streams of a channel.
pub(super) struct Streams {
    open: Mutex<HashMap<u128, Arc<ClientStream>>>,
    /// How many those are, for those who only ask whether there are any.
    count: AtomicUsize,
    settings: StreamSettings,
    opened: Notify,
}

impl Streams {
    pub(super) fn new(settings: StreamSettings) -> Self {
        Self {
            open: Mutex::default(),
            count: AtomicUsize::new(0),
            settings,
            opened: Notify::new(),
        }
    }

    #[cfg(feature = "__simulated")]
    pub(super) fn count(&self) -> usize {
        self.open.lock().len()
    }

    pub(super) fn settings(&self) -> StreamSettings {
        self.settings
    }

    /// From now on what comes for the stream reaches it.
    ///
    /// # Errors
    /// When as many are open as may be.
    pub(super) fn add(&self, stream: &Arc<ClientStream>) -> Result<(), Status> {
        let mut open = self.open.lock();
        if open.len() >= self.settings.limit {
            return Err(Status::resource_exhausted(format!(
                "{} streams are open, which is the channel's limit",
                self.settings.limit
            )));
        }
        open.insert(stream.id(), Arc::clone(stream));
        self.count.store(open.len(), Ordering::Release);
        drop(open);
        telemetry::client_stream_opened();
        self.opened.notify_one();
        Ok(())
    }

    /// A stream is over. False when it was before.
    pub(super) fn remove(&self, id: u128) -> bool {
        let mut open = self.open.lock();
        let removed = open.remove(&id).is_some();
        self.count.store(open.len(), Ordering::Release);
        drop(open);
        if removed {
            telemetry::client_stream_closed();
        }
        removed
    }

    pub(super) fn find(&self, id: u128) -> Option<Arc<ClientStream>> {
        if self.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.open.lock().get(&id).cloned()
    }

    /// Tells servers that their callers are there, and ends the streams whose servers are not, and
    /// those whose deadline has passed, for ever.
    pub(super) async fn keep(self: Arc<Self>) {
        loop {
            if self.count.load(Ordering::Acquire) == 0 {
                self.opened.notified().await;
            }
            sleep(KEEP_INTERVAL).await;
            self.look(Instant::now());
        }
    }

    fn look(&self, now: Instant) {
        let streams: Vec<_> = self.open.lock().values().cloned().collect();
        for stream in streams {
            if stream.deadline().instant() <= now {
                stream.end(End::Failed(deadline_exceeded()));
                continue;
            }
            match stream.pulse(now, self.settings.timeout) {
                Pulse::Fine => {}
                Pulse::Say => stream.say_credit(),
                Pulse::Gone => {
                    // It may only be slow: then it learns that nobody waits.
                    stream.say_cancel();
                    stream.end(End::Lost(Status::unavailable(format!(
                        "the server of the stream has been silent for {:?}",
                        self.settings.timeout
                    ))));
                }
            }
        }
    }
}

/// Brings the replies of a batch to their streams; those of one stream together.
pub(super) struct Frames<'a> {
    streams: &'a Streams,
    now: Option<Instant>,
    /// Whom the last one was for.
    last: Option<Arc<ClientStream>>,
    messages: Vec<(u64, Bytes)>,
}

impl<'a> Frames<'a> {
    pub(super) fn new(streams: &'a Streams) -> Self {
        Self {
            streams,
            now: None,
            last: None,
            messages: Vec::new(),
        }
    }

    /// Whether a call is one of ours.
    pub(super) fn turn_to(&mut self, id: u128) -> bool {
        if self.last.as_ref().is_some_and(|last| last.id() == id) {
            return true;
        }
        self.flush();
        self.last = self.streams.find(id);
        if let Some(stream) = &self.last {
            let now = *self.now.get_or_insert_with(Instant::now);
            stream.heard(now);
        }
        self.last.is_some()
    }

    /// Takes what a server says to the stream [turned to](Self::turn_to).
    pub(super) fn take(
        &mut self,
        frame: ReplyFrame,
        outcome: Result<(MessageHead, Bytes), Status>,
    ) {
        let outcome = match (frame, outcome) {
            (ReplyFrame::Message(number), Ok((_, message))) => {
                return self.messages.push((number, message));
            }
            (_, outcome) => outcome,
        };
        self.flush();
        if let Some(stream) = &self.last {
            stream.take(frame, outcome);
        }
    }

    fn flush(&mut self) {
        if let Some(stream) = &self.last
            && !self.messages.is_empty()
        {
            stream.messages(self.messages.drain(..));
        }
        self.messages.clear();
    }
}

impl Drop for Frames<'_> {
    fn drop(&mut self) {
        self.flush();
    }
}
