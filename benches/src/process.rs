//! This program once more, as a child.

use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, io};

use anyhow::{Context as _, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::setup::Step;

/// How long a child may take to end when asked to.
const END_LIMIT: Duration = Duration::from_secs(10);

/// A child process. It ends when its stdin does, so also when this process is killed; dropping this ends it at once.
pub(crate) struct Process {
    role: &'static str,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<io::Result<String>>,
}

impl Process {
    /// Starts `role`, one of this program's hidden commands.
    pub(crate) fn spawn(role: &'static str, job: &impl Serialize) -> anyhow::Result<Self> {
        let program = env::current_exe().context("can't tell what program this is")?;
        let mut child = Command::new(program)
            .arg(role)
            .arg(serde_json::to_string(job)?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("can't start the {role}"))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("its stdout is a pipe")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            BufReader::new(stdout)
                .lines()
                .try_for_each(|line| sender.send(line))
        });
        Ok(Self {
            role,
            child,
            stdin,
            lines,
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line that it prints.
    pub(crate) fn line(&mut self, limit: Duration) -> anyhow::Result<String> {
        match self.lines.recv_timeout(limit) {
            Ok(line) => line.with_context(|| format!("can't read what the {} says", self.role)),
            Err(RecvTimeoutError::Timeout) => {
                bail!("the {} said nothing for {limit:?}", self.role)
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.child.wait()?;
                bail!("the {} ended with {status}; it said why above", self.role)
            }
        }
    }

    /// Has it take a step, and returns what it says of it.
    pub(crate) fn take<T: DeserializeOwned>(
        &mut self,
        step: &Step,
        limit: Duration,
    ) -> anyhow::Result<T> {
        let stdin = self.stdin.as_mut().context("it was asked to end")?;
        writeln!(stdin, "{}", serde_json::to_string(step)?)
            .with_context(|| format!("the {} has ended", self.role))?;
        let line = self.line(limit)?;
        serde_json::from_str(&line).with_context(|| format!("the {} said: {line}", self.role))
    }

    /// Asks it to end, and waits for that. A child that goes on is killed, as dropping does.
    pub(crate) fn end(mut self) -> anyhow::Result<()> {
        drop(self.stdin.take());
        let limit = Instant::now() + END_LIMIT;
        while Instant::now() < limit {
            if let Some(status) = self.child.try_wait()? {
                anyhow::ensure!(status.success(), "the {} ended with {status}", self.role);
                return Ok(());
            }
            thread::sleep(Duration::from_millis(5));
        }
        bail!("the {} did not end within {END_LIMIT:?}", self.role)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error means that it has ended before.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}
