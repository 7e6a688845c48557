use tokio::time::Instant;

use super::{Letter, LetterTopic};
use crate::call::{Body, Code, Deadline, Request, RequestParts, Status};
use crate::descriptor::Redelivery;
use crate::server::deduplication::Finality;
use crate::server::router::Asked;
use crate::transport::Record;
use crate::wire::LetterCause;

/// What is kept of a request whose failure is not the end of it: it is handled again, or becomes a
/// dead letter.
#[derive(Debug)]
pub(in crate::server) struct Kept {
    /// As it came.
    record: Record,
    letters: Option<LetterTopic>,
    redelivery: Option<Redelivery>,
    caller: Caller,
    /// How often the handler was started.
    attempts: u32,
    /// What the next attempt begins with.
    parts: Option<RequestParts>,
    /// How the last attempt ended.
    last: Option<Status>,
    /// When the next attempt was due.
    due: Option<Instant>,
}

/// Who is told how a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum Caller {
    /// Nobody.
    None,
    /// Somebody who waits for it, and knows when its time is over.
    Waits,
    /// Whoever looks for the reply at another time.
    Later,
}

/// What becomes of a call that has failed.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::server) enum Next {
    /// It is handled again then.
    Again(Instant),
    /// It is over, and becomes a dead letter, or does not.
    Over { letter: bool },
}

impl Kept {
    pub(in crate::server) fn new(
        record: Record,
        letters: Option<LetterTopic>,
        redelivery: Option<Redelivery>,
        caller: Caller,
    ) -> Self {
        Self {
            record,
            letters,
            redelivery,
            caller,
            attempts: 0,
            parts: None,
            last: None,
            due: None,
        }
    }

    /// An attempt begins, with this request.
    pub(in crate::server) fn begin(&mut self, request: &mut Request<Body>) {
        request.parts_mut().repeats = self.attempts;
        self.attempts += 1;
        if self.redelivery.is_some() {
            self.parts = Some(request.parts_mut().clone());
        }
    }

    /// Which outcomes are the end of the call.
    pub(in crate::server) fn finality(&self) -> Finality {
        Finality {
            redelivery: self.redelivery,
            buries_failures: self.caller == Caller::None && self.letters.is_some(),
        }
    }

    /// Since when the call waits for its handler, unless that is its arrival.
    pub(in crate::server) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// What the call takes up while it waits.
    pub(in crate::server) fn bytes(&self) -> usize {
        self.record.value.len()
    }

    /// An attempt ended with this code, at this time.
    ///
    /// A call that has failed for good is a dead letter where nobody is told of that, or where it was
    /// tried as often as it should be.
    pub(in crate::server) fn next(&self, code: Code, deadline: Deadline, now: Instant) -> Next {
        let retryable = |policy: &&Redelivery| policy.retries(code);
        let Some(policy) = self.redelivery.as_ref().filter(retryable) else {
            let in_vain = self.attempts > 1 && code == Code::DeadlineExceeded;
            let letter = self.caller == Caller::None || in_vain;
            return Next::Over { letter };
        };
        let seed = self.record.offset.cast_unsigned() ^ (self.record.partition as u64) << 48;
        match policy.backoff(self.attempts, seed) {
            // There has to be time left for the attempt.
            Some(backoff) if now + backoff < deadline.instant() => Next::Again(now + backoff),
            _ => Next::Over { letter: true },
        }
    }

    /// What the next attempt begins with, which is due then; `last` is how this one ended.
    pub(in crate::server) fn again(&mut self, due: Instant, last: Status) -> Asked {
        (self.due, self.last) = (Some(due), Some(last));
        Asked {
            parts: self.parts.take().unwrap_or_default(),
            body: Body::new(self.record.value.clone()),
        }
    }

    /// The letter of a call that failed for good.
    pub(in crate::server) fn failed(self, status: Status) -> Option<Letter> {
        Some(Letter {
            topic: self.letters?,
            cause: LetterCause::Failed,
            status,
            attempts: self.attempts,
            record: self.record,
            last_offset: None,
        })
    }

    /// The letter of a call whose deadline passed before its handler was started, or started again;
    /// `None` where its caller knows, and it was not tried.
    pub(in crate::server) fn expired(mut self) -> Option<Letter> {
        if let Some(last) = self.last.take() {
            return self.failed(last);
        }
        if self.caller == Caller::Waits {
            return None;
        }
        let status = Status::deadline_exceeded("the deadline passed before it was handled");
        let topic = self.letters?;
        Some(Letter::unhandled(
            topic,
            LetterCause::Expired,
            status,
            self.record,
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::wire::Headers;

    fn kept(attempts: u32, caller: Caller, policy: Option<Redelivery>) -> Kept {
        let record = Record {
            topic: "t".into(),
            partition: 0,
            offset: 7,
            timestamp: None,
            key: None,
            value: bytes::Bytes::new(),
            headers: Headers::new(),
        };
        let letters = LetterTopic {
            name: "t.dead-letter".into(),
            partitions: 1,
        };
        Kept {
            attempts,
            ..Kept::new(record, Some(letters), policy, caller)
        }
    }

    fn policy() -> Redelivery {
        Redelivery::new()
            .attempts(3)
            .initial_backoff(Duration::from_secs(1))
            .jitter(0.0)
    }

    fn next(kept: &Kept, code: Code, left: u64) -> Next {
        let now = Instant::now();
        let deadline = Deadline::after_instant(now, Duration::from_secs(left));
        match kept.next(code, deadline, now) {
            Next::Again(due) => Next::Again(now + (due - now)),
            over => over,
        }
    }

    const LETTER: Next = Next::Over { letter: true };
    const NO_LETTER: Next = Next::Over { letter: false };

    #[tokio::test(start_paused = true)]
    async fn a_retryable_failure_is_handled_again_until_its_attempts_are_used_up() {
        let again = Next::Again(Instant::now() + Duration::from_secs(1));
        assert_eq!(
            next(
                &kept(1, Caller::Waits, Some(policy())),
                Code::Unavailable,
                9
            ),
            again
        );
        assert_eq!(
            next(
                &kept(3, Caller::Waits, Some(policy())),
                Code::Unavailable,
                9
            ),
            LETTER
        );
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_no_attempt_behind_the_deadline() {
        assert_eq!(
            next(
                &kept(1, Caller::Waits, Some(policy())),
                Code::Unavailable,
                1
            ),
            LETTER
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_definite_status_is_the_callers_unless_nobody_waits_for_it() {
        let tried = |caller| kept(2, caller, Some(policy()));
        assert_eq!(next(&tried(Caller::Waits), Code::NotFound, 9), NO_LETTER);
        assert_eq!(next(&tried(Caller::None), Code::NotFound, 9), LETTER);
        assert_eq!(
            next(&kept(1, Caller::None, None), Code::NotFound, 9),
            LETTER
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_is_a_dead_letter_where_it_cut_attempts_short() {
        assert_eq!(
            next(
                &kept(1, Caller::Waits, Some(policy())),
                Code::DeadlineExceeded,
                0
            ),
            NO_LETTER
        );
        assert_eq!(
            next(
                &kept(2, Caller::Waits, Some(policy())),
                Code::DeadlineExceeded,
                0
            ),
            LETTER
        );
    }

    #[test]
    fn what_expires_before_it_is_handled_is_a_dead_letter_where_nobody_waits() {
        let letter = kept(0, Caller::None, None).expired().expect("a letter");
        assert_eq!((letter.cause, letter.attempts), (LetterCause::Expired, 0));
        assert!(kept(0, Caller::Later, None).expired().is_some());
        assert!(kept(0, Caller::Waits, Some(policy())).expired().is_none());
        let mut tried = kept(1, Caller::Waits, Some(policy()));
        tried.again(Instant::now(), Status::unavailable("away"));
        let letter = tried.expired().expect("a letter");
        assert_eq!(
            (letter.cause, letter.status.message()),
            (LetterCause::Failed, "away")
        );
    }
}
