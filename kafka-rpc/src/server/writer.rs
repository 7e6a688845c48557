use std::sync::Arc;

use parking_lot::Mutex;

use crate::transport::{Outgoing, Producer, Undelivered};

/// Where replies are written: a producer that comes after those who write, and goes before them.
#[derive(Default)]
pub(super) struct ReplyWriter(Mutex<Option<Arc<dyn Producer>>>);

impl ReplyWriter {
    /// The producer reports to the calls, so it comes after them; `None` when the server has ended.
    pub(super) fn set(&self, producer: Option<Arc<dyn Producer>>) {
        *self.0.lock() = producer;
    }

    /// Queues a record. Without a producer nobody reads it any more.
    pub(super) fn write(
        &self,
        record: Outgoing,
        token: Option<u128>,
    ) -> Result<(), Box<Undelivered>> {
        let producer = self.0.lock().clone();
        match producer {
            Some(producer) => producer.send(record, token),
            None => Ok(()),
        }
    }
}
