use std::time::SystemTime;

use bytes::Bytes;
use tokio::time::Instant;
use tracing::Span;

use crate::call::{Body, Deadline, IdempotencyKey, Origin, Request, RequestParts, Status};
use crate::descriptor::Method;
use crate::outside;
use crate::server::dead_letters::Kept;
use crate::server::streams::Opened;
use crate::telemetry::{Refused, ServerMetrics};
use crate::wire::{ContentType, CorrelationId, Credit, Frame, ReplyAddress};

/// Which call a reply is for, and where it goes.
#[derive(Clone, Debug)]
pub(in crate::server) struct ReplyTo {
    pub(in crate::server) id: CorrelationId,
    pub(in crate::server) address: ReplyAddress,
}

/// A request that a handler shall see.
#[derive(Debug)]
pub(in crate::server) struct Call {
    pub(in crate::server) method: Method,
    /// Calls with one key are handled in order.
    pub(in crate::server) key: Option<Bytes>,
    /// `None` while its handler has it.
    pub(in crate::server) asked: Option<Asked>,
    pub(in crate::server) deadline: Deadline,
    pub(in crate::server) content_type: ContentType,
    pub(in crate::server) reply: Option<ReplyTo>,
    pub(in crate::server) span: Span,
    pub(in crate::server) metrics: &'static ServerMetrics,
    /// When its record was read.
    pub(in crate::server) arrived: Instant,
    /// What a stream's caller lets the server send before it hears of the caller again.
    pub(in crate::server) credit: Option<Credit>,
    /// Of a call that is a stream, until its handler starts.
    pub(in crate::server) stream: Option<Box<Opened>>,
    /// Of a call whose failure is not the end of it.
    pub(in crate::server) kept: Option<Box<Kept>>,
    /// Of a call that takes effect once.
    pub(in crate::server) once: Option<IdempotencyKey>,
}

impl Call {
    /// Where its record lies.
    pub(in crate::server) fn origin(&self) -> Option<&Origin> {
        self.asked.as_ref()?.parts.origin.as_ref()
    }

    /// Drops what there is of it but its memory.
    pub(super) fn empty(&mut self) {
        (self.key, self.asked, self.reply) = (None, None, None);
        (self.stream, self.kept, self.once) = (None, None, None);
        self.span = Span::none();
    }

    /// Takes out what its handler gets.
    pub(in crate::server) fn request(&mut self) -> Request<Body> {
        let asked = self.asked.take();
        asked.map_or_else(Request::default, |Asked { parts, body }| {
            Request::from_parts(parts, body)
        })
    }
}

/// What a request is made of. It is made where its handler runs: what is allocated on one thread and
/// freed on another costs both of them most.
#[derive(Debug)]
pub(in crate::server) struct Asked {
    pub(in crate::server) parts: RequestParts,
    pub(in crate::server) body: Body,
}

/// What is to be done about a record.
#[derive(Debug)]
pub(in crate::server) enum Verdict {
    Handle(Box<Call>),
    /// The caller no longer waits for this call.
    Cancel(CorrelationId),
    /// It belongs to a stream.
    Frame(StreamFrame),
    /// It belongs to a stream, which can't go on. Where there is no such stream, who wrote it is told.
    Break(CorrelationId, Status, Option<ReplyTo>),
    /// It can't be handled, and its caller is told so.
    Refuse(Refused, Status, ReplyTo),
    /// It can't be handled, and there is nobody to be told.
    StepPast(Refused, Status),
}

/// What the caller of a stream says after its request.
#[derive(Debug)]
pub(in crate::server) struct StreamFrame {
    pub(in crate::server) id: CorrelationId,
    pub(in crate::server) frame: Frame,
    pub(in crate::server) value: Bytes,
    /// Where the caller is told that there is no such stream.
    pub(in crate::server) reply: Option<ReplyTo>,
}

/// The time, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct Now {
    pub(in crate::server) wall: SystemTime,
    pub(in crate::server) instant: Instant,
}

impl Now {
    /// Looks at both.
    pub(in crate::server) fn read() -> Self {
        Self {
            wall: outside::wall_clock(),
            instant: Instant::now(),
        }
    }
}
