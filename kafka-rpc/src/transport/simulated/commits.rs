use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::broker::{RETRY, State};
use super::coordinator::{MemberId, Refused};
use super::mailbox::{Mailbox, Message};
use crate::simulation::Process;
use crate::transport::{CommittedOffset, Failure, PartitionRef, TransportError};

/// How long a commit is tried while the broker can't be reached.
const LIMIT: Duration = Duration::from_secs(2);

/// The commits of a member that are on their way, which arrive one after the other.
pub(super) struct Commits {
    group: String,
    process: Option<Process>,
    queue: Mutex<VecDeque<Commit>>,
}

pub(super) struct Commit {
    member: MemberId,
    offsets: Vec<(PartitionRef, CommittedOffset)>,
    due: Instant,
    expires: Instant,
    answer: Answer,
}

/// Who is told the outcome.
pub(super) enum Answer {
    Mail(Arc<Mailbox>, u64),
    Waits(oneshot::Sender<Result<(), CommitError>>),
}

/// What a commit failed with.
#[derive(Debug)]
pub(super) struct CommitError {
    pub(super) error: TransportError,
    /// It may be tried again.
    pub(super) between_generations: bool,
}

impl Commits {
    pub(super) fn new(group: String, process: Option<Process>) -> Arc<Self> {
        Arc::new(Self {
            group,
            process,
            queue: Mutex::default(),
        })
    }

    pub(super) fn send(
        self: &Arc<Self>,
        state: &mut State,
        member: MemberId,
        offsets: Vec<(PartitionRef, CommittedOffset)>,
        answer: Answer,
    ) {
        let now = Instant::now();
        let due = now + state.delay();
        let mut queue = self.queue.lock();
        let first = queue.is_empty();
        queue.push_back(Commit {
            member,
            offsets,
            due,
            expires: now + LIMIT,
            answer,
        });
        drop(queue);
        if first {
            self.plan(state, due);
        }
    }

    fn plan(self: &Arc<Self>, state: &mut State, at: Instant) {
        let commits = Arc::clone(self);
        state.at(at, Box::new(move |state| commits.arrive(state)));
    }

    fn arrive(self: &Arc<Self>, state: &mut State) {
        let now = Instant::now();
        let killed = self.process.as_ref().is_some_and(Process::is_killed);
        if killed && state.chance.permille(500) {
            // They had not left when the process ended.
            return self.queue.lock().clear();
        }
        let reached = state.is_reached(self.process.as_ref());
        let mut queue = self.queue.lock();
        let Some(first) = queue.front() else { return };
        let later = match (first.due > now, reached) {
            (true, _) => Some(first.due),
            (false, false) if first.expires > now => Some(now + RETRY),
            _ => None,
        };
        if let Some(later) = later {
            drop(queue);
            return self.plan(state, later);
        }
        let Some(commit) = queue.pop_front() else {
            return;
        };
        let next = queue.front().map(|next| next.due);
        drop(queue);
        let outcome = match reached {
            true => self.at_broker(state, &commit),
            false => Err(failed("the coordinator did not answer")),
        };
        let delay = state.delay();
        let answer = commit.answer;
        state.after(delay, Box::new(move |_| answer.tell(outcome)));
        if let Some(next) = next {
            self.plan(state, next);
        }
    }

    fn at_broker(&self, state: &mut State, commit: &Commit) -> Result<(), CommitError> {
        let faults = state.faults;
        if state.chance.permille(faults.commits_refused) {
            return Err(failed("the coordinator refused"));
        }
        let offsets = &commit.offsets;
        let outcome = state.in_group(&self.group, |group, _, faults, chance| {
            let outcome = group.commit(commit.member, offsets, faults, chance);
            (outcome, Vec::new())
        });
        match outcome {
            Ok(()) if state.chance.permille(faults.commits_unacknowledged) => {
                Err(failed("the coordinator did not answer"))
            }
            Ok(()) => Ok(()),
            Err(refused) => Err(CommitError {
                between_generations: refused == Refused::BetweenGenerations,
                ..failed(&format!("{refused:?}"))
            }),
        }
    }
}

impl Answer {
    fn tell(self, outcome: Result<(), CommitError>) {
        match self {
            Self::Mail(mailbox, seq) => {
                let outcome = outcome.map_err(|failed| failed.error);
                mailbox.put(Message::Committed(seq, outcome));
            }
            // Who waited may be gone.
            Self::Waits(waiter) => drop(waiter.send(outcome)),
        }
    }
}

fn failed(message: &str) -> CommitError {
    CommitError {
        error: TransportError::new(Failure::Unreachable, message),
        between_generations: false,
    }
}
