use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::Settings;
use crate::process::Child;

const STARTS: Duration = Duration::from_secs(60);
const ENDS: Duration = Duration::from_secs(45);

/// A running server process. It is killed when this drops.
pub struct DeskServer(Child);

impl DeskServer {
    /// Starts a program that passes its arguments on to [`serve`](super::serve). It is not ready yet.
    #[track_caller]
    pub fn launch(program: impl AsRef<Path>, settings: &Settings) -> Self {
        let mut command = Command::new(program.as_ref());
        Self(Child::spawn(
            command.arg("serve").args(settings.to_arguments()),
        ))
    }

    /// As [`launch`](Self::launch), and waits until it takes calls.
    ///
    /// # Panics
    /// When it does not within a minute.
    #[track_caller]
    pub fn start(program: impl AsRef<Path>, settings: &Settings) -> Self {
        let mut server = Self::launch(program, settings);
        server.ready();
        server
    }

    /// Waits until it takes calls.
    ///
    /// # Panics
    /// When it does not within a minute.
    #[track_caller]
    pub fn ready(&mut self) {
        self.0.wait_for_line("ready", STARTS);
    }

    /// Its process id, as it is in [`Run::server`](super::Run::server).
    pub fn id(&mut self) -> u32 {
        self.0.id()
    }

    /// SIGKILL. Returns when it has ended.
    #[track_caller]
    pub fn kill(&mut self) {
        self.0.kill();
    }

    /// SIGTERM. Returns when it has ended.
    ///
    /// # Panics
    /// When it does not shut down in good order.
    #[track_caller]
    pub fn shut_down(&mut self) {
        self.0.terminate();
        self.0.wait_for_line("ended", ENDS);
        let status = self.0.wait(ENDS);
        assert!(status.success(), "{status}: {}", self.0.printed());
    }

    /// What it printed so far.
    pub fn printed(&self) -> String {
        self.0.printed()
    }
}
