use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::builder::Builder;
use super::detour::Detour;
use super::home::Home;
use super::port::Port;
use super::probe;
use super::tool::Tool;
use crate::process::Tethered;

/// One running Kafka broker, killed when this drops and when the test process ends in any way.
///
/// What would disturb other tests needs `&mut`, so it can't be done to the [`shared`](super::shared) broker.
pub struct Broker {
    // Dropped first, as it writes to the home's folder.
    process: Option<Tethered>,
    id: usize,
    bootstrap: String,
    ports: Ports,
    server_properties: PathBuf,
    boots: u32,
    home: Arc<Home>,
    jvm: Jvm,
}

/// What a broker listens on.
pub(super) struct Ports {
    pub(super) client: Port,
    pub(super) controller: Port,
    pub(super) detours: Vec<Detour>,
}

impl Ports {
    pub(super) fn claim(detours: usize) -> Result<Self, String> {
        Ok(Self {
            client: Port::claim()?,
            controller: Port::claim()?,
            detours: (0..detours)
                .map(|_| Detour::claim())
                .collect::<Result<_, _>>()?,
        })
    }
}

/// What a broker's JVM is tuned for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Jvm {
    #[default]
    QuickStart,
    FullSpeed,
}

impl Jvm {
    /// After [`Home::java`]'s own, over which they count.
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::QuickStart => &["-Xmx512m"],
            // 4 is the last tier: the optimising compiler.
            Self::FullSpeed => &["-Xmx1g", "-XX:TieredStopAtLevel=4"],
        }
    }
}

const BOOT_LIMIT: Duration = Duration::from_secs(90);
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// What KafkaRaftServer logs when the broker is registered and unfenced: topics can be created from then on.
const STARTED: &str = "Kafka Server started";

impl Broker {
    /// Boots a broker for one test, as [`Builder::new`] describes it.
    #[track_caller]
    pub fn start() -> Self {
        Builder::new().start()
    }

    pub(super) fn new(
        id: usize,
        ports: Ports,
        server_properties: PathBuf,
        home: Arc<Home>,
        jvm: Jvm,
    ) -> Self {
        let bootstrap = format!("127.0.0.1:{}", ports.client.number());
        Self {
            process: None,
            id,
            bootstrap,
            ports,
            server_properties,
            boots: 0,
            home,
            jvm,
        }
    }

    /// `host:port` of this broker. It stays the same over a restart.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// The further ways to it, as many as [`Builder::detours`] says.
    pub fn detours(&self) -> &[Detour] {
        &self.ports.detours
    }

    /// The id of its process, to watch it by; `None` when it is not running.
    pub fn process_id(&self) -> Option<u32> {
        self.process.as_ref().map(Tethered::id)
    }

    /// A Kafka command line class, such as `org.apache.kafka.tools.TopicCommand`, against this broker.
    pub fn tool(&self, class: &str, arguments: &[&str]) -> Tool<'_> {
        Tool::new(&self.home, &self.bootstrap, class, arguments)
    }

    /// SIGTERM, a controlled shutdown. Returns when the process has ended. Nothing happens when it is not running.
    ///
    /// # Panics
    /// When it has not ended after 30 seconds.
    #[track_caller]
    pub fn stop(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        let ended = process
            .signal(Signal::TERM)
            .and_then(|()| process.wait(STOP_LIMIT));
        if !matches!(ended, Ok(Some(_))) {
            panic!(
                "broker {} did not stop within {STOP_LIMIT:?}: {ended:?}.\n{}",
                self.id,
                self.log_tail()
            );
        }
    }

    /// SIGKILL, a crash. Returns when the process has ended. Nothing happens when it is not running.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Boots it with the same ports and data and waits until it answers; stops it before if it is running.
    ///
    /// After a [`kill`](Self::kill) this takes some seconds longer, until the session of the killed broker is over.
    ///
    /// # Panics
    /// As [`Builder::start`] does.
    #[track_caller]
    pub fn restart(&mut self) {
        self.stop();
        if let Err(why) = self.spawn().and_then(|()| self.wait_until_ready()) {
            panic!("{why}");
        }
    }

    /// SIGSTOP: connections stay open and nothing is answered until [`resume`](Self::resume).
    #[track_caller]
    pub fn pause(&mut self) {
        self.signal(Signal::STOP);
    }

    /// SIGCONT: ends a [`pause`](Self::pause).
    #[track_caller]
    pub fn resume(&mut self) {
        self.signal(Signal::CONT);
    }

    #[track_caller]
    fn signal(&mut self, signal: Signal) {
        let Some(process) = &mut self.process else {
            panic!("broker {} is not running", self.id)
        };
        if let Err(error) = process.signal(signal) {
            panic!("can't send {signal:?} to broker {}: {error}", self.id);
        }
    }

    pub(super) fn spawn(&mut self) -> Result<(), String> {
        self.boots += 1;
        let failed = |error: std::io::Error| format!("can't start broker {}: {error}", self.id);
        let log = File::create(self.log_path()).map_err(failed)?;
        let mut java = self.home.java();
        java.args(self.jvm.arguments())
            .arg("kafka.Kafka")
            .arg(&self.server_properties);
        java.stdin(Stdio::null())
            .stdout(log.try_clone().map_err(failed)?)
            .stderr(log);
        self.process = Some(Tethered::spawn(&mut java).map_err(failed)?);
        Ok(())
    }

    pub(super) fn wait_until_ready(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + BOOT_LIMIT;
        while let Err(why) = self.is_ready() {
            if let Some(status) = self.ended()? {
                return Err(format!(
                    "broker {} ended with {status} before it was ready. Are its properties right, is there a Java 17 or \
                     later and memory for it?\n{}",
                    self.id,
                    self.log_tail()
                ));
            }
            if Instant::now() >= deadline {
                return Err(format!(
                    "broker {} was not ready after {BOOT_LIMIT:?} ({why}). Is the machine overloaded, or 127.0.0.1 closed?\n{}",
                    self.id,
                    self.log_tail()
                ));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn is_ready(&self) -> Result<(), String> {
        if !self.log().contains(STARTED) {
            return Err(format!("its log does not say {STARTED:?}"));
        }
        probe::answers(self.ports.client.number(), Duration::from_secs(1))
            .map_err(|error| error.to_string())
    }

    fn ended(&mut self) -> Result<Option<std::process::ExitStatus>, String> {
        let Some(process) = &mut self.process else {
            return Ok(None);
        };
        process
            .wait(Duration::ZERO)
            .map_err(|error| format!("can't watch broker {}: {error}", self.id))
    }

    /// The file that a partition's first records are in.
    pub(super) fn segment(&self, topic: &str, partition: i32) -> PathBuf {
        self.home
            .path(&format!("broker-{}", self.id))
            .join(format!("{topic}-{partition}"))
            .join("00000000000000000000.log")
    }

    fn log_path(&self) -> PathBuf {
        self.home
            .path(&format!("broker-{}-boot-{}.log", self.id, self.boots))
    }

    /// What it has logged since it was last booted.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_path()).unwrap_or_default()).into_owned()
    }

    fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let tail = &lines[lines.len().saturating_sub(60)..];
        format!("The end of its log:\n{}", tail.join("\n"))
    }
}
