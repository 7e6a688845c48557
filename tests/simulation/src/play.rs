//! One simulation, from its seed to what the checker finds.

use std::time::Duration;

use kafka_rpc::simulation::{Broker, Bug, Chance, Scope, plant};
use kafka_rpc::{Cluster, simulation::Faults};
use kafka_rpc_checker::{Allowance, Event, check};
use tokio::runtime::Builder;

use crate::client::{ClientNode, topics};
use crate::director::direct;
use crate::ending::end;
use crate::plan::Plan;
use crate::server::{DRAIN_TIME, ServerNode};
use crate::stage::History;
use crate::store::Database;

/// How long leaving the group may take.
const LEAVES: Duration = Duration::from_secs(10);
const ALLOWANCE: Allowance = Allowance {
    outcome: Duration::from_millis(100),
    wakes_up: Duration::from_millis(10),
    drain: DRAIN_TIME.saturating_add(LEAVES),
};

/// What became of a simulation.
#[derive(Debug)]
pub struct Played {
    /// Calls that were made.
    pub calls: usize,
    /// What should not have been.
    pub violations: Vec<String>,
    /// All that happened.
    pub history: Vec<Event>,
}

impl Played {
    /// Whether two simulations went the same way.
    pub fn digest(&self) -> u32 {
        let mut digest = crc32fast::Hasher::new();
        for event in &self.history {
            digest.update(format!("{event:?}").as_bytes());
        }
        digest.finalize()
    }
}

/// All that is there.
pub(crate) struct World {
    pub(crate) broker: Broker,
    pub(crate) database: Database,
    pub(crate) cluster: Cluster,
    pub(crate) history: History,
    pub(crate) plan: Plan,
    pub(crate) chance: Chance,
    pub(crate) servers: Vec<ServerNode>,
    /// Servers that were told to end.
    pub(crate) leaving: Vec<ServerNode>,
    pub(crate) clients: Vec<ClientNode>,
    launched: usize,
}

/// Plays the simulation of a seed. The same seed goes the same way.
///
/// # Errors
/// When there can be no runtime.
pub fn play(seed: u64) -> anyhow::Result<Played> {
    play_with(seed, None)
}

/// The same, with a bug that is planted in the library.
///
/// # Errors
/// As [`play`].
pub fn play_with(seed: u64, bug: Option<Bug>) -> anyhow::Result<Played> {
    plant(bug);
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    let history = runtime.block_on(whole(seed));
    drop(runtime);
    plant(None);
    let mut report = check(&history, &ALLOWANCE);
    report.violations.sort();
    Ok(Played {
        calls: report.calls,
        violations: report.violations,
        history,
    })
}

async fn whole(seed: u64) -> Vec<Event> {
    let _scope = Scope::enter(seed);
    let mut chance = Chance::new(!seed);
    let plan = Plan::draw(&mut chance);
    let broker = Broker::start(chance.fork(), plan.faults);
    let cluster = broker.cluster().topics(topics(&plan));
    let history = History::new();
    let database = Database::new(history.teller("database"), chance.fork());
    let mut world = World {
        broker,
        database,
        cluster,
        history,
        chance,
        servers: Vec::new(),
        leaving: Vec::new(),
        clients: Vec::new(),
        launched: 0,
        plan,
    };
    for _ in 0..world.plan.servers {
        world.launch_server();
    }
    for _ in 0..world.plan.clients {
        world.launch_client();
    }
    direct(&mut world).await;
    end(&mut world).await;
    world.history.take()
}

impl World {
    pub(crate) fn launch_server(&mut self) {
        let name = self.name("server");
        let teller = self.history.teller(&name);
        let database = (!self.plan.in_topics).then_some(&self.database);
        let server = ServerNode::launch(&self.cluster, database, teller, self.chance.fork());
        self.servers.push(server);
    }

    pub(crate) fn launch_client(&mut self) {
        let name = self.name("client");
        let teller = self.history.teller(&name);
        let chance = self.chance.fork();
        let client = ClientNode::launch(&self.cluster, teller, chance, &self.plan);
        self.clients.push(client);
    }

    pub(crate) fn name(&mut self, role: &str) -> String {
        self.launched += 1;
        format!("{role}-{}", self.launched)
    }

    /// Nothing goes wrong any more.
    pub(crate) fn calm(&self) {
        self.broker.set_faults(Faults {
            usual_delay: 5,
            session_timeout: self.plan.faults.session_timeout,
            ..Faults::NONE
        });
    }
}
