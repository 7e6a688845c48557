//! The calls of a consumer group that are streams: what their callers say after the request, and
//! what is said to them before the end.
//!
//! A stream is known from when its request arrives, so that what its caller says meanwhile is kept.
//! Its offset is finished when its handler starts: from then on the stream lives here alone, and
//! goes with the process or the partition.

mod reader;
mod stream;
mod task;

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;

pub(super) use self::stream::{Ending, ServerStream};
use super::dispatch::PartitionId;
use super::reply;
use super::router::{Call, ReplyTo};
use super::writer::ReplyWriter;
use crate::Status;
use crate::call::Body;
use crate::hashing::HashMap;
use crate::stream::{Pulse, StreamSettings};
use crate::telemetry;
use crate::transport::Undelivered;
use crate::wire::{CorrelationId, Frame, ReplyFrame};

/// The open streams of a group.
pub(super) struct Streams {
    open: Mutex<HashMap<PartitionId, Partition>>,
    settings: StreamSettings,
    writer: Arc<ReplyWriter>,
}

type Partition = HashMap<CorrelationId, Arc<ServerStream>>;

/// What a stream's task needs besides its call.
pub(super) struct Opened {
    pub(super) stream: Arc<ServerStream>,
    pub(super) ending: oneshot::Receiver<Ending>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").finish_non_exhaustive()
    }
}

impl Streams {
    pub(super) fn new(settings: StreamSettings, writer: Arc<ReplyWriter>) -> Self {
        Self {
            open: Mutex::default(),
            settings,
            writer,
        }
    }

    /// A request has come that begins a stream. From now on what its caller says is kept.
    ///
    /// # Errors
    /// Why it can't begin.
    pub(super) fn open(
        &self,
        (partition, offset): (PartitionId, i64),
        call: &mut Call,
        to: ReplyTo,
    ) -> Result<(), Status> {
        let mut open = self.open.lock();
        let streams = open.entry(partition).or_default();
        if streams.len() >= self.settings.limit {
            return Err(Status::resource_exhausted(format!(
                "{} streams are open in the partition, which is the server's limit",
                self.settings.limit
            )));
        }
        if streams.contains_key(&to.id) {
            return Err(Status::invalid_argument(
                "a stream with this correlation id is open",
            ));
        }
        let id = to.id;
        let (stream, ending) = ServerStream::new(
            (partition, offset),
            call,
            to,
            self.settings.window,
            Arc::clone(&self.writer),
        );
        streams.insert(id, Arc::clone(&stream));
        drop(open);
        telemetry::server_stream_opened();
        if call.method.descriptor().client_streaming
            && let Some(asked) = &mut call.asked
        {
            asked.body = Body::stream(reader::Reader::new(Arc::clone(&stream)));
        }
        call.stream = Some(Box::new(Opened { stream, ending }));
        Ok(())
    }

    /// A stream is over.
    pub(super) fn close(&self, stream: &ServerStream) {
        let mut open = self.open.lock();
        let Some(streams) = open.get_mut(&stream.partition()) else {
            return;
        };
        if streams.remove(&stream.to().id).is_some() {
            telemetry::server_stream_closed();
        }
        if streams.is_empty() {
            open.remove(&stream.partition());
        }
    }

    /// A call will not begin: nor will its stream, if it is one.
    pub(super) fn forget(&self, call: &Call) {
        if let Some(opened) = &call.stream {
            self.close(&opened.stream);
        }
    }

    fn find(&self, partition: PartitionId, id: &CorrelationId) -> Option<Arc<ServerStream>> {
        self.open.lock().get(&partition)?.get(id).cloned()
    }

    /// Ends a stream, if it is open.
    pub(super) fn end(&self, partition: PartitionId, id: &CorrelationId, ending: Ending) -> bool {
        let stream = self.find(partition, id);
        stream.is_some_and(|stream| stream.end(ending))
    }

    /// Ends all streams of a partition: it is another's now.
    pub(super) fn release(&self, partition: PartitionId) {
        let streams = self.open.lock().remove(&partition).unwrap_or_default();
        for stream in streams.into_values() {
            telemetry::server_stream_closed();
            stream.end(Ending::Moved);
        }
    }

    /// Ends the streams that go on elsewhere, and all of them where nobody waits for the others.
    pub(super) fn hand_over(&self, all: bool) {
        let open = self.open.lock();
        for stream in open.values().flat_map(HashMap::values) {
            if all || stream.is_resumable() {
                stream.end(Ending::Moved);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.lock().is_empty()
    }

    /// Tells callers that their servers are there, and ends the streams of callers that are not.
    /// Callers in partitions that are not read at present can't be heard.
    pub(super) fn keep(&self, now: Instant, is_read: impl Fn(PartitionId) -> bool) {
        let open = self.open.lock();
        for (partition, streams) in open.iter() {
            let is_read = is_read(*partition);
            for stream in streams.values() {
                if !is_read {
                    stream.heard(now);
                }
                match stream.pulse(now, self.settings.timeout) {
                    Pulse::Fine => {}
                    Pulse::Say => stream.say_credit(),
                    Pulse::Gone => {
                        if stream.end(Ending::Gone) {
                            telemetry::silent_caller();
                        }
                    }
                }
            }
        }
    }

    /// A frame could not be written: its stream can't go on.
    pub(super) fn not_delivered(&self, undelivered: &Undelivered) {
        let error = &undelivered.error;
        tracing::debug!(%error, "a frame of a stream is lost");
        telemetry::reply_lost();
        let Some(id) = reply::call_of(&undelivered.record) else {
            return;
        };
        let open = self.open.lock();
        let stream = open.values().find_map(|streams| streams.get(&id));
        if let Some(stream) = stream {
            stream.end(Ending::Broken(reply::not_written(error)));
        }
    }
}

/// Brings the frames of a batch to their streams; those of one stream together.
pub(super) struct Frames<'a> {
    streams: &'a Streams,
    now: Instant,
    /// Whom the last frame was for.
    last: Option<(PartitionId, CorrelationId, Arc<ServerStream>)>,
    messages: Vec<(u64, Bytes)>,
}

impl<'a> Frames<'a> {
    pub(super) fn new(streams: &'a Streams, now: Instant) -> Self {
        Self {
            streams,
            now,
            last: None,
            messages: Vec::new(),
        }
    }

    /// Takes a frame of a caller. `reply`: where the caller is told that there is no such stream,
    /// where it wants to know. Gives the offset of the stream's request; `None` where there is no
    /// such stream.
    pub(super) fn take(
        &mut self,
        partition: PartitionId,
        id: CorrelationId,
        frame: Frame,
        value: Bytes,
        reply: Option<&ReplyTo>,
    ) -> Option<i64> {
        if !self.turn_to(partition, &id) {
            telemetry::stray_frame();
            if let Some(to) = reply {
                // Else it would wait for a server that is gone until it takes it for silent.
                let moved = reply::frame(to, ReplyFrame::Moved);
                if let Err(undelivered) = self.streams.writer.write(moved, None) {
                    tracing::debug!(error = %undelivered.error, "a caller is not told");
                }
            }
            return None;
        }
        let (_, _, stream) = self.last.as_ref()?;
        let offset = stream.offset();
        match frame {
            Frame::Message(number) => {
                self.messages.push((number, value));
            }
            Frame::HalfClose(number) => {
                let stream = Arc::clone(stream);
                self.flush();
                stream.half_close(number);
            }
            Frame::Credit(credit) => stream.credit(credit),
            Frame::Request | Frame::Chunk(_) | Frame::Cancel => return None,
        }
        Some(offset)
    }

    fn turn_to(&mut self, partition: PartitionId, id: &CorrelationId) -> bool {
        if let Some((last, known, _)) = &self.last
            && (*last, known) == (partition, id)
        {
            return true;
        }
        self.flush();
        self.last = self.streams.find(partition, id).map(|stream| {
            stream.heard(self.now);
            (partition, *id, stream)
        });
        self.last.is_some()
    }

    fn flush(&mut self) {
        if let Some((_, _, stream)) = &self.last
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
