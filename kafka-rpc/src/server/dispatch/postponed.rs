use std::hash::Hash;

use tokio::time::Instant;

use super::{Dispatch, PartitionId, Ticket, touch};

/// What is handled again, and what is kept beyond a call's end.
impl<C, I: Eq + Hash + Clone> Dispatch<C, I> {
    /// The handler of an at-least-once call ended, and is to be started again at `due`. Until then
    /// the call takes up no place among those that run; others with its key wait for it. It takes up
    /// `bytes` among those that wait.
    ///
    /// Gives the call back where its partition is being given up, or was: it is the next owner's, and
    /// has [ended](Self::abandoned) here.
    pub(crate) fn postpone(
        &mut self,
        ticket: Ticket,
        due: Instant,
        bytes: usize,
        call: C,
    ) -> Result<(), C> {
        let turn = self.next_turn;
        let postponed = match self.partitions.get_mut(&ticket.partition) {
            Some(partition) => {
                touch(&mut self.touched, ticket.partition, partition);
                partition.postpone(ticket.offset, turn, due, bytes, call)
            }
            None => Err(call),
        };
        match postponed {
            Ok(()) => {
                self.next_turn += 1;
                self.running -= 1;
                self.postponed.insert((due, ticket));
            }
            Err(_) if self.runs(ticket) => self.abandoned(ticket),
            Err(_) => {}
        }
        postponed
    }

    /// Those of the postponed calls that are due by now may start.
    pub(crate) fn wake(&mut self, now: Instant) {
        while let Some(&(due, ticket)) = self.postponed.first()
            && due <= now
        {
            self.postponed.pop_first();
            let partition = self.partitions.get_mut(&ticket.partition);
            self.ready
                .extend(partition.and_then(|partition| partition.wake(ticket.offset)));
        }
    }

    /// A postponed call is due now, if it is one yet.
    pub(crate) fn hasten(&mut self, ticket: Ticket) {
        let Some(partition) = self.partitions.get_mut(&ticket.partition) else {
            return;
        };
        if let Some(due) = partition.due(ticket.offset) {
            self.postponed.remove(&(due, ticket));
            self.ready.extend(partition.wake(ticket.offset));
        }
    }

    /// When the next of the postponed calls is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.postponed.first().map(|(due, _)| *due)
    }

    /// Until it is settled, a call that runs or has ended takes up so many bytes of what may wait in
    /// its partition.
    pub(crate) fn hold(&mut self, ticket: Ticket, bytes: usize) {
        if let Some(partition) = self.partitions.get_mut(&ticket.partition) {
            touch(&mut self.touched, ticket.partition, partition);
            partition.hold(ticket.offset, bytes);
        }
    }

    pub(super) fn forget_postponed(
        &mut self,
        due: Option<Instant>,
        partition: PartitionId,
        offset: i64,
    ) {
        if let Some(due) = due {
            self.postponed.remove(&(due, Ticket { partition, offset }));
        }
    }
}
