//! The client library's properties: what the framework sets where the user has not.

use std::collections::BTreeMap;

use rdkafka::config::ClientConfig;

use crate::transport::Writes;

/// For every client.
const CLIENT: &[(&str, &str)] = &[
    ("client.id", "kafka-rpc"),
    ("socket.nagle.disable", "true"),
    // A broker that comes back is used again within a second.
    ("reconnect.backoff.ms", "50"),
    ("reconnect.backoff.max.ms", "1000"),
    ("allow.auto.create.topics", "false"),
];

const PRODUCER: &[(&str, &str)] = &[
    ("acks", "all"),
    // With one request in flight a batch builds while the last one is in the air: no record waits,
    // yet many calls share a request. And nothing is reordered where it is tried again.
    ("linger.ms", "0"),
    ("max.in.flight.requests.per.connection", "1"),
    ("sticky.partitioning.linger.ms", "0"),
    // What Java's producers use: mixed fleets agree where a key goes.
    ("partitioner", "murmur2_random"),
    ("queue.buffering.max.messages", "200000"),
    ("queue.buffering.max.kbytes", "262144"),
    ("message.timeout.ms", "30000"),
    // A body of 1 MiB and its headers fit.
    ("message.max.bytes", "1114112"),
];

/// A retry inside the library must not repeat a call.
const REQUESTS: &[(&str, &str)] = &[("enable.idempotence", "true")];

/// Whoever reads what they have written waits for the end of those that are left open, so the cluster
/// ends them soon.
const TRANSACTIONS: &[(&str, &str)] = &[
    ("enable.idempotence", "true"),
    ("transaction.timeout.ms", "10000"),
    ("message.timeout.ms", "10000"),
    // When the library asks for the group's coordinator while that moves, it gives up after three answers and
    // waits for a connection to come or go, whatever its time-out is (librdkafka's issues 5456 and 5511). With
    // this one goes in time.
    ("connections.max.idle.ms", "5000"),
];

/// A repeated reply finds nobody who waits for it, so what would prevent it is not paid for.
const REPLIES: &[(&str, &str)] = &[("enable.idempotence", "false")];

const CONSUMER: &[(&str, &str)] = &[
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "earliest"),
    ("fetch.min.bytes", "1"),
    // A partition that is added while a fetch waits at the broker is only in the next fetch: so
    // late may the first record of a new method or of a partition taken over be.
    ("fetch.wait.max.ms", "100"),
    ("fetch.queue.backoff.ms", "0"),
    ("queued.min.messages", "10000"),
    ("queued.max.messages.kbytes", "16384"),
];

/// Direct assignment needs a name, though no group is ever joined and nothing is committed.
const INBOX: &[(&str, &str)] = &[("group.id", "kafka-rpc.inbox")];

const GROUP: &[(&str, &str)] = &[
    ("partition.assignment.strategy", "cooperative-sticky"),
    // A killed server's calls move on after this; heartbeats have a thread of their own.
    ("session.timeout.ms", "10000"),
    // The others hear of it with their next one when a server leaves.
    ("heartbeat.interval.ms", "500"),
    ("max.poll.interval.ms", "300000"),
    // Calls go to added partitions as soon as a channel knows of them, so they have to be read soon.
    ("topic.metadata.refresh.interval.ms", "10000"),
];

/// The embedded broker does not wake a fetch that waits for records.
const EMBEDDED_CONSUMER: &[(&str, &str)] = &[("fetch.wait.max.ms", "1")];

/// A member that leaves the embedded broker's group is only missed after its session timeout.
const EMBEDDED_GROUP: &[(&str, &str)] = &[
    ("session.timeout.ms", "2000"),
    ("heartbeat.interval.ms", "100"),
];

/// What a client of the library is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    /// Topics are looked up and created.
    Admin,
    /// Records are written.
    Producer(Writes),
    /// Single partitions are read.
    Inbox,
    /// A consumer group's member.
    Group,
}

/// Where the cluster is, and the user's properties for all clients.
#[derive(Clone)]
pub(crate) struct ClusterConfig {
    pub(crate) bootstrap: String,
    pub(crate) properties: BTreeMap<String, String>,
    /// It is the broker in this process, which needs other settings here and there.
    pub(crate) embedded: bool,
}

impl ClusterConfig {
    pub(crate) fn new(bootstrap: String) -> Self {
        Self {
            bootstrap,
            properties: BTreeMap::new(),
            embedded: false,
        }
    }

    /// Whether the user has not said how long records wait for others.
    pub(super) fn leaves_linger(&self, own: &[(String, String)]) -> bool {
        let own = own.iter().map(|(name, _)| name);
        !(self.properties.keys().chain(own))
            .any(|name| name == "linger.ms" || name == "queue.buffering.max.ms")
    }

    /// Defaults, then the cluster's properties, then the client's own.
    pub(super) fn client(&self, purpose: Purpose, own: &[(String, String)]) -> ClientConfig {
        let mut config = ClientConfig::new();
        let mut set = |defaults: &[(&str, &str)]| {
            for (name, value) in defaults {
                config.set(*name, *value);
            }
        };
        set(CLIENT);
        match purpose {
            Purpose::Admin => {}
            Purpose::Producer(writes) => {
                set(PRODUCER);
                set(match writes {
                    Writes::Requests | Writes::DurableRequests => REQUESTS,
                    Writes::Replies => REPLIES,
                    Writes::Transactions => TRANSACTIONS,
                });
            }
            Purpose::Inbox => {
                set(CONSUMER);
                set(INBOX);
            }
            Purpose::Group => {
                set(CONSUMER);
                set(GROUP);
            }
        }
        if self.embedded {
            match purpose {
                Purpose::Admin | Purpose::Producer(_) => {}
                Purpose::Inbox => set(EMBEDDED_CONSUMER),
                Purpose::Group => {
                    set(EMBEDDED_CONSUMER);
                    set(EMBEDDED_GROUP);
                }
            }
        }
        config.set("bootstrap.servers", &self.bootstrap);
        for (name, value) in &self.properties {
            config.set(name, value);
        }
        for (name, value) in own {
            config.set(name, value);
        }
        config
    }
}
