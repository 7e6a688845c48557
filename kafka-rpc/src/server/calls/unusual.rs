use tokio::time::Instant;

use crate::hashing::HashMap;
use crate::server::dispatch::Ticket;

/// What is known of calls whose records go another way than one reply that is acknowledged at once.
/// There are few of them, and most of the time none.
#[derive(Debug, Default)]
pub(super) struct Unusual {
    /// When a record of a call could not be written for the first time.
    failing: HashMap<Ticket, Instant>,
    /// The calls of which two records are not acknowledged yet: the reply, and the dead letter.
    two: HashMap<Ticket, ()>,
}

impl Unusual {
    /// A call has two records that are to be acknowledged.
    pub(super) fn owes_two(&mut self, ticket: Ticket) {
        self.two.insert(ticket, ());
    }

    /// Since when its records have failed; whether that is new.
    pub(super) fn fails(&mut self, ticket: Ticket, now: Instant) -> (Instant, bool) {
        let new = !self.failing.contains_key(&ticket);
        (*self.failing.entry(ticket).or_insert(now), new)
    }

    /// Keeps those of the calls a record of which was acknowledged, or given up, that have no other.
    pub(super) fn acknowledged(&mut self, tickets: &mut Vec<Ticket>) {
        if !self.failing.is_empty() {
            for ticket in &*tickets {
                self.failing.remove(ticket);
            }
        }
        if !self.two.is_empty() {
            tickets.retain(|ticket| self.two.remove(ticket).is_none());
        }
    }

    /// The call is another's now.
    pub(super) fn forget(&mut self, ticket: Ticket) {
        self.failing.remove(&ticket);
        self.two.remove(&ticket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::dispatch::PartitionId;

    fn ticket(offset: i64) -> Ticket {
        Ticket {
            partition: PartitionId::from_bits(0),
            offset,
        }
    }

    #[test]
    fn a_call_with_a_reply_and_a_letter_is_settled_by_the_second_acknowledgement() {
        let mut unusual = Unusual::default();
        unusual.owes_two(ticket(1));
        let mut settled = vec![ticket(0), ticket(1)];
        unusual.acknowledged(&mut settled);
        assert_eq!(settled, [ticket(0)]);
        let mut settled = vec![ticket(1)];
        unusual.acknowledged(&mut settled);
        assert_eq!(settled, [ticket(1)]);
    }
}
