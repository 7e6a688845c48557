use std::fmt::Write;
use std::sync::Arc;
use std::thread;

use super::broker::{Broker, Jvm, Ports};
use super::cluster::Brokers;
use super::detour::Detour;
use super::home::Home;
use super::properties::{Member, acl_properties, server_properties};

/// How a broker of one's own is to be set up.
///
/// ```no_run
/// # use kafka_rpc_tests::kafka::Builder;
/// let broker = Builder::new().property("message.max.bytes", "2000").start();
/// ```
#[derive(Clone, Debug, Default)]
pub struct Builder {
    acls: bool,
    jvm: Jvm,
    detours: usize,
    properties: Vec<(String, String)>,
}

impl Builder {
    /// A broker without authentication, in which topics have to be created before use.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a property of `server.properties`, over the harness's own and earlier ones.
    #[must_use]
    pub fn property(mut self, name: &str, value: impl ToString) -> Self {
        self.properties.push((name.to_owned(), value.to_string()));
        self
    }

    /// Clients have to log in, as [`ADMIN`](super::ADMIN), who may do everything, or as [`GUEST`](super::GUEST), who may do
    /// nothing until an ACL says so. [`User::properties`](super::User::properties) is what a client sets.
    #[must_use]
    pub fn with_acls(mut self) -> Self {
        self.acls = true;
        self
    }

    /// A broker to measure: its JVM has 1 GiB and compiles hot code with all optimisations. It boots more slowly, and reaches
    /// its full speed after some seconds of load.
    #[must_use]
    pub fn at_full_speed(mut self) -> Self {
        self.jvm = Jvm::FullSpeed;
        self
    }

    /// Gives each broker so many further ways to it, each for a client that is to be cut off: see [`Broker::detours`].
    #[must_use]
    pub fn detours(mut self, count: usize) -> Self {
        self.detours = count;
        self
    }

    /// Boots one broker and waits until it answers.
    ///
    /// # Panics
    /// When it can't be fetched or does not answer, with the end of its log.
    #[track_caller]
    pub fn start(self) -> Broker {
        self.try_start().unwrap_or_else(|why| panic!("{why}"))
    }

    /// As [`start`](Self::start), with the message as an error.
    pub fn try_start(self) -> Result<Broker, String> {
        let mut brokers = self.boot(1)?;
        Ok(brokers.remove(0))
    }

    /// Boots `count` brokers that form one cluster and waits until each of them answers. Internal topics and those created
    /// without a replication factor have three replicas where there are three brokers, and take writes while two are in sync.
    ///
    /// # Panics
    /// When `count` is 0, or as [`start`](Self::start) does.
    #[track_caller]
    pub fn start_cluster(self, count: usize) -> Brokers {
        assert!(count > 0, "a cluster has at least one broker");
        Brokers::new(self.boot(count).unwrap_or_else(|why| panic!("{why}")))
    }

    fn boot(&self, count: usize) -> Result<Vec<Broker>, String> {
        let home = Arc::new(Home::new(self.acls)?);
        let ports = (0..count)
            .map(|_| Ports::claim(self.detours))
            .collect::<Result<Vec<_>, String>>()?;
        let members: Vec<_> = ports
            .iter()
            .enumerate()
            .map(|(index, ports)| Member {
                id: index + 1,
                port: ports.client.number(),
                controller_port: ports.controller.number(),
                detours: ports.detours.iter().map(Detour::ports).collect(),
            })
            .collect();
        for member in &members {
            home.write(
                &server_file(member.id),
                &self.server_properties(member, &members, &home),
            )?;
        }
        format_all(&home, &members)?;

        let mut brokers = Vec::new();
        for (member, ports) in members.iter().zip(ports) {
            let mut broker = Broker::new(
                member.id,
                ports,
                home.path(&server_file(member.id)),
                Arc::clone(&home),
                self.jvm,
            );
            broker.spawn()?;
            brokers.push(broker);
        }
        for broker in &mut brokers {
            broker.wait_until_ready()?;
        }
        Ok(brokers)
    }

    fn server_properties(&self, member: &Member, members: &[Member], home: &Home) -> String {
        let mut properties = server_properties(
            member,
            members,
            &home.path(&format!("broker-{}", member.id)),
        );
        if self.acls {
            properties.extend(acl_properties());
        }
        properties.extend(self.properties.iter().cloned());
        properties
            .iter()
            .fold(String::new(), |mut file, (name, value)| {
                let _ = writeln!(file, "{name}={value}");
                file
            })
    }
}

fn server_file(id: usize) -> String {
    format!("server-{id}.properties")
}

/// Side by side: each is a JVM of its own.
fn format_all(home: &Home, members: &[Member]) -> Result<(), String> {
    thread::scope(|scope| {
        let formats: Vec<_> = members
            .iter()
            .map(|member| scope.spawn(|| home.format(&home.path(&server_file(member.id)))))
            .collect();
        formats.into_iter().try_for_each(|format| {
            format
                .join()
                .unwrap_or_else(|_| Err("formatting panicked".to_owned()))
        })
    })
}
