//! What a scenario has: three brokers, ways to them that can be cut, and processes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use kafka_rpc::{Channel, Cluster};
use kafka_rpc_checker::{Blow, What};
use kafka_rpc_tests::foreign::Foreign;
use kafka_rpc_tests::kafka::{Brokers, Builder};
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep, sleep_until};

use crate::chance::Chance;
use crate::client::ClientSettings;
use crate::clock::History;
use crate::link::{Link, Weather};
use crate::node::{Node, Trouble};
use crate::server::ServerSettings;

pub(crate) const SESSION_TIMEOUT: Duration = Duration::from_secs(6);
/// Longer than it takes to notice that a server is gone, and for another one to catch up.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);
const BROKERS: usize = 3;
/// The partitions of the topic of effects.
const EFFECTS: i32 = 4;

/// How a node gets to the brokers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Straight,
    /// By a way that only some nodes take, and that can be cut.
    First,
    Second,
}

impl Way {
    /// All nodes of a kind go straight to the brokers.
    pub(crate) const STRAIGHT: [Self; 2] = [Self::Straight; 2];
}

/// The brokers, for all scenarios.
pub(crate) struct Site {
    pub(crate) brokers: Brokers,
    /// By way, of each broker one.
    links: [Vec<Link>; 2],
}

impl Site {
    pub(crate) async fn build(seed: u64) -> anyhow::Result<Self> {
        let brokers = block_in_place(|| Builder::new().detours(2).start_cluster(BROKERS));
        let mut links = [Vec::new(), Vec::new()];
        for broker in &*brokers {
            for (links, detour) in links.iter_mut().zip(broker.detours()) {
                let link = Link::open(detour.advertised(), detour.listens(), seed).await;
                links.push(link.context("can't listen for a broker")?);
            }
        }
        Ok(Self { brokers, links })
    }

    fn bootstrap(&self, way: Way) -> String {
        let number = match way {
            Way::Straight => return self.brokers.bootstrap(),
            Way::First => 0,
            Way::Second => 1,
        };
        let addresses: Vec<String> = self
            .brokers
            .iter()
            .map(|broker| format!("127.0.0.1:{}", broker.detours()[number].advertised()))
            .collect();
        addresses.join(",")
    }

    pub(crate) fn weather(&self, way: Way, weather: Weather) {
        let links = match way {
            Way::Straight => return,
            Way::First => &self.links[0],
            Way::Second => &self.links[1],
        };
        for link in links {
            link.set(weather);
        }
    }
}

/// One scenario's processes, topics and history.
pub(crate) struct Stage<'s> {
    pub(crate) site: &'s mut Site,
    pub(crate) chance: Chance,
    pub(crate) history: History,
    pub(crate) until: Instant,
    pub(crate) servers: Vec<Node>,
    pub(crate) clients: Vec<Node>,
    pub(crate) commit_interval: Duration,
    /// Servers write the effects of calls into a topic, in transactions.
    outbox: Option<String>,
    /// What is wrong where the next nodes run.
    pub(crate) trouble: Trouble,
    /// Servers keep what deduplicated calls came to in files, and clients make such calls.
    pub(crate) stores: bool,
    /// How long callers wait.
    timeout: Duration,
    prefix: String,
    folder: PathBuf,
    launched: usize,
}

impl<'s> Stage<'s> {
    pub(crate) fn new(
        site: &'s mut Site,
        prefix: String,
        folder: &Path,
        chance: Chance,
        length: Duration,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            site,
            chance,
            history: History::append(folder, "stage")?,
            until: Instant::now() + length,
            servers: Vec::new(),
            clients: Vec::new(),
            commit_interval: Duration::from_millis(20),
            outbox: None,
            trouble: Trouble::None,
            stores: false,
            timeout: TIMEOUT,
            prefix,
            folder: folder.to_owned(),
            launched: 0,
        })
    }

    /// Two of each, and the load begins.
    pub(crate) fn opens(&mut self, servers: [Way; 2], clients: [Way; 2]) -> anyhow::Result<()> {
        let [one, two] = servers;
        // Who comes back under its name ends the transaction that it has left open, and keeps its partitions.
        let named = self.outbox.is_some() || self.stores;
        let instance = |number| named.then(|| format!("till-{number}"));
        let (first, second) = (instance(1), instance(2));
        let servers = [self.server_as(one, first)?, self.server_as(two, second)?];
        let [one, two] = clients;
        let clients = [self.client(one)?, self.client(two)?];
        self.open_with(servers, clients);
        Ok(())
    }

    /// These are the nodes, and the load begins when they are ready.
    pub(crate) fn open_with(&mut self, servers: [Node; 2], clients: [Node; 2]) {
        let length = self.until - Instant::now();
        self.servers.extend(servers);
        self.clients.extend(clients);
        for node in self.servers.iter_mut().chain(&mut self.clients) {
            node.is_ready();
        }
        self.until = Instant::now() + length;
    }

    /// Servers write the effects of calls into a topic, in transactions. Those are left open by a server that is stopped, until
    /// the brokers end them, which takes 10 to 20 seconds.
    pub(crate) async fn with_transactions(&mut self) {
        let topic = format!("{}effects", self.prefix);
        self.foreign().create(&topic, EFFECTS).await;
        self.outbox = Some(topic);
        self.timeout = TIMEOUT * 2;
    }

    /// Tells all effects of calls, when all servers have ended.
    pub(crate) async fn tell_effects(&self) -> anyhow::Result<()> {
        let Some(topic) = &self.outbox else {
            return Ok(());
        };
        for effect in self.foreign().values(topic, EFFECTS).await {
            let call = String::from_utf8(effect).context("an effect is no text")?;
            self.history.tell(What::Effect { call })?;
        }
        self.history.tell(What::Effects)
    }

    /// A file of the scenario.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn foreign(&self) -> Foreign {
        Foreign::new(&Cluster::new(self.site.brokers.bootstrap()))
    }

    pub(crate) fn server(&mut self, way: Way) -> anyhow::Result<Node> {
        self.server_as(way, None)
    }

    /// `instance`: what it is called in its group, if it comes back.
    pub(crate) fn server_as(&mut self, way: Way, instance: Option<String>) -> anyhow::Result<Node> {
        let node = self.name("server");
        let settings = ServerSettings {
            node: node.clone(),
            bootstrap: self.site.bootstrap(way),
            prefix: self.prefix.clone(),
            histories: self.folder.clone(),
            work: Duration::from_millis(20),
            session_timeout: SESSION_TIMEOUT,
            commit_interval: self.commit_interval,
            instance_id: instance.clone(),
            outbox: self.outbox.clone(),
            store: self.stores.then(|| {
                let instance = instance.as_deref().unwrap_or(&node);
                self.folder.join(format!("{instance}.redb"))
            }),
        };
        let settings = serde_json::to_string(&settings)?;
        let mut node = Node::launch(node, "server", &settings, &self.folder, &self.trouble)?;
        node.instance = instance;
        Ok(node)
    }

    pub(crate) fn client(&mut self, way: Way) -> anyhow::Result<Node> {
        let node = self.name("client");
        let settings = ClientSettings {
            node: node.clone(),
            bootstrap: self.site.bootstrap(way),
            prefix: self.prefix.clone(),
            histories: self.folder.clone(),
            callers: 16,
            pause: Duration::from_millis(50),
            timeout: self.timeout,
            settles: self.stores,
        };
        Node::launch(
            node,
            "client",
            &serde_json::to_string(&settings)?,
            &self.folder,
            &self.trouble,
        )
    }

    fn name(&mut self, role: &str) -> String {
        self.launched += 1;
        format!("{role}-{}", self.launched)
    }

    /// Rests for so long, or to the end of the scenario where that comes first. False at the end.
    pub(crate) async fn rest(&self, time: Duration) -> bool {
        let until = self.until.min(Instant::now() + time);
        sleep_until(until).await;
        until < self.until
    }

    /// Rests for some of the milliseconds.
    pub(crate) async fn rest_about(&mut self, millis: std::ops::Range<usize>) -> bool {
        let time = self.chance.millis(millis);
        self.rest(time).await
    }

    /// Cuts a way for so long; `node` is who takes it.
    pub(crate) async fn cut(&self, way: Way, node: &Node, time: Duration) -> anyhow::Result<()> {
        let cut = Weather {
            cut: true,
            ..Weather::default()
        };
        node.tell(&self.history, Blow::Cut)?;
        self.site.weather(way, cut);
        sleep(time).await;
        self.site.weather(way, Weather::default());
        node.tell(&self.history, Blow::Joined)
    }

    pub(crate) async fn channel(&self) -> anyhow::Result<Channel> {
        let cluster = Cluster::new(self.site.brokers.bootstrap()).topic_prefix(&self.prefix);
        Ok(Channel::connect(&cluster).await?)
    }
}
