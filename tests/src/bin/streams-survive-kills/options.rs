use std::time::Duration;

/// What can be set, each as `name=value`.
pub(crate) struct Options {
    /// `for`: how long streams are read; `120s` unless set.
    pub(crate) length: Duration,
    /// `every`: how long after the last one a server is killed; `10s` unless set.
    pub(crate) every: Duration,
    /// `streams`: how many there are; 100 unless set.
    pub(crate) streams: usize,
    /// `pause` before each number; `20ms` unless set.
    pub(crate) pause: Duration,
    /// `session-timeout` of the servers; `10s` unless set, which is the framework's default.
    pub(crate) session_timeout: Duration,
    /// `static-members`: whether servers come back under their names; `true` unless set.
    pub(crate) static_members: bool,
    /// `bootstrap`: where Kafka is; it is booted unless set.
    pub(crate) bootstrap: Option<String>,
}

impl Options {
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            length: Duration::from_secs(120),
            every: Duration::from_secs(10),
            streams: 100,
            pause: Duration::from_millis(20),
            session_timeout: Duration::from_secs(10),
            static_members: true,
            bootstrap: None,
        };
        for argument in arguments {
            let set = match argument.split_once('=') {
                Some(("for", value)) => duration(value).map(|value| options.length = value),
                Some(("every", value)) => duration(value).map(|value| options.every = value),
                Some(("streams", value)) => value.parse().ok().map(|value| options.streams = value),
                Some(("pause", value)) => duration(value).map(|value| options.pause = value),
                Some(("session-timeout", value)) => {
                    duration(value).map(|value| options.session_timeout = value)
                }
                Some(("static-members", value)) => value
                    .parse()
                    .ok()
                    .map(|value| options.static_members = value),
                Some(("bootstrap", value)) => {
                    options.bootstrap = Some(value.to_owned());
                    Some(())
                }
                _ => None,
            };
            set.ok_or_else(|| {
                format!(
                    "can't understand {argument:?}; see the top of the source for what can be set"
                )
            })?;
        }
        Ok(options)
    }
}

/// `120s` or `5ms`.
fn duration(text: &str) -> Option<Duration> {
    match text.strip_suffix("ms") {
        Some(millis) => millis.parse().ok().map(Duration::from_millis),
        None => text
            .strip_suffix('s')?
            .parse()
            .ok()
            .map(Duration::from_secs),
    }
}
