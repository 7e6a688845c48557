use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::file::File;
use super::now;

/// A record that is to be kept, and who waits for that.
pub(super) struct Write {
    pub(super) call: Bytes,
    pub(super) record: Bytes,
    pub(super) done: oneshot::Sender<Result<(), String>>,
}

/// Writes records one batch after the other: what comes while one is written shares the next.
pub(super) struct Writer {
    file: Arc<File>,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Write>,
    /// Whether somebody is at work who takes what waits.
    is_written: bool,
}

impl Writer {
    pub(super) fn new(file: Arc<File>) -> Self {
        Self {
            file,
            queue: Mutex::default(),
        }
    }

    pub(super) fn write(self: &Arc<Self>, write: Write) {
        let is_written = {
            let mut queue = self.queue.lock();
            queue.waiting.push(write);
            std::mem::replace(&mut queue.is_written, true)
        };
        if !is_written {
            let turn = Turn(Arc::clone(self));
            spawn_blocking(move || turn.run());
        }
    }
}

/// Whoever is at work. Where the runtime ends first, those who wait are told by their channels, and the
/// next one to write begins anew.
struct Turn(Arc<Writer>);

impl Turn {
    fn run(self) {
        while let Some(batch) = self.0.queue.lock().take() {
            let records = batch.iter().map(|write| (&*write.call, &*write.record));
            let outcome = self.0.file.keep(records, now());
            let outcome = outcome.map_err(|error| error.to_string());
            for write in batch {
                let _unwanted = write.done.send(outcome.clone());
            }
        }
    }
}

impl Queue {
    /// What is to be written next. `None` ends the turn.
    fn take(&mut self) -> Option<Vec<Write>> {
        self.is_written = !self.waiting.is_empty();
        self.is_written.then(|| std::mem::take(&mut self.waiting))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut queue = self.0.queue.lock();
        if queue.is_written {
            *queue = Queue::default();
        }
    }
}
