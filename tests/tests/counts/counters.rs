use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use kafka_rpc_tests::until;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tokio::sync::{Mutex, OwnedMutexGuard};

static RECORDER: LazyLock<Arc<Mutex<Snapshotter>>> = LazyLock::new(|| {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    recorder.install().expect("no other recorder is installed");
    Arc::new(Mutex::new(snapshotter))
});

/// The counters and the gauges that go up and down, since a test began. While it lives no other
/// test counts.
pub(crate) struct Counters {
    snapshotter: OwnedMutexGuard<Snapshotter>,
    /// By name, with labels as `name{key=value,…}`.
    values: HashMap<String, i64>,
}

impl Counters {
    pub(crate) async fn start() -> Self {
        let mut counters = Self {
            snapshotter: Arc::clone(&RECORDER).lock_owned().await,
            values: HashMap::new(),
        };
        counters.look();
        counters.values.clear();
        counters
    }

    /// A look takes what was counted since the last one.
    fn look(&mut self) {
        for (key, _, _, value) in self.snapshotter.snapshot().into_vec() {
            let change = match value {
                DebugValue::Counter(count) => i64::try_from(count).expect("no such count"),
                DebugValue::Gauge(change) => change.into_inner() as i64,
                DebugValue::Histogram(_) => continue,
            };
            let labels = key
                .key()
                .labels()
                .map(|label| format!("{}={}", label.key(), label.value()));
            let labels: Vec<_> = labels.collect();
            let name = match labels.is_empty() {
                true => key.key().name().to_owned(),
                false => format!("{}{{{}}}", key.key().name(), labels.join(",")),
            };
            *self.values.entry(name).or_default() += change;
        }
    }

    pub(crate) fn get(&mut self, name: &str) -> i64 {
        self.look();
        self.values.get(name).copied().unwrap_or(0)
    }

    /// Waits until a value is what it has to be; a counter must not be more.
    pub(crate) async fn reaches(&mut self, name: &str, value: i64) {
        until(&format!("{name} is {value}"), || self.get(name) == value).await;
    }
}
