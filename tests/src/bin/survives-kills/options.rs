use std::time::Duration;

/// What can be set, each as `name=value`.
pub(crate) struct Options {
    /// `for`: how long calls are made; `120s` unless set.
    pub(crate) length: Duration,
    /// `every`: how long after the last one a server is killed; `5s` unless set.
    pub(crate) every: Duration,
    /// `calls`: how many calls are in flight; 512 unless set.
    pub(crate) calls: usize,
    /// `deadline` of each call; `30s` unless set.
    pub(crate) deadline: Duration,
    /// `work`: how long a handler takes; `5ms` unless set.
    pub(crate) work: Duration,
    /// `session-timeout` of the servers; `10s` unless set, which is the framework's default.
    pub(crate) session_timeout: Duration,
    /// `static-members`: whether servers come back under their names; `true` unless set. Otherwise the group waits for a
    /// killed server until its session is over, so kills have to be further apart than that.
    pub(crate) static_members: bool,
    /// `bootstrap`: where Kafka is; it is booted unless set.
    pub(crate) bootstrap: Option<String>,
}

impl Options {
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            length: Duration::from_secs(120),
            every: Duration::from_secs(5),
            calls: 512,
            deadline: Duration::from_secs(30),
            work: Duration::from_millis(5),
            session_timeout: Duration::from_secs(10),
            static_members: true,
            bootstrap: None,
        };
        for argument in arguments {
            let set = match argument.split_once('=') {
                Some(("for", value)) => duration(value).map(|value| options.length = value),
                Some(("every", value)) => duration(value).map(|value| options.every = value),
                Some(("calls", value)) => value.parse().ok().map(|value| options.calls = value),
                Some(("deadline", value)) => duration(value).map(|value| options.deadline = value),
                Some(("work", value)) => duration(value).map(|value| options.work = value),
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
