use std::path::Path;

use super::user::{ADMIN, GUEST};

/// Where one broker of a cluster listens.
pub(crate) struct Member {
    pub(crate) id: usize,
    pub(crate) port: u16,
    pub(crate) controller_port: u16,
    /// Of each further listener: where it listens, and where it says that it does.
    pub(crate) detours: Vec<(u16, u16)>,
}

/// The `server.properties` of one member of a cluster. Of a property that is there twice, the later one counts.
pub(crate) fn server_properties(
    member: &Member,
    cluster: &[Member],
    data: &Path,
) -> Vec<(String, String)> {
    let voters: Vec<_> = cluster
        .iter()
        .map(|m| format!("{}@127.0.0.1:{}", m.id, m.controller_port))
        .collect();
    let replicas = cluster.len().min(3);
    let in_sync = if replicas == 3 { 2 } else { 1 };
    let client = format!("CLIENT://127.0.0.1:{}", member.port);

    let mut properties = Vec::new();
    let mut set =
        |name: &str, value: &dyn ToString| properties.push((name.to_owned(), value.to_string()));
    set("process.roles", &"broker,controller");
    set("node.id", &member.id);
    set("controller.quorum.voters", &voters.join(","));
    set("controller.listener.names", &"CONTROLLER");
    let mut listeners = format!("{client},CONTROLLER://127.0.0.1:{}", member.controller_port);
    let mut advertised = client;
    let mut protocols = "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT".to_owned();
    for (number, (listens, says)) in (1..).zip(&member.detours) {
        listeners.push_str(&format!(",DETOUR{number}://127.0.0.1:{listens}"));
        advertised.push_str(&format!(",DETOUR{number}://127.0.0.1:{says}"));
        protocols.push_str(&format!(",DETOUR{number}:PLAINTEXT"));
    }
    set("listeners", &listeners);
    set("advertised.listeners", &advertised);
    set("listener.security.protocol.map", &protocols);
    set("inter.broker.listener.name", &"CLIENT");
    set("log.dirs", &data.display());

    // A topic that nobody created is an error that tests want to see.
    set("auto.create.topics.enable", &false);
    set("num.partitions", &4);
    set("default.replication.factor", &replicas);
    set("min.insync.replicas", &in_sync);

    for internal in [
        "offsets.topic",
        "transaction.state.log",
        "share.coordinator.state.topic",
    ] {
        set(&format!("{internal}.num.partitions"), &4);
        set(&format!("{internal}.replication.factor"), &replicas);
    }
    set("transaction.state.log.min.isr", &in_sync);
    set("share.coordinator.state.topic.min.isr", &in_sync);

    // Tests can't wait as long as people do: for a group's first members, or for one that was killed.
    set("group.initial.rebalance.delay.ms", &0);
    set("group.min.session.timeout.ms", &1_000);
    // A broker that was killed can register again when its last session is over; 9 s by default.
    set("broker.session.timeout.ms", &3_000);
    set("broker.heartbeat.interval.ms", &500);

    // The defaults are for machines of their own.
    set("num.network.threads", &2);
    set("num.io.threads", &4);
    set("background.threads", &2);
    set("log.cleaner.dedupe.buffer.size", &(8 << 20));
    properties
}

/// What makes a broker check who its clients are ([`ADMIN`] or [`GUEST`]) and what they may do (with ACLs).
pub(crate) fn acl_properties() -> Vec<(String, String)> {
    let users: String = [ADMIN, GUEST]
        .iter()
        .map(|user| format!(" user_{}=\"{}\"", user.name, user.password))
        .collect();
    [
        (
            "listener.security.protocol.map",
            "CLIENT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT".to_owned(),
        ),
        ("sasl.enabled.mechanisms", "PLAIN".to_owned()),
        ("sasl.mechanism.inter.broker.protocol", "PLAIN".to_owned()),
        (
            "listener.name.client.plain.sasl.jaas.config",
            format!("{}{users};", ADMIN.login()),
        ),
        (
            "authorizer.class.name",
            "org.apache.kafka.metadata.authorizer.StandardAuthorizer".to_owned(),
        ),
        // Anonymous are only brokers, on the controllers' listener.
        ("super.users", format!("User:{};User:ANONYMOUS", ADMIN.name)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}
