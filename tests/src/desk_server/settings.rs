use std::path::PathBuf;
use std::time::Duration;

use crate::world::World;

/// What a server process is told, as arguments of the form `name=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where Kafka is.
    pub bootstrap: String,
    /// Before the names of topics and groups.
    pub prefix: String,
    /// The file to which each run of a handler is appended.
    pub runs: PathBuf,
    /// How long a handler takes.
    pub work: Duration,
    /// The handler of the order with this number never ends.
    pub hold: Option<u32>,
    /// After how long the group takes a server that was killed for gone.
    pub session_timeout: Duration,
    /// Makes the server a static member of its group.
    pub instance_id: Option<String>,
    /// The topic in which each order's number is written, in a transaction with its reply and its offset. Without it there
    /// are no transactions.
    pub outbox: Option<String>,
    /// Whether it serves [`Relay`](crate::relay::Relay), too.
    pub relay: bool,
    /// Whether it serves [`Bank`](crate::service::Bank), too, and keeps what calls came to in topics.
    pub bank: bool,
}

impl Settings {
    /// A server in a world, whose handlers answer at once. It is missed after six seconds: less would take a server
    /// for dead that a busy machine holds up, and brokers allow no less unless they are told to.
    pub fn new(world: &World, runs: impl Into<PathBuf>) -> Self {
        Self {
            bootstrap: world.cluster().bootstrap_servers().to_owned(),
            prefix: world.name(""),
            runs: runs.into(),
            work: Duration::ZERO,
            hold: None,
            session_timeout: Duration::from_secs(6),
            instance_id: None,
            outbox: None,
            relay: false,
            bank: false,
        }
    }

    pub(super) fn to_arguments(&self) -> Vec<String> {
        let mut arguments = vec![
            format!("bootstrap={}", self.bootstrap),
            format!("prefix={}", self.prefix),
            format!("runs={}", self.runs.display()),
            format!("work-ms={}", self.work.as_millis()),
            format!("session-timeout-ms={}", self.session_timeout.as_millis()),
            format!("relay={}", self.relay),
            format!("bank={}", self.bank),
        ];
        arguments.extend(self.hold.map(|number| format!("hold={number}")));
        arguments.extend(self.outbox.iter().map(|topic| format!("outbox={topic}")));
        arguments.extend(
            self.instance_id
                .iter()
                .map(|id| format!("instance-id={id}")),
        );
        arguments
    }

    pub(super) fn from_arguments(
        arguments: impl IntoIterator<Item = String>,
    ) -> Result<Self, String> {
        let arguments: Vec<String> = arguments.into_iter().collect();
        let optional = |name: &str| {
            arguments
                .iter()
                .find_map(|argument| argument.strip_prefix(name)?.strip_prefix('='))
        };
        let text = |name: &str| {
            let value = optional(name).ok_or_else(|| format!("argument {name}=… is missing"))?;
            Ok::<_, String>(value.to_owned())
        };
        let millis = |name: &str| {
            let millis = text(name)?
                .parse()
                .map_err(|error| format!("{name}: {error}"))?;
            Ok::<_, String>(Duration::from_millis(millis))
        };
        Ok(Self {
            bootstrap: text("bootstrap")?,
            prefix: text("prefix")?,
            runs: text("runs")?.into(),
            work: millis("work-ms")?,
            hold: optional("hold")
                .map(str::parse)
                .transpose()
                .map_err(|error| format!("hold: {error}"))?,
            session_timeout: millis("session-timeout-ms")?,
            instance_id: optional("instance-id").map(str::to_owned),
            outbox: optional("outbox").map(str::to_owned),
            relay: text("relay")?
                .parse()
                .map_err(|error| format!("relay: {error}"))?,
            bank: text("bank")?
                .parse()
                .map_err(|error| format!("bank: {error}"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_arrive_as_they_were_sent() {
        let settings = Settings {
            bootstrap: "127.0.0.1:9092".to_owned(),
            prefix: "world-1.".to_owned(),
            runs: "/tmp/runs=1".into(),
            work: Duration::from_millis(20),
            hold: Some(3),
            session_timeout: Duration::from_secs(2),
            instance_id: Some("one".to_owned()),
            outbox: Some("placed".to_owned()),
            relay: true,
            bank: true,
        };
        assert_eq!(
            Settings::from_arguments(settings.to_arguments()),
            Ok(settings.clone())
        );
        let plain = Settings {
            hold: None,
            instance_id: None,
            ..settings
        };
        assert_eq!(Settings::from_arguments(plain.to_arguments()), Ok(plain));
    }
}
