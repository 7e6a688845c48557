use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::Tethered;
use super::printed::{Printed, Source, read_lines};

/// How long the last of what a process printed may take to be read.
const LAST_LINES: Duration = Duration::from_secs(5);

/// A process that a test started, such as a server that is to be killed: it ends when this value drops, and with the test.
///
/// ```no_run
/// # use std::{process::Command, time::Duration};
/// use kafka_rpc_tests::process::Child;
///
/// let mut server = Child::spawn(Command::new("target/debug/orders-server").arg("127.0.0.1:9092"));
/// server.wait_for_line("ready", Duration::from_secs(30));
/// server.kill();
/// ```
/// In a suite the path is `env!("CARGO_BIN_EXE_orders-server")`. What the process prints is kept, the last 2,000 lines of it,
/// and shown when a wait fails.
pub struct Child {
    name: String,
    process: Tethered,
    output: Arc<Printed>,
    /// Lines before this one have been looked at by `wait_for_line`.
    seen: usize,
    readers: Vec<JoinHandle<()>>,
}

impl Child {
    /// Starts a command; its stdin is empty, its stdout and stderr are read.
    ///
    /// # Panics
    /// When it can't be started.
    #[track_caller]
    pub fn spawn(command: &mut Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = Tethered::spawn(command)
            .unwrap_or_else(|error| panic!("can't start `{name}`: {error}"));
        let output = Arc::new(Printed::default());
        let mut readers = Vec::new();
        if let Some(stdout) = process.child().stdout.take() {
            readers.push(read_lines(stdout, Source::Stdout, Arc::clone(&output)));
        }
        if let Some(stderr) = process.child().stderr.take() {
            readers.push(read_lines(stderr, Source::Stderr, Arc::clone(&output)));
        }
        Self {
            name,
            process,
            output,
            seen: 0,
            readers,
        }
    }

    /// Waits for the next line on stdout that contains `text`, after those that earlier calls returned, and returns it.
    ///
    /// # Panics
    /// When the process closes its stdout or `limit` passes without such a line, with what the process printed.
    #[track_caller]
    pub fn wait_for_line(&mut self, text: &str, limit: Duration) -> String {
        match self.output.next_line(&mut self.seen, text, limit) {
            Ok(line) => line,
            Err(why) => panic!(
                "`{}` printed no line with {text:?}: {why}.\n{}",
                self.name,
                self.output.text()
            ),
        }
    }

    /// Its process id.
    pub fn id(&mut self) -> u32 {
        self.process.child().id()
    }

    /// What it printed so far, stdout and stderr together.
    pub fn printed(&self) -> String {
        self.output.text()
    }

    /// SIGTERM: asks it to shut down. Returns at once.
    #[track_caller]
    pub fn terminate(&mut self) {
        self.signal(Signal::TERM);
    }

    /// SIGKILL to this process alone, not to those that it started. Returns when it has ended.
    #[track_caller]
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.wait(Duration::from_secs(10));
    }

    /// Waits until it ends, and what it printed has been read.
    ///
    /// # Panics
    /// When it still runs after `limit`, with what it printed.
    #[track_caller]
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        match self.process.wait(limit) {
            Ok(Some(status)) => {
                self.read_to_the_end();
                status
            }
            Ok(None) => panic!(
                "`{}` had not ended after {limit:?}.\n{}",
                self.name,
                self.output.text()
            ),
            Err(error) => panic!("can't wait for `{}`: {error}", self.name),
        }
    }

    /// A process that it started itself, and that goes on, may hold the end back: then not for long.
    fn read_to_the_end(&self) {
        let until = Instant::now() + LAST_LINES;
        while self.readers.iter().any(|reader| !reader.is_finished()) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[track_caller]
    fn signal(&mut self, signal: Signal) {
        if let Err(error) = self.process.signal(signal) {
            panic!("can't send {signal:?} to `{}`: {error}", self.name);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.process.end();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    fn sh(script: &str) -> Child {
        Child::spawn(Command::new("sh").args(["-c", script]))
    }

    fn panic_message(action: impl FnOnce()) -> String {
        let panic = catch_unwind(AssertUnwindSafe(action)).expect_err("it panics");
        panic
            .downcast_ref::<String>()
            .expect("a formatted message")
            .clone()
    }

    #[test]
    fn lines_are_found_one_after_the_other() {
        let mut child =
            sh("echo ready 1; echo noise; echo ready 2; echo ready on stderr >&2; sleep 300");
        assert_eq!(child.wait_for_line("ready", SOON), "ready 1");
        assert_eq!(child.wait_for_line("ready", SOON), "ready 2");
        let message =
            panic_message(|| drop(child.wait_for_line("ready", Duration::from_millis(300))));
        assert!(
            message.contains("no line with \"ready\": waited for 300ms"),
            "{message}"
        );
        assert!(message.contains("ready on stderr"), "{message}");
    }

    #[test]
    fn a_process_that_ends_without_the_line_is_not_waited_for() {
        let mut child = sh("echo bad configuration >&2; exit 1");
        assert_eq!(child.wait(SOON).code(), Some(1));
        let started = Instant::now();
        let message = panic_message(|| drop(child.wait_for_line("ready", SOON)));
        assert!(message.contains("its stdout is closed"), "{message}");
        assert!(started.elapsed() < SOON / 2);
    }

    #[test]
    fn only_the_last_lines_are_kept() {
        let mut child = sh(
            "i=0; while [ $i -lt 2500 ]; do echo line $i; i=$((i+1)); done; echo end; sleep 300",
        );
        assert_eq!(child.wait_for_line("end", SOON), "end");
        let printed = child.printed();
        assert!(printed.starts_with("It printed 2501 lines"), "{printed}");
        assert_eq!(printed.lines().count(), 1 + 2_000);
    }

    #[test]
    fn terminate_lets_it_finish_and_kill_does_not() {
        let mut polite =
            sh("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done");
        polite.wait_for_line("ready", SOON);
        polite.terminate();
        assert!(polite.wait(SOON).success());
        polite.wait_for_line("bye", SOON);

        let mut killed =
            sh("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done");
        killed.wait_for_line("ready", SOON);
        killed.kill();
        assert_eq!(killed.wait(SOON).signal(), Some(9));
        assert!(!killed.printed().contains("bye"));
    }
}
