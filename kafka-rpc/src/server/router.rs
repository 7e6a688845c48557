//! What a record on a request topic is: which call, for which method, or why it is none.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::time::Instant;
use tracing::Span;

use super::dead_letters::{Caller, Kept, LetterTopic};
use super::deduplication::RecordTopic;
use super::streams::Opened;
use crate::call::{Body, Code, Deadline, IdempotencyKey, Origin, Request, RequestParts, Status};
use crate::descriptor::{Method, Redelivery};
use crate::hashing::{HashMap, HashSet};
use crate::outside;
use crate::telemetry::{self, Refused, ServerMetrics};
use crate::transport::Record;
use crate::wire::{
    ContentType, CorrelationId, Credit, Frame, HeaderLimits, ReplyAddress, RequestHead,
    decode_request,
};

/// Which call a reply is for, and where it goes.
#[derive(Clone, Debug)]
pub(super) struct ReplyTo {
    pub(super) id: CorrelationId,
    pub(super) address: ReplyAddress,
}

/// A request that a handler shall see.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// Calls with one key are handled in order.
    pub(super) key: Option<Bytes>,
    pub(super) request: Request<Body>,
    pub(super) deadline: Deadline,
    pub(super) content_type: ContentType,
    pub(super) reply: Option<ReplyTo>,
    pub(super) span: Span,
    pub(super) metrics: &'static ServerMetrics,
    /// When its record was read.
    pub(super) arrived: Instant,
    /// What a stream's caller lets the server send before it hears of the caller again.
    pub(super) credit: Option<Credit>,
    /// Of a call that is a stream, until its handler starts.
    pub(super) stream: Option<Box<Opened>>,
    /// Of a call whose failure is not the end of it.
    pub(super) kept: Option<Box<Kept>>,
    /// Of a call that takes effect once.
    pub(super) once: Option<IdempotencyKey>,
}

/// What is to be done about a record.
#[derive(Debug)]
pub(super) enum Verdict {
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
pub(super) struct StreamFrame {
    pub(super) id: CorrelationId,
    pub(super) frame: Frame,
    pub(super) value: Bytes,
    /// Where the caller is told that there is no such stream.
    pub(super) reply: Option<ReplyTo>,
}

/// The time, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) wall: SystemTime,
    pub(super) instant: Instant,
}

impl Now {
    /// Looks at both.
    pub(super) fn read() -> Self {
        Self {
            wall: outside::wall_clock(),
            instant: Instant::now(),
        }
    }
}

/// The methods whose requests come in one topic.
#[derive(Debug)]
pub(super) struct TopicRoute {
    pub(super) reply: Arc<str>,
    /// `None` where there are no dead letters.
    pub(super) dead_letters: Option<LetterTopic>,
    /// Where it is recorded what deduplicated calls came to, if in a topic.
    pub(super) records: Option<RecordTopic>,
    pub(super) methods: Vec<Served>,
}

/// A method that is served.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) method: Method,
    pub(super) redelivery: Option<Redelivery>,
}

/// What the router checks requests against.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) message_limit: usize,
    /// Whether messages in pieces are put together before they come here.
    pub(super) in_pieces: bool,
    /// The time that a request has which names none.
    pub(super) default_timeout: Duration,
    /// Reply topics that are allowed besides each method's own.
    pub(super) reply_topics: HashSet<String>,
    pub(super) headers: HeaderLimits,
    /// Whether calls of methods that are marked so are deduplicated here.
    pub(super) deduplicates: bool,
}

/// Turns records into calls. Pure but for the time, which it is told.
#[derive(Debug)]
pub(super) struct Router {
    topics: HashMap<Arc<str>, TopicRoute>,
    rules: Rules,
}

impl Router {
    pub(super) fn new(topics: HashMap<Arc<str>, TopicRoute>, rules: Rules) -> Self {
        Self { topics, rules }
    }

    pub(super) fn topics(&self) -> impl Iterator<Item = &Arc<str>> {
        self.topics.keys()
    }

    /// Where the dead letters of a request topic go, if it has any.
    pub(super) fn dead_letters(&self, topic: &str) -> Option<LetterTopic> {
        self.topics.get(topic)?.dead_letters.clone()
    }

    /// What a record is. One that is to be [stepped past](Verdict::StepPast) stays as it is; of others
    /// key, value and headers are taken.
    pub(super) fn verdict(&self, record: &mut Record, now: Now) -> Verdict {
        let Record {
            topic,
            partition,
            offset,
            timestamp,
            key,
            value,
            headers,
        } = record;
        let (partition, offset, timestamp) = (*partition, *offset, *timestamp);
        let Some(route) = self.topics.get(topic) else {
            return Verdict::StepPast(
                Refused::UnknownMethod,
                Status::unimplemented(format!("topic {topic} belongs to no method of this server")),
            );
        };
        let head = match decode_request(headers, &route.reply, &self.rules.headers) {
            Ok(head) => head,
            Err(refusal) => {
                let reason = match refusal.status.code() {
                    Code::ResourceExhausted => Refused::TooLarge,
                    _ => Refused::Malformed,
                };
                return match refusal.call {
                    Some(id) => {
                        let reply = refusal
                            .reply
                            .filter(|(_, address)| self.allows(route, address))
                            .map(|(id, address)| ReplyTo { id, address });
                        Verdict::Break(id, refusal.status, reply)
                    }
                    None => self.refuse(route, reason, refusal.status, refusal.reply),
                };
            }
        };
        if head.frame != Frame::Request {
            return self.frame(route, head, std::mem::take(value));
        }
        let reply = head.correlation_id.zip(head.reply.clone());
        if head.whole.is_some() && !self.rules.in_pieces {
            return self.refuse(route, Refused::TooLarge, not_put_together(), reply);
        }
        let served = match self.method(route, topic, &head, value) {
            Ok(served) => served,
            Err((reason, status)) => return self.refuse(route, reason, status, reply),
        };
        let reply = match reply {
            Some((id, address)) if self.allows(route, &address) => Some(ReplyTo { id, address }),
            Some((_, address)) => {
                return Verdict::StepPast(Refused::ReplyTopic, not_allowed(&address));
            }
            None => None,
        };
        let method = served.method;
        if let Err(status) = check_stream(method, reply.is_some(), value) {
            return match reply {
                Some(to) => Verdict::Refuse(Refused::Malformed, status, to),
                None => Verdict::StepPast(Refused::Malformed, status),
            };
        }
        let deadline = self.deadline(head.timeout, timestamp, now);
        let span = telemetry::server_span(method, topic, partition, offset);
        if let Some(reply) = &reply {
            telemetry::record_correlation_id(&span, &reply.id);
        }
        let origin = origin(Arc::clone(topic), partition, offset, timestamp);
        let RequestHead {
            metadata,
            resume,
            credit,
            content_type,
            durable,
            idempotency_key,
            ..
        } = head;
        let deduplicates = self.rules.deduplicates && method.descriptor().deduplicated;
        let caller = match reply {
            None => Caller::None,
            Some(_) if durable => Caller::Later,
            Some(_) => Caller::Waits,
        };
        let letters = route.dead_letters.as_ref();
        let letters = letters.filter(|_| caller != Caller::Waits);
        let kept = if letters.is_some() || served.redelivery.is_some() {
            Some(Box::new(Kept::new(
                Record {
                    topic: Arc::clone(topic),
                    partition,
                    offset,
                    timestamp,
                    key: key.clone(),
                    value: value.clone(),
                    headers: std::mem::take(headers),
                },
                route.dead_letters.clone(),
                served.redelivery,
                caller,
            )))
        } else {
            None
        };
        let (key, value) = (key.take(), std::mem::take(value));
        Verdict::Handle(Box::new(Call {
            method,
            key: key.clone(),
            credit,
            stream: None,
            kept,
            once: idempotency_key.clone().filter(|_| deduplicates),
            request: request(
                RequestParts {
                    metadata,
                    key,
                    idempotency_key,
                    ..RequestParts::default()
                },
                method,
                deadline,
                origin,
                value,
                resume,
            ),
            deadline,
            content_type,
            reply,
            span,
            metrics: ServerMetrics::of(method),
            arrived: now.instant,
        }))
    }

    /// A record whose message could not be put together.
    pub(super) fn refuse_whole(&self, record: &Record, status: Status) -> Verdict {
        let Some(route) = self.topics.get(&record.topic) else {
            return Verdict::StepPast(Refused::UnknownMethod, status);
        };
        match decode_request(&record.headers, &route.reply, &self.rules.headers) {
            Ok(head) if head.frame == Frame::Request => {
                let reply = head.correlation_id.zip(head.reply);
                self.refuse(route, Refused::TooLarge, status, reply)
            }
            Ok(RequestHead {
                correlation_id: Some(id),
                ..
            }) => Verdict::Break(id, status, None),
            _ => Verdict::StepPast(Refused::Malformed, status),
        }
    }

    /// What belongs to a call that has begun.
    fn frame(&self, route: &TopicRoute, head: RequestHead<'_>, value: Bytes) -> Verdict {
        let Some(id) = head.correlation_id else {
            return Verdict::StepPast(
                Refused::Malformed,
                Status::invalid_argument("a frame names no call"),
            );
        };
        if head.frame == Frame::Cancel {
            return Verdict::Cancel(id);
        }
        if matches!(head.frame, Frame::Chunk(_)) || (head.whole.is_some() && !self.rules.in_pieces)
        {
            return Verdict::Break(id, not_put_together(), None);
        }
        if value.len() > self.rules.message_limit {
            let status = Status::resource_exhausted(format!(
                "a message of the stream has {} bytes; the server takes at most {}",
                value.len(),
                self.rules.message_limit
            ));
            return Verdict::Break(id, status, None);
        }
        let reply = head.reply.filter(|address| self.allows(route, address));
        Verdict::Frame(StreamFrame {
            id,
            frame: head.frame,
            value,
            reply: reply.map(|address| ReplyTo { id, address }),
        })
    }

    fn refuse(
        &self,
        route: &TopicRoute,
        reason: Refused,
        status: Status,
        reply: Option<(CorrelationId, ReplyAddress)>,
    ) -> Verdict {
        match reply {
            Some((id, address)) if self.allows(route, &address) => {
                Verdict::Refuse(reason, status, ReplyTo { id, address })
            }
            _ => Verdict::StepPast(reason, status),
        }
    }

    fn allows(&self, route: &TopicRoute, address: &ReplyAddress) -> bool {
        *address.topic() == route.reply || self.rules.reply_topics.contains(&**address.topic())
    }

    /// The method called: by its header, or by the topic where that has only one.
    fn method<'r>(
        &self,
        route: &'r TopicRoute,
        topic: &str,
        head: &RequestHead<'_>,
        value: &Bytes,
    ) -> Result<&'r Served, (Refused, Status)> {
        let found = match (head.method, &*route.methods) {
            (None, [only]) => Ok(only),
            (None, _) => Err(format!(
                "topic {topic} serves several methods: name one in the header `rpc-method`"
            )),
            (Some(path), methods) => methods
                .iter()
                .find(|served| served.method.descriptor().path == path)
                .ok_or_else(|| {
                    format!(
                        "{} is no method that topic {topic} serves",
                        path.escape_debug()
                    )
                }),
        };
        let served =
            found.map_err(|message| (Refused::UnknownMethod, Status::unimplemented(message)))?;
        if value.len() > self.rules.message_limit {
            let status = Status::resource_exhausted(format!(
                "the request has {} bytes; the server takes at most {}",
                value.len(),
                self.rules.message_limit
            ));
            return Err((Refused::TooLarge, status));
        }
        Ok(served)
    }

    /// The record's timestamp plus the timeout; never further away than the timeout, whatever the
    /// caller's clock says.
    fn deadline(&self, timeout: Option<Duration>, timestamp: Option<i64>, now: Now) -> Deadline {
        let Some(timeout) = timeout else {
            return Deadline::after_instant(now.instant, self.rules.default_timeout);
        };
        let age = timestamp
            .and_then(|millis| u64::try_from(millis).ok())
            .and_then(|millis| {
                now.wall
                    .duration_since(UNIX_EPOCH + Duration::from_millis(millis))
                    .ok()
            })
            .unwrap_or_default();
        Deadline::after_instant(now.instant, timeout.saturating_sub(age))
    }
}

/// What a caller is told whose message comes in pieces, where they are not taken.
fn not_put_together() -> Status {
    Status::resource_exhausted(
        "the message comes in pieces, which the server does not put together: see \
         `ServerBuilder::chunked_message_limit`",
    )
}

/// Whether a request can begin the stream that its method is.
fn check_stream(method: Method, has_reply: bool, value: &Bytes) -> Result<(), Status> {
    let method = method.descriptor();
    if method.is_streaming() && !has_reply {
        return Err(Status::invalid_argument(format!(
            "{} is a stream: its request has to say where the reply goes, in `kafka_replyTopic`",
            method.path
        )));
    }
    if method.client_streaming && !value.is_empty() {
        return Err(Status::invalid_argument(format!(
            "{} takes a stream: its request has no message, they come in records of their own",
            method.path
        )));
    }
    Ok(())
}

fn not_allowed(address: &ReplyAddress) -> Status {
    Status::permission_denied(format!(
        "reply topic {} is neither the method's own nor on the server's list",
        address.topic()
    ))
}

fn origin(topic: Arc<str>, partition: i32, offset: i64, timestamp: Option<i64>) -> Origin {
    let millis = timestamp.and_then(|millis| u64::try_from(millis).ok());
    Origin {
        topic,
        partition,
        offset,
        timestamp: UNIX_EPOCH + Duration::from_millis(millis.unwrap_or_default()),
    }
}

fn request(
    parts: RequestParts,
    method: Method,
    deadline: Deadline,
    origin: Origin,
    value: Bytes,
    resume: Option<u64>,
) -> Request<Body> {
    let parts = RequestParts {
        method: Some(method),
        deadline: Some(deadline),
        origin: Some(origin),
        resume_after: resume.filter(|_| method.descriptor().resumable),
        ..parts
    };
    Request::from_parts(parts, Body::new(value))
}
