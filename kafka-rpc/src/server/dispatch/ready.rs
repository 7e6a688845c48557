use std::collections::VecDeque;

use super::partition::Ready;
use super::{Ticket, Turn};

/// The waiting calls that may start, by their turn. Most come in its order, and leave at the front.
#[derive(Debug, Default)]
pub(super) struct ReadyCalls(VecDeque<Ready>);

impl ReadyCalls {
    pub(super) fn pop(&mut self) -> Option<Ticket> {
        self.0.pop_front().map(|(_, ticket)| ticket)
    }

    pub(super) fn remove(&mut self, turn: Turn) {
        if let Ok(place) = self.place(turn) {
            self.0.remove(place);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn place(&self, turn: Turn) -> Result<usize, usize> {
        self.0.binary_search_by_key(&turn, |(turn, _)| *turn)
    }
}

impl Extend<Ready> for ReadyCalls {
    fn extend<T: IntoIterator<Item = Ready>>(&mut self, calls: T) {
        for call in calls {
            match self.0.back() {
                // It waited for another one, and those behind it did not; or it is told of again.
                Some((last, _)) if *last >= call.0 => {
                    if let Err(place) = self.place(call.0) {
                        self.0.insert(place, call);
                    }
                }
                _ => self.0.push_back(call),
            }
        }
    }
}
