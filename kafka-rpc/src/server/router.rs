//! What a record on a request topic is: which call, for which method, or why it is none.

mod refusals;
mod rules;
mod spare;
mod verdict;

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;

use self::refusals::{check_stream, not_allowed, not_put_together};
pub(super) use self::rules::{Rules, Served, TopicRoute};
pub(super) use self::spare::SpareCalls;
pub(super) use self::verdict::{Asked, Call, Now, ReplyTo, StreamFrame, Verdict};
use super::dead_letters::{Caller, Kept, LetterTopic};
use crate::call::{Body, Code, Deadline, Origin, RequestParts, Status};
use crate::hashing::HashMap;
use crate::telemetry::{self, Refused, ServerMetrics};
use crate::transport::Record;
use crate::wire::{CorrelationId, Frame, ReplyAddress, RequestHead, decode_request};

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
    /// key, value and headers are taken. A call gets memory of `spare`.
    pub(super) fn verdict(&self, record: &mut Record, now: Now, spare: &mut SpareCalls) -> Verdict {
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
        Verdict::Handle(spare.boxed(Call {
            method,
            key: key.clone(),
            credit,
            stream: None,
            kept,
            once: idempotency_key.clone().filter(|_| deduplicates),
            asked: Some(Asked {
                parts: RequestParts {
                    metadata,
                    key,
                    idempotency_key,
                    method: Some(method),
                    deadline: Some(deadline),
                    resume_after: resume.filter(|_| method.descriptor().resumable),
                    origin: Some(origin),
                    ..RequestParts::default()
                },
                body: Body::new(value),
            }),
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

fn origin(topic: Arc<str>, partition: i32, offset: i64, timestamp: Option<i64>) -> Origin {
    let millis = timestamp.and_then(|millis| u64::try_from(millis).ok());
    Origin {
        topic,
        partition,
        offset,
        timestamp: UNIX_EPOCH + Duration::from_millis(millis.unwrap_or_default()),
    }
}
