//! Which consumer groups a server joins, and what each reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::descriptor::{Method, Routing, ServiceDescriptor};
use crate::hashing::HashMap;
use crate::server::builder::Settings;
use crate::server::dead_letters::LetterTopic;
use crate::server::deduplication::{Deduplication, RecordTopic, check_deduplication};
use crate::server::policies::{check_redelivery, redelivery_of};
use crate::server::router::{Served, TopicRoute};
use crate::wire::{TopicNames, group_name};
use crate::{Cluster, Error};
/// What one consumer group of the server reads.
#[derive(Default)]
pub(super) struct Group {
    pub(super) topics: HashMap<Arc<str>, TopicRoute>,
    /// Whether it is this instance's alone, for calls that go to all of them.
    pub(super) of_instance: bool,
}

/// Which methods come in which topics of which group.
pub(super) fn groups(
    cluster: &Cluster,
    settings: &Settings,
    services: &[&'static ServiceDescriptor],
    instance: &str,
) -> Result<BTreeMap<String, Group>, Error> {
    if services.is_empty() {
        return Err(Error::Config(
            "the server has no services: add one".to_owned(),
        ));
    }
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for (index, service) in services.iter().enumerate() {
        if services[..index]
            .iter()
            .any(|other| other.name == service.name)
        {
            let message = format!("service {} was added twice", service.name);
            return Err(Error::Config(message));
        }
        if service.methods.is_empty() {
            // There is nothing to read, and Kafka knows no group without topics.
            continue;
        }
        let group = match &settings.group {
            Some(group) => format!("{}{group}", cluster.prefix()),
            None => group_name(service, cluster.prefix()),
        };
        for index in 0..service.methods.len() {
            let Some(method) = Method::new(service, index) else {
                continue;
            };
            let names = TopicNames::of(method, cluster.prefix())
                .map_err(|error| Error::Config(error.to_string()))?;
            let of_instance = method.descriptor().routing == Routing::All;
            let name = match of_instance {
                true => format!("{group}.all.{instance}"),
                false => group.clone(),
            };
            let group = groups.entry(name).or_default();
            group.of_instance = of_instance;
            let route = group
                .topics
                .entry(names.request)
                .or_insert_with(|| TopicRoute {
                    reply: names.reply,
                    // An instance reads for itself only: there is nothing to be done later.
                    dead_letters: (settings.dead_letters && !of_instance).then_some(LetterTopic {
                        name: names.dead_letter,
                        partitions: 1,
                    }),
                    records: None,
                    methods: Vec::new(),
                });
            let is_kept = matches!(settings.deduplication, Deduplication::Topics { .. });
            if is_kept && method.descriptor().deduplicated {
                route.records = Some(RecordTopic {
                    name: names.deduplication,
                    partitions: 1,
                });
            }
            route.methods.push(Served {
                method,
                redelivery: redelivery_of(method, &settings.redelivery),
            });
        }
    }
    check_topics(&groups)?;
    check_redelivery(services, &settings.redelivery)?;
    check_deduplication(services, &settings.deduplication)?;
    if groups.is_empty() {
        return Err(Error::Config(
            "none of the server's services has a method".to_owned(),
        ));
    }
    Ok(groups)
}

/// What goes to all instances can't share a topic with what goes to one.
fn check_topics(groups: &BTreeMap<String, Group>) -> Result<(), Error> {
    let (of_all, of_one): (Vec<_>, Vec<_>) = groups.values().partition(|group| group.of_instance);
    let shared = of_all
        .iter()
        .flat_map(|group| group.topics.keys())
        .find(|topic| of_one.iter().any(|group| group.topics.contains_key(*topic)));
    match shared {
        None => Ok(()),
        Some(topic) => Err(Error::Config(format!(
            "topic {topic} has calls that go to all instances, and others that go to one: set \
             another `topic` at one of the methods"
        ))),
    }
}
