//! What has to hold in the end.

use super::world::{LOGS, World};
use super::*;

impl World {
    /// Handles all that is in the logs.
    pub(super) fn run_out(&mut self) {
        for round in 0.. {
            assert!(round < 1_000, "calls are stuck: {self:?}");
            for ticket in self.tickets.clone() {
                self.finish(ticket);
                self.settle(ticket);
            }
            for log in 0..LOGS {
                if self.model.owner_of(log).is_some_and(|owner| owner.revoked) {
                    self.release_orderly(log);
                }
                self.assign(log);
                while self.fetch(log) {}
            }
            self.answer(true, true);
            self.take();
            self.answer(true, true);
            self.pass(20);
            let mut idle = true;
            while self.start() {
                idle = false;
            }
            if idle {
                break;
            }
        }
    }

    /// After all is handled.
    pub(super) fn assert_promises_are_kept(&self) {
        for log in &self.logs {
            for (offset, (record, &starts)) in log.records.iter().zip(&log.starts).enumerate() {
                let least = match record.delivery {
                    _ if record.poison || log.cancelled.contains(&(offset as i64)) => 0,
                    Delivery::AtLeastOnce => 1,
                    Delivery::AtMostOnce => usize::from(self.orderly),
                };
                let most = match record.delivery {
                    _ if record.poison => 0,
                    Delivery::AtLeastOnce if !self.orderly => usize::MAX,
                    _ => 1,
                };
                assert!(
                    (least..=most).contains(&starts),
                    "{record:?} at {offset} was started {starts} times"
                );
            }
        }
    }

    /// After all is handled.
    pub(super) fn assert_nothing_is_left(&mut self) {
        self.assert_counts();
        assert_eq!(
            self.dispatch.running() + self.dispatch.waiting() + self.dispatch.unsettled(),
            0
        );
        assert_eq!(self.dispatch.next_due(), None);
        assert!(self.dispatch.all_drained() && self.dispatch.revoke_all().is_empty());
        for partition in self.dispatch.partitions.values() {
            assert!(partition.holds_nothing(), "{partition:?}");
        }
        for log in 0..LOGS {
            self.release_orderly(log);
        }
        let Dispatch {
            partitions,
            ready,
            touched,
            in_flight,
            ..
        } = &self.dispatch;
        assert!(
            partitions.is_empty() && ready.is_empty() && touched.is_empty() && in_flight.is_none()
        );
    }
}
