//! Making sure of a server's topics.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::groups::Group;
use crate::cluster::{TopicSettings, Wanted, WantedTopic, ensure};
use crate::server::builder::Settings;
use crate::server::deduplication::Deduplication;
use crate::transport::Transport;
use crate::{Cluster, Error};

/// How many partitions topics have.
pub(super) type Partitions = std::collections::HashMap<Arc<str>, u32>;

/// Makes sure of the topics of all groups, but for those of records.
pub(super) async fn ensure_topics(
    cluster: &Cluster,
    settings: &Settings,
    transport: &dyn Transport,
    groups: &mut BTreeMap<String, Group>,
) -> Result<Partitions, Error> {
    let topics = topic_settings(cluster, settings);
    let routes = groups.values().flat_map(|group| &group.topics);
    let wanted = routes.flat_map(|(request, route)| {
        let letters = route.dead_letters.as_ref();
        let letters = letters.map(|letters| topics.dead_letter_topic(&letters.name));
        [
            WantedTopic::read(topics.request_topic(request)),
            WantedTopic::written(topics.reply_topic(&route.reply)),
        ]
        .into_iter()
        .chain(letters.map(WantedTopic::written))
    });
    let found = ensure_all(cluster, settings, transport, wanted.collect()).await?;
    let routes = groups
        .values_mut()
        .flat_map(|group| group.topics.values_mut());
    for letters in routes.filter_map(|route| route.dead_letters.as_mut()) {
        letters.partitions = found.get(&letters.name).copied().unwrap_or(1);
    }
    Ok(found)
}

/// Makes sure of the topics for what deduplicated calls came to: they have as many partitions as those
/// of the requests, which are known by now.
pub(super) async fn ensure_records(
    cluster: &Cluster,
    settings: &Settings,
    transport: &dyn Transport,
    groups: &mut BTreeMap<String, Group>,
    requests: &Partitions,
) -> Result<(), Error> {
    let Deduplication::Topics { window, .. } = settings.deduplication else {
        return Ok(());
    };
    let topics = topic_settings(cluster, settings);
    let routes = groups.values().flat_map(|group| &group.topics);
    let wanted = routes.filter_map(|(request, route)| {
        let partitions = requests.get(request).copied().unwrap_or(1);
        let records = route.records.as_ref()?;
        let topic = topics.deduplication_topic(&records.name, partitions, window);
        Some(WantedTopic::read_and_written(topic))
    });
    let found = ensure_all(cluster, settings, transport, wanted.collect()).await?;
    let routes = groups
        .values_mut()
        .flat_map(|group| group.topics.values_mut());
    for records in routes.filter_map(|route| route.records.as_mut()) {
        records.partitions = found.get(&records.name).copied().unwrap_or(1);
    }
    Ok(())
}

async fn ensure_all(
    cluster: &Cluster,
    settings: &Settings,
    transport: &dyn Transport,
    topics: Vec<WantedTopic>,
) -> Result<Partitions, Error> {
    let wanted = Wanted {
        topics,
        may_create: topic_settings(cluster, settings).may_create(),
        bootstrap: cluster.bootstrap_servers(),
    };
    ensure(transport, &wanted, settings.connect_timeout).await
}

fn topic_settings<'a>(cluster: &'a Cluster, settings: &'a Settings) -> &'a TopicSettings {
    settings.topics.as_ref().unwrap_or(cluster.topic_settings())
}
