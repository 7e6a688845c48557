use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::broker::{Broker, State};
use super::coordinator::MemberId;
use super::mailbox::{Mailbox, Message};
use crate::simulation::Process;

/// Says that a member is alive.
pub(super) struct Heart {
    pub(super) broker: Arc<Broker>,
    pub(super) process: Option<Process>,
    pub(super) group: String,
    pub(super) id: MemberId,
    pub(super) mailbox: Arc<Mailbox>,
}

impl Heart {
    /// Says so until it is heard that it is no member any more.
    pub(super) async fn beat(self, interval: Duration) {
        loop {
            let delay = self.broker.with(State::delay);
            sleep(delay).await;
            let known = self.broker.with(|state| {
                if !state.is_reached(self.process.as_ref()) {
                    return true;
                }
                state.in_group(&self.group, |group, _, _, _| {
                    (group.heartbeat(self.id), Vec::new())
                })
            });
            if !known {
                return self.mailbox.put(Message::Expelled);
            }
            sleep(interval).await;
        }
    }
}
