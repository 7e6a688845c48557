use std::time::Duration;

use super::home::Home;
use super::user::{ADMIN, User};
use crate::process;

/// A run of one of Kafka's command line tools, prepared by [`Broker::tool`](super::Broker::tool).
///
/// It gets `--bootstrap-server`, and on a broker with ACLs `--command-config` for its user, which is
/// [`ADMIN`](super::ADMIN) unless set.
#[must_use = "nothing runs until `run` or `output` is called"]
pub struct Tool<'a> {
    home: &'a Home,
    bootstrap: String,
    class: String,
    arguments: Vec<String>,
    input: Vec<u8>,
    user: User,
    limit: Duration,
}

/// What a tool printed.
#[derive(Clone, Debug)]
pub struct ToolOutput {
    /// Whether its exit status was 0. Many of Kafka's tools report a failure on stdout alone.
    pub success: bool,
    /// Its stdout.
    pub stdout: String,
    /// Its stderr, where also its log goes.
    pub stderr: String,
}

impl<'a> Tool<'a> {
    pub(super) fn new(home: &'a Home, bootstrap: &str, class: &str, arguments: &[&str]) -> Self {
        Self {
            home,
            bootstrap: bootstrap.to_owned(),
            class: class.to_owned(),
            arguments: arguments
                .iter()
                .map(|&argument| argument.to_owned())
                .collect(),
            input: Vec::new(),
            user: ADMIN,
            limit: Duration::from_secs(60),
        }
    }

    /// What it reads on stdin: nothing unless set.
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Who runs it, on a broker with ACLs.
    pub fn as_user(mut self, user: User) -> Self {
        self.user = user;
        self
    }

    /// How long it may run before it is killed: 60 seconds unless set.
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it and returns its stdout.
    ///
    /// # Panics
    /// When it fails or its time is up, with all that it printed.
    #[track_caller]
    pub fn run(self) -> String {
        let class = self.class.clone();
        let output = self.output();
        assert!(
            output.success,
            "{class} failed:\n{}\n{}",
            output.stdout, output.stderr
        );
        output.stdout
    }

    /// Runs it and returns what it printed, also when it fails.
    ///
    /// # Panics
    /// When its time is up, with all that it printed.
    #[track_caller]
    pub fn output(self) -> ToolOutput {
        let mut java = self.home.java();
        java.arg("-Xmx256m")
            .arg(&self.class)
            .args(["--bootstrap-server", &self.bootstrap])
            .args(&self.arguments);
        if let Some(config) = self.home.client_config(self.user) {
            java.arg("--command-config").arg(config);
        }
        let output = process::run(&mut java, &self.input, self.limit)
            .unwrap_or_else(|why| panic!("{}: {why}", self.class));
        ToolOutput {
            success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
