//! Where runs take place: a Kafka, and for each run topics and processes of its own.

use std::io::{self, Write as _};
use std::process;
use std::time::Duration;

use anyhow::Context as _;

use crate::allocations::Allocated;
use crate::arguments::Place;
use crate::kafka::Kafka;
use crate::process::Process;
use crate::progress::Progress;
use crate::setup::{ClientJob, KafkaSetup, Load, Made, Sample, Setup, Step, SystemName};
use crate::system::floor;

/// How long a server or a client may take to be ready.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(90);
/// How much longer than they should steps may take.
pub(crate) const STEP_LIMIT: Duration = Duration::from_secs(90);

/// What differs from run to run.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) system: SystemName,
    pub(crate) body: usize,
    pub(crate) methods: u32,
    pub(crate) partitions: u32,
    pub(crate) reply_partitions: u32,
    pub(crate) producer: Vec<(String, String)>,
    pub(crate) servers: u32,
    /// Whether the service streams, too.
    pub(crate) streams: bool,
}

impl Default for Settings {
    /// What kafka-rpc does by itself, with the body that is compared by default.
    fn default() -> Self {
        Self {
            system: SystemName::KafkaRpc,
            body: 128,
            methods: 1,
            partitions: 4,
            reply_partitions: 4,
            producer: Vec::new(),
            servers: 1,
            streams: false,
        }
    }
}

pub(crate) struct Stage {
    kafka: Option<Kafka>,
    runs: u32,
}

/// One run: servers that are ready.
pub(crate) struct Scene {
    pub(crate) setup: Setup,
    pub(crate) servers: Vec<Process>,
    addresses: Vec<String>,
    broker_processes: Vec<u32>,
}

impl Stage {
    pub(crate) fn new(place: &Place, progress: &Progress) -> anyhow::Result<Self> {
        progress.says("getting Kafka ready");
        Ok(Self {
            kafka: Some(Kafka::at(place)?),
            runs: 0,
        })
    }

    /// For systems that need none.
    pub(crate) fn without_kafka() -> Self {
        Self {
            kafka: None,
            runs: 0,
        }
    }

    /// A load that nobody looks at, of each of these systems that is on Kafka: the broker's JVM compiles what a system
    /// asks of it, and begins anew when another asks for something else.
    pub(crate) fn warm_up(
        &mut self,
        systems: &[SystemName],
        load: &Load,
        time: Duration,
        progress: &Progress,
    ) -> anyhow::Result<()> {
        if time.is_zero() {
            return Ok(());
        }
        let load = Load {
            measured: time,
            ..load.clone()
        };
        for system in systems.iter().filter(|system| system.needs_kafka()) {
            progress.says(&format!("warming Kafka up: {system}"));
            let settings = Settings {
                system: *system,
                ..Settings::default()
            };
            self.run(&settings, |scene| scene.client(1)?.load(&load))
                .with_context(|| format!("{system}, to warm Kafka up"))?;
        }
        Ok(())
    }

    /// Sets a scene, acts in it, and removes what it leaves on Kafka.
    pub(crate) fn run<T>(
        &mut self,
        settings: &Settings,
        act: impl FnOnce(&mut Scene) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let setup = self.prepare(settings)?;
        let outcome = self.act(&setup, settings, act);
        self.remove(&setup);
        outcome
    }

    /// A new prefix, and the topics of a system that does not create its own.
    fn prepare(&mut self, settings: &Settings) -> anyhow::Result<Setup> {
        self.runs += 1;
        let bootstrap = self.kafka.as_ref().map(Kafka::bootstrap);
        let setup = Setup {
            system: settings.system,
            body: settings.body,
            methods: settings.methods,
            streams: settings.streams,
            kafka: KafkaSetup {
                brokers: bootstrap.unwrap_or_default().to_owned(),
                prefix: format!("kafka-rpc-bench.{}.{}.", process::id(), self.runs),
                partitions: settings.partitions,
                reply_partitions: settings.reply_partitions,
                producer: settings.producer.clone(),
            },
        };
        if let (true, Some(kafka)) = (settings.system.is_bare(), &self.kafka) {
            kafka.create(&floor::topics(&setup))?;
        }
        Ok(setup)
    }

    fn act<T>(
        &self,
        setup: &Setup,
        settings: &Settings,
        act: impl FnOnce(&mut Scene) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let mut servers = (0..settings.servers)
            .map(|_| Process::spawn("server", setup))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let addresses = servers
            .iter_mut()
            .map(|server| server.line(START_LIMIT))
            .collect::<anyhow::Result<_>>()?;
        let kafka = self.kafka.as_ref().filter(|_| setup.system.needs_kafka());
        let mut scene = Scene {
            setup: setup.clone(),
            servers,
            addresses,
            broker_processes: kafka.map(Kafka::process_ids).unwrap_or_default(),
        };
        let outcome = act(&mut scene)?;
        scene.servers.into_iter().try_for_each(Process::end)?;
        Ok(outcome)
    }

    fn remove(&self, setup: &Setup) {
        let prefix = &setup.kafka.prefix;
        if let (true, Some(kafka)) = (setup.system.needs_kafka(), &self.kafka)
            && let Err(error) = kafka.remove(prefix)
        {
            // What was measured is no worse for it.
            let _nobody_looks = writeln!(
                io::stderr(),
                "what begins with {prefix} is left behind: {error:#}"
            );
        }
    }
}

impl Scene {
    /// A process with so many clients in it, which are connected.
    pub(crate) fn client(&self, clients: u32) -> anyhow::Result<Actor> {
        let job = ClientJob {
            setup: self.setup.clone(),
            clients,
            servers: self.addresses.clone(),
            server_processes: self.servers.iter().map(Process::id).collect(),
            broker_processes: self.broker_processes.clone(),
        };
        let mut process = Process::spawn("client", &job)?;
        process.line(START_LIMIT)?;
        Ok(Actor(process))
    }

    /// A server that was started apart, and said where it is.
    pub(crate) fn add_server(&mut self, server: Process, address: String) {
        self.servers.push(server);
        self.addresses.push(address);
    }
}

/// A client process that takes steps. It ends with this value.
pub(crate) struct Actor(Process);

impl Actor {
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn load(&mut self, load: &Load) -> anyhow::Result<Sample> {
        let limit = load.warm_up + load.measured + STEP_LIMIT;
        self.0.take(&Step::Load(load.clone()), limit)
    }

    pub(crate) fn make(&mut self, calls: u64, callers: u32) -> anyhow::Result<Made> {
        // Far below what any machine does.
        let limit = STEP_LIMIT + Duration::from_secs(calls / 100);
        self.0.take(&Step::Make { calls, callers }, limit)
    }

    pub(crate) fn hold(&mut self, calls: u32, timeout: Duration) -> anyhow::Result<Made> {
        self.0.take(&Step::Hold { calls, timeout }, STEP_LIMIT)
    }

    pub(crate) fn read(&mut self, messages: u64, stop: Duration) -> anyhow::Result<Made> {
        let limit = STEP_LIMIT + stop + Duration::from_secs(messages / 1000);
        self.0.take(&Step::Read { messages, stop }, limit)
    }

    /// `None` where nobody counts.
    pub(crate) fn allocated(&mut self) -> anyhow::Result<Option<Allocated>> {
        self.0.take(&Step::CountAllocations, STEP_LIMIT)
    }

    /// `timeout` is that of the calls that are held.
    pub(crate) fn release(&mut self, timeout: Duration) -> anyhow::Result<Made> {
        self.0.take(&Step::Release, timeout + STEP_LIMIT)
    }
}
