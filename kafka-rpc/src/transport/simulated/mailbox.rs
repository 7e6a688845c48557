use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::transport::{PartitionRef, TransportError};

/// What a member of a group is told.
#[derive(Debug)]
pub(super) enum Message {
    Assign(Vec<PartitionRef>),
    Revoke(Vec<PartitionRef>),
    /// It is no member any more.
    Expelled,
    /// The outcome of a commit.
    Committed(u64, Result<(), TransportError>),
}

/// What has come for a member.
pub(super) struct Mailbox {
    woken: Arc<Notify>,
    inside: Mutex<Inside>,
}

struct Inside {
    /// Rebalances, one after the other.
    rebalances: VecDeque<Message>,
    /// What is handled whatever else is going on.
    others: VecDeque<Message>,
    /// When the last rebalance comes that is on its way.
    last: Instant,
}

impl Mailbox {
    pub(super) fn new(woken: Arc<Notify>) -> Arc<Self> {
        Arc::new(Self {
            woken,
            inside: Mutex::new(Inside {
                rebalances: VecDeque::new(),
                others: VecDeque::new(),
                last: Instant::now(),
            }),
        })
    }

    /// When a message comes, not before those that were sent before.
    pub(super) fn after(&self, at: Instant) -> Instant {
        let mut inside = self.inside.lock();
        inside.last = inside.last.max(at);
        inside.last
    }

    pub(super) fn put(&self, message: Message) {
        let mut inside = self.inside.lock();
        match message {
            Message::Assign(_) | Message::Revoke(_) => inside.rebalances.push_back(message),
            Message::Expelled | Message::Committed(..) => inside.others.push_back(message),
        }
        self.woken.notify_one();
    }

    /// The next message; rebalances only where none is under way.
    pub(super) fn next(&self, rebalances: bool) -> Option<Message> {
        let mut inside = self.inside.lock();
        let other = inside.others.pop_front();
        other.or_else(|| match rebalances {
            true => inside.rebalances.pop_front(),
            false => None,
        })
    }

    pub(super) fn is_empty(&self, rebalances: bool) -> bool {
        let inside = self.inside.lock();
        inside.others.is_empty() && (!rebalances || inside.rebalances.is_empty())
    }
}
