//! A call whose method has a policy: its attempts, one after the other or several at a time.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::time::{Instant, Sleep};

use super::course::{Course, Due, Ended};
use super::exchange::Exchange;
use super::timer;
use crate::call::{Body, Code, Deadline, RequestParts, Response, Status, set_previous_attempts};
use crate::client::caller::Caller;
use crate::client::records::{self, Envelope, received};
use crate::client::route::Route;
use crate::descriptor::{Method, Repeats};
use crate::outside;
use crate::telemetry;
use crate::wire::CorrelationId;

/// To drop it before its outcome cancels all attempts that are under way.
pub(in crate::client) struct Repeating {
    caller: Arc<Caller>,
    request: Request,
    course: Course,
    open: Vec<Attempt>,
    /// Set to when the next attempt is due.
    timer: Option<Pin<Box<Sleep>>>,
    /// The failure that the call ends with if there is no further attempt.
    failure: Option<Status>,
}

/// What an attempt is made of.
pub(in crate::client) struct Request {
    pub(in crate::client) method: Method,
    pub(in crate::client) route: Arc<Route>,
    pub(in crate::client) deadline: Deadline,
    pub(in crate::client) parts: Box<RequestParts>,
    pub(in crate::client) message: Bytes,
}

struct Attempt {
    uuid: u128,
    exchange: Exchange,
}

type Answer = Result<Response<Body>, Status>;

impl Repeating {
    pub(in crate::client) fn new(
        caller: &Arc<Caller>,
        policy: Repeats,
        request: Request,
        now: Instant,
    ) -> Self {
        let keyed = request.parts.key.is_some();
        let deadline = request.deadline.instant();
        Self {
            caller: Arc::clone(caller),
            course: Course::new(policy, keyed, deadline, now),
            request,
            open: Vec::with_capacity(1),
            timer: None,
            failure: None,
        }
    }

    /// The call's outcome. `began` is told the id of each attempt.
    pub(in crate::client) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        began: impl Fn(&CorrelationId),
    ) -> Poll<Answer> {
        let answer = ready!(self.poll_answer(cx, began));
        if self.course.was_held_back() {
            telemetry::repeat_held_back(self.request.method);
        }
        Poll::Ready(answer)
    }

    fn poll_answer(
        &mut self,
        cx: &mut Context<'_>,
        began: impl Fn(&CorrelationId),
    ) -> Poll<Answer> {
        loop {
            let now = Instant::now();
            if let Poll::Ready(answer) = self.poll_open(cx, now) {
                return Poll::Ready(answer);
            }
            match self.course.due(now, self.caller.tokens()) {
                Due::Now => {
                    let uuid = outside::random_id().as_u128();
                    if let Err(status) = self.attempt(uuid, now, &began)
                        && let Poll::Ready(answer) = self.take(Err(status), uuid as u64, now)
                    {
                        return Poll::Ready(answer);
                    }
                }
                Due::At(at) => match self.poll_timer(cx, at) {
                    Some(Poll::Ready(())) => {}
                    Some(Poll::Pending) => return Poll::Pending,
                    // There is no clock here to wait by.
                    None => return self.without_more(),
                },
                Due::Nothing => return self.without_more(),
            }
        }
    }

    /// Takes what has come for the attempts, until one of them ends the call.
    fn poll_open(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Answer> {
        let mut index = 0;
        while let Some(attempt) = self.open.get_mut(index) {
            let Poll::Ready(outcome) = attempt.exchange.poll(cx) else {
                index += 1;
                continue;
            };
            let seed = attempt.uuid as u64;
            self.open.remove(index);
            if let Poll::Ready(answer) = self.take(received(Some(outcome)), seed, now) {
                return Poll::Ready(answer);
            }
        }
        Poll::Pending
    }

    /// Takes how an attempt ended.
    fn take(&mut self, answer: Answer, seed: u64, now: Instant) -> Poll<Answer> {
        let (code, pushback) = match &answer {
            Ok(_) => (Code::Ok, None),
            Err(status) => (status.code(), status.pushback()),
        };
        let ended = Ended {
            code,
            pushback,
            seed,
        };
        if self.course.ended(ended, now, self.caller.tokens()) {
            return Poll::Ready(answer);
        }
        self.failure = answer.err();
        Poll::Pending
    }

    /// No attempt is to follow. The call is over when none is under way.
    fn without_more(&mut self) -> Poll<Answer> {
        if !self.open.is_empty() {
            return Poll::Pending;
        }
        let failure = self.failure.take();
        Poll::Ready(Err(failure.unwrap_or_else(Status::polled_again)))
    }

    fn attempt(
        &mut self,
        uuid: u128,
        now: Instant,
        began: impl Fn(&CorrelationId),
    ) -> Result<(), Status> {
        let previous = self.course.made() - 1;
        if previous > 0 {
            let hedge = !self.open.is_empty();
            telemetry::call_repeated(self.request.method, hedge);
            tracing::debug!(previous, hedge, "another attempt is made");
        }
        began(&CorrelationId::from_uuid(uuid));
        let exchange = self.request.send(&self.caller, uuid, previous, now)?;
        self.open.push(Attempt { uuid, exchange });
        Ok(())
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>, at: Instant) -> Option<Poll<()>> {
        match &mut self.timer {
            Some(timer) if timer.deadline() != at => timer.as_mut().reset(at),
            Some(_) => {}
            none => *none = Some(timer(at)?),
        }
        self.timer.as_mut().map(|timer| timer.as_mut().poll(cx))
    }
}

impl Request {
    fn send(
        &self,
        caller: &Arc<Caller>,
        uuid: u128,
        previous: u32,
        now: Instant,
    ) -> Result<Exchange, Status> {
        let mut parts = self.parts.clone();
        if previous > 0 {
            set_previous_attempts(&mut parts.metadata, previous);
        }
        let envelope = Envelope {
            method: self.method,
            route: &self.route,
            to: self.route.destination(parts.key.as_deref(), now),
            id: CorrelationId::from_uuid(uuid),
            timeout: self.deadline.instant().saturating_duration_since(now),
            stream: None,
        };
        let body = Body::new(self.message.clone());
        let record = records::request(&envelope, parts, body)?;
        Exchange::begin(caller, Arc::clone(&self.route), uuid, self.deadline, record)
    }
}
