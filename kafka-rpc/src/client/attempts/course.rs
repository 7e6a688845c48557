//! Which attempts a call makes, and when: without I/O.

use tokio::time::Instant;

use super::budget::Tokens;
use crate::call::{Code, Pushback};
use crate::descriptor::Repeats;

/// The course of a call whose method has a policy.
#[derive(Debug)]
pub(super) struct Course {
    policy: Repeats,
    deadline: Instant,
    /// How many attempts were made.
    made: u32,
    /// How many may be yet.
    left: u32,
    /// When the next one is due; `None` where none is, for now or for good.
    next: Option<Instant>,
    /// How many pauses of the policy's own there were since the server last set one.
    pauses: u32,
    held_back: bool,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// An attempt.
    Now,
    /// Nothing until then, or until an attempt ends.
    At(Instant),
    /// Nothing until an attempt ends. If none is under way, the call is over.
    Nothing,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) code: Code,
    pub(super) pushback: Option<Pushback>,
    /// What chance is drawn from.
    pub(super) seed: u64,
}

impl Course {
    /// A call that begins. One that has a key is not hedged.
    pub(super) fn new(policy: Repeats, keyed: bool, deadline: Instant, now: Instant) -> Self {
        let left = match policy {
            Repeats::Hedging(_) if keyed => 1,
            _ => policy.most(),
        };
        Self {
            policy,
            deadline,
            made: 0,
            left,
            next: Some(now),
            pauses: 0,
            held_back: false,
        }
    }

    /// How many attempts were made.
    pub(super) fn made(&self) -> u32 {
        self.made
    }

    /// Whether the budget has kept the call from another attempt.
    pub(super) fn was_held_back(&self) -> bool {
        self.held_back
    }

    /// What is to be done now. Where that is an attempt, it counts as made.
    pub(super) fn due(&mut self, now: Instant, tokens: &Tokens) -> Due {
        match self.next {
            None => Due::Nothing,
            Some(at) if at > now => Due::At(at),
            Some(_) if self.made > 0 && now >= self.deadline => {
                self.stop();
                Due::Nothing
            }
            Some(_) if self.is_hedge() && !tokens.allow() => {
                self.hold_back();
                Due::Nothing
            }
            Some(_) => {
                self.made += 1;
                self.left -= 1;
                self.next = None;
                if let Repeats::Hedging(policy) = self.policy {
                    self.plan(now + policy.pause());
                }
                Due::Now
            }
        }
    }

    /// An attempt ended. True where the call ends with it.
    pub(super) fn ended(&mut self, ended: Ended, now: Instant, tokens: &Tokens) -> bool {
        let Ended {
            code,
            pushback,
            seed,
        } = ended;
        if code == Code::Ok {
            tokens.ended_well();
            return true;
        }
        let goes_on = self.policy.goes_on_after(code);
        if goes_on || pushback == Some(Pushback::Never) {
            tokens.failed();
        }
        if !goes_on {
            return true;
        }
        match pushback {
            Some(Pushback::Never) => self.stop(),
            _ if self.left == 0 => {}
            _ if !tokens.allow() => self.hold_back(),
            Some(Pushback::After(pause)) => {
                self.pauses = 0;
                self.plan(now + pause);
            }
            None => self.plan_own(now, seed),
        }
        false
    }

    /// Plans the next attempt by the policy.
    fn plan_own(&mut self, now: Instant, seed: u64) {
        match self.policy {
            Repeats::Retry(policy) => {
                let pause = policy.backoff().pause(self.pauses, seed);
                self.pauses += 1;
                self.plan(now + pause);
            }
            Repeats::Hedging(_) => self.plan(now),
        }
    }

    /// Plans the next attempt, if there may be one and there is time for it.
    fn plan(&mut self, at: Instant) {
        self.next = (self.left > 0 && at < self.deadline).then_some(at);
    }

    fn is_hedge(&self) -> bool {
        self.made > 0 && matches!(self.policy, Repeats::Hedging(_))
    }

    fn stop(&mut self) {
        self.left = 0;
        self.next = None;
    }

    fn hold_back(&mut self) {
        self.held_back = true;
        self.stop();
    }
}

#[cfg(test)]
mod tests;
