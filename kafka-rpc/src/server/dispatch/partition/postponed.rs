use std::hash::Hash;

use tokio::time::Instant;

use super::{Partition, Phase, Ready, Waiting};
use crate::server::dispatch::Turn;

/// What is handled again, and what is kept beyond a call's end.
impl<C, I: Eq + Hash + Clone> Partition<C, I> {
    /// Has a running call wait anew, as the first of its key. Gives it back where it does not run,
    /// or where nothing starts any more.
    pub(in super::super) fn postpone(
        &mut self,
        offset: i64,
        turn: Turn,
        due: Instant,
        bytes: usize,
        call: C,
    ) -> Result<(), C> {
        let running = match self.calls.get_mut(&offset) {
            Some(running)
                if matches!(running.phase, Phase::Running { settled: false }) && !self.revoked =>
            {
                running
            }
            _ => return Err(call),
        };
        running.phase = Phase::Waiting(Waiting { turn, bytes, call });
        self.running -= 1;
        self.waiting += 1;
        self.waiting_bytes += bytes;
        self.postponed.insert(offset, due);
        self.let_go(offset);
        Ok(())
    }

    /// When a postponed call is due.
    pub(in super::super) fn due(&self, offset: i64) -> Option<Instant> {
        self.postponed.get(&offset).copied()
    }

    /// A postponed call is due: it may start, since it is the first of its key.
    pub(in super::super) fn wake(&mut self, offset: i64) -> Option<Ready> {
        self.postponed.remove(&offset)?;
        self.ready(offset)
    }

    /// Until it is settled, the call takes up so many bytes.
    pub(in super::super) fn hold(&mut self, offset: i64, bytes: usize) {
        let phase = self.calls.get(&offset).map(|call| &call.phase);
        if let Some(Phase::Running { settled: false } | Phase::Unsettled) = phase {
            self.held_bytes += bytes;
            *self.held.entry(offset).or_default() += bytes;
        }
    }

    pub(super) fn let_go(&mut self, offset: i64) {
        if !self.held.is_empty() {
            self.held_bytes -= self.held.remove(&offset).unwrap_or_default();
        }
    }
}
