use std::io;
use std::os::unix::process::CommandExt;
use std::process::{self, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A child process that dies with this one, however this one ends: by a return, a panic, an abort or SIGKILL.
///
/// A second process, the watchdog, holds the read end of a pipe whose write end only this process has. When this process ends
/// in any way, the kernel closes the write end, the watchdog reads the end of the file and kills its own process group, which
/// the child (and what the child starts) was put into. Unlike `PR_SET_PDEATHSIG` this does not depend on the thread that
/// spawned the child, which in a test run soon ends, it reaches grandchildren, and it works on every Unix. The group
/// is there before the child is and its number can't be used again while the watchdog lives, so there is no moment at which a
/// child is unwatched and no other process can be hit.
pub(crate) struct Tethered {
    child: process::Child,
    watchdog: process::Child,
}

/// Signals to the group must not end the watchdog first: the kernel sends SIGHUP to an orphaned group with a stopped member.
const WATCHDOG: &str = "trap '' HUP INT QUIT TERM; read -r _; kill -s KILL 0";

impl Tethered {
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Self> {
        let mut watchdog = Command::new("sh")
            .args(["-c", WATCHDOG])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        match command.process_group(group(&watchdog)).spawn() {
            Ok(child) => Ok(Self { child, watchdog }),
            Err(error) => {
                end_group(&mut watchdog);
                Err(error)
            }
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn child(&mut self) -> &mut process::Child {
        &mut self.child
    }

    /// Sends a signal to the child alone. Nothing happens where it has ended.
    pub(crate) fn signal(&mut self, signal: Signal) -> io::Result<()> {
        // Once it has been waited for, its number may belong to another process.
        if self.child.try_wait()?.is_none() {
            kill_process(Pid::from_child(&self.child), signal)?;
        }
        Ok(())
    }

    /// Its exit status, or `None` when it still runs after `limit`.
    pub(crate) fn wait(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let deadline = Instant::now() + limit;
        loop {
            let status = self.child.try_wait()?;
            if status.is_some() || Instant::now() >= deadline {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills the child and what it started, as dropping does.
    pub(crate) fn end(&mut self) {
        // Also directly, in case somebody killed the watchdog.
        let _ = self.child.kill();
        end_group(&mut self.watchdog);
        let _ = self.child.wait();
    }
}

impl Drop for Tethered {
    fn drop(&mut self) {
        self.end();
    }
}

fn group(watchdog: &process::Child) -> i32 {
    Pid::from_child(watchdog).as_raw_nonzero().get()
}

fn end_group(watchdog: &mut process::Child) {
    drop(watchdog.stdin.take());
    let _ = watchdog.wait();
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::OwnedFd;

    use super::*;

    /// A shell whose own child holds the given socket: the other end of it shows when both are gone.
    fn shell_with_a_child(held: TcpStream) -> Tethered {
        let mut command = Command::new("sh");
        command
            .args(["-c", "sleep 300; true"])
            .stdin(OwnedFd::from(held));
        Tethered::spawn(&mut command).unwrap()
    }

    #[test]
    fn dropping_ends_the_child_and_its_children() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let held = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut seen, _) = listener.accept().unwrap();
        seen.set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();

        let child = shell_with_a_child(held);
        thread::sleep(Duration::from_millis(100));
        drop(child);

        let closed = io::Read::read(&mut seen, &mut [0]).unwrap();
        assert_eq!(closed, 0, "the socket is closed once nobody holds it");
    }

    #[test]
    fn a_signal_to_a_child_that_has_ended_is_nothing() {
        let mut child = Tethered::spawn(Command::new("sh").args(["-c", "exit 3"])).unwrap();
        let status = child
            .wait(Duration::from_secs(10))
            .unwrap()
            .expect("it ends at once");
        assert_eq!(status.code(), Some(3));
        child.signal(Signal::TERM).unwrap();
    }

    #[test]
    fn a_program_that_does_not_exist_is_an_error() {
        let error = Tethered::spawn(&mut Command::new("/no/such/program"))
            .err()
            .expect("it can't start");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
