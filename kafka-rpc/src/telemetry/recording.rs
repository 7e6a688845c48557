//! A subscriber for tests that keeps the fields of spans.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

/// What is known of one span.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) target: &'static str,
    pub(super) level: Level,
    pub(super) fields: HashMap<&'static str, String>,
}

impl Seen {
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

/// The spans seen so far, in the order in which they began.
#[derive(Debug, Clone, Default)]
pub(super) struct Spans(Arc<Mutex<Vec<(Id, Seen)>>>);

impl Spans {
    pub(super) fn all(&self) -> Vec<Seen> {
        self.0.lock().iter().map(|(_, seen)| seen.clone()).collect()
    }

    /// The one span that was seen.
    pub(super) fn only(&self) -> Seen {
        let all = self.all();
        assert_eq!(all.len(), 1, "{all:?}");
        all[0].clone()
    }
}

/// Runs something with a subscriber that keeps all spans.
pub(super) fn recorded<T>(run: impl FnOnce(&Spans) -> T) -> T {
    let spans = Spans::default();
    let subscriber = Registry::default().with(spans.clone());
    tracing::subscriber::with_default(subscriber, || run(&spans))
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let metadata: &'static Metadata<'static> = attributes.metadata();
        let mut seen = Seen {
            target: metadata.target(),
            level: *metadata.level(),
            fields: HashMap::new(),
        };
        attributes.record(&mut Fields(&mut seen.fields));
        self.0.lock().push((id.clone(), seen));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut spans = self.0.lock();
        if let Some((_, seen)) = spans.iter_mut().rev().find(|(known, _)| known == id) {
            values.record(&mut Fields(&mut seen.fields));
        }
    }
}

struct Fields<'a>(&'a mut HashMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}
