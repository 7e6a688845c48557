//! What happened, as each process saw it: a line of JSON for each event.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// What happened, when and where.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// In microseconds, by a clock that all nodes share and that nobody sets.
    pub at: u64,
    /// Which node tells it: a client, a server, or whoever breaks things.
    pub node: String,
    /// What it is.
    #[serde(flatten)]
    pub what: What,
}

/// What happened. A call has a name that no other has.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// A client begins a call.
    Called {
        /// Its name.
        call: String,
        /// Where it has a key: that, and which call of its caller with it this is.
        order: Option<(String, u64)>,
        /// When it has to be over, as `at`. A call that is left with Kafka has no need to be.
        deadline: Option<u64>,
    },
    /// Kafka has the request of a call that is left with it; its handle.
    Kept {
        /// The call.
        call: String,
        /// Its handle, as text.
        handle: String,
    },
    /// A caller is told the outcome of a call.
    Ended {
        /// The call.
        call: String,
        /// Which call the reply names, or the status.
        outcome: Result<String, String>,
        /// When it was told, as `at` of the event, which may be written later.
        ended: u64,
    },
    /// A handler begins.
    Started {
        /// The call.
        call: String,
        /// As in [`Called`](Self::Called).
        order: Option<(String, u64)>,
        /// Topic, partition and offset of the request.
        origin: (String, i32, i64),
    },
    /// A handler has done its work.
    Finished {
        /// The call.
        call: String,
    },
    /// A handler has failed. The call may be handled again.
    Failed {
        /// The call.
        call: String,
    },
    /// The call is of a method that is handled at most once.
    Once {
        /// The call.
        call: String,
    },
    /// The call is of a method that is deduplicated, and has no other name in its store.
    Deduplicated {
        /// The call.
        call: String,
    },
    /// What a deduplicated call came to is recorded in a store that all servers share.
    Recorded {
        /// The call.
        call: String,
    },
    /// Its caller waits for the call no longer, and is told no outcome.
    Cancelled {
        /// The call.
        call: String,
    },
    /// The call's request is a dead letter.
    Buried {
        /// The call.
        call: String,
    },
    /// The reply of a call that was left with Kafka is kept no more.
    Forgotten {
        /// The call.
        call: String,
    },
    /// What a node has not given back that has come to its end.
    Left {
        /// What it is.
        what: String,
        /// How many of it.
        count: usize,
    },
    /// A client has no calls left, and ends.
    Done,
    /// A server is told to end.
    Draining,
    /// A server has ended in good order.
    Drained,
    /// What is done to a node by whoever runs the scenario.
    Hit {
        /// The node.
        on: String,
        /// What is done to it.
        by: Blow,
    },
}

/// What is done to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Blow {
    /// SIGKILL.
    Killed,
    /// SIGTERM: it shall end in good order.
    Told,
    /// SIGSTOP.
    Paused,
    /// SIGCONT.
    Resumed,
    /// It reaches no broker any more.
    Cut,
    /// It does again.
    Joined,
}

const EXTENSION: &str = "jsonl";

/// Writes events to a file of its own.
pub struct History {
    file: File,
    node: String,
}

impl History {
    /// Goes on with the node's file in a folder.
    ///
    /// # Errors
    /// When the file can't be opened.
    pub fn append(folder: &Path, node: &str) -> anyhow::Result<Self> {
        let path = file(folder, node);
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .with_context(|| format!("can't write {}", path.display()))?;
        Ok(Self {
            file,
            node: node.to_owned(),
        })
    }

    /// At once and without a buffer: the process may be killed at any time.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn tell(&self, at: u64, what: What) -> anyhow::Result<()> {
        let event = Event {
            at,
            node: self.node.clone(),
            what,
        };
        let mut line = serde_json::to_vec(&event)?;
        line.push(b'\n');
        (&self.file)
            .write_all(&line)
            .context("can't write the history")
    }
}

/// The events of all files in a folder, by time.
///
/// # Errors
/// When a file can't be read, or has a line that is no event. The last line of a file may be cut.
pub fn read(folder: &Path) -> anyhow::Result<Vec<Event>> {
    let mut events = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_none_or(|extension| extension != EXTENSION)
        {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        for line in text.lines() {
            // Of a process that was killed the last line may be cut.
            match serde_json::from_str(line) {
                Ok(event) => events.push(event),
                Err(_) if !text.ends_with('\n') && text.ends_with(line) => {}
                Err(error) => anyhow::bail!("{}: {error} in {line:?}", path.display()),
            }
        }
    }
    events.sort_by_key(|event: &Event| event.at);
    Ok(events)
}

fn file(folder: &Path, node: &str) -> PathBuf {
    folder.join(format!("{node}.{EXTENSION}"))
}

/// A time in the unit of [`Event::at`].
pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
