//! A process of a scenario.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use kafka_rpc_checker::{Blow, What};
use kafka_rpc_tests::process::Child;
use rustix::process::{Pid, Signal, kill_process};
use tokio::task::block_in_place;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::clock::History;

/// With three brokers and two cores, where some of the brokers may be away.
const STARTS: Duration = Duration::from_secs(120);
const ENDS: Duration = Duration::from_secs(60);

/// What is wrong where a process runs.
#[derive(Clone, Debug, Default)]
pub(crate) enum Trouble {
    #[default]
    None,
    /// Its clock of the day is off by so many seconds.
    Clock(i64),
    /// Its disk is full as long as there is this file.
    Disk(PathBuf),
}

impl Trouble {
    fn befall(&self, command: &mut Command) {
        match self {
            Self::None => {}
            Self::Clock(seconds) => {
                command
                    .env("LD_PRELOAD", env!("CLOCK_SHIFT"))
                    .env("SHIFT_CLOCK_SECONDS", seconds.to_string());
            }
            Self::Disk(file) => {
                command
                    .env("LD_PRELOAD", env!("DISK_FULL"))
                    .env("DISK_FULL", file);
            }
        }
    }
}

pub(crate) struct Node {
    pub(crate) name: String,
    /// What it is called in its group, whichever process it is.
    pub(crate) instance: Option<String>,
    child: Child,
    ready: bool,
    /// Where what it printed is kept.
    log: PathBuf,
}

impl Node {
    /// `role` is what the program runs as, and `settings` what it is told.
    pub(crate) fn launch(
        name: String,
        role: &str,
        settings: &str,
        folder: &Path,
        trouble: &Trouble,
    ) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("this program can't be found")?;
        let mut command = Command::new(program);
        command.args([role, settings]);
        trouble.befall(&mut command);
        let child = Child::spawn(&mut command);
        let log = folder.join(format!("{name}.log"));
        Ok(Self {
            name,
            instance: None,
            child,
            ready: false,
            log,
        })
    }

    pub(crate) fn is_ready(&mut self) {
        if !self.ready {
            block_in_place(|| self.child.wait_for_line("ready", STARTS));
            self.ready = true;
        }
    }

    /// SIGKILL: it does not get to know of it.
    pub(crate) fn kill(mut self, history: &History) -> anyhow::Result<()> {
        self.tell(history, Blow::Killed)?;
        self.child.kill();
        Ok(())
    }

    /// SIGTERM.
    pub(crate) fn tell_to_end(&mut self, history: &History) -> anyhow::Result<()> {
        self.tell(history, Blow::Told)?;
        self.child.terminate();
        Ok(())
    }

    pub(crate) fn has_ended(mut self) -> anyhow::Result<()> {
        let status = block_in_place(|| {
            self.child.wait_for_line("ended", ENDS);
            self.child.wait(ENDS)
        });
        anyhow::ensure!(
            status.success(),
            "{} ended with {status}: {}",
            self.name,
            self.child.printed()
        );
        Ok(())
    }

    /// SIGSTOP.
    pub(crate) fn pause(&mut self, history: &History) -> anyhow::Result<()> {
        self.tell(history, Blow::Paused)?;
        self.signal(Signal::STOP)
    }

    /// SIGCONT.
    pub(crate) fn resume(&mut self, history: &History) -> anyhow::Result<()> {
        self.signal(Signal::CONT)?;
        self.tell(history, Blow::Resumed)
    }

    pub(crate) fn tell(&self, history: &History, by: Blow) -> anyhow::Result<()> {
        let on = self.name.clone();
        history.tell(What::Hit { on, by })
    }

    fn signal(&mut self, signal: Signal) -> anyhow::Result<()> {
        let id = i32::try_from(self.child.id())?;
        let id = Pid::from_raw(id).context("a process has no number")?;
        kill_process(id, signal).with_context(|| format!("can't signal {}", self.name))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Only the history is needed; this is for those who look into it.
        let _unwritten = fs::write(&self.log, self.child.printed());
    }
}

/// Of a child: whoever runs the scenario shows them where it fails.
pub(crate) fn shows_warnings() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into());
    tracing_subscriber::fmt()
        .with_env_filter(filter.from_env_lossy())
        .with_writer(io::stderr)
        .init();
}
