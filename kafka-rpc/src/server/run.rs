//! A server's life: from its settings to the groups that it joins, and to its end.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::builder::Settings;
use super::calls::{Calls, Once, ReplyDeliveries, Transacted};
use super::codec::Codec;
use super::dead_letters::LetterTopic;
use super::deduplication::{Deduplication, RecordTopic, TopicStore, check_deduplication};
use super::dispatch::{Dispatch, Limits};
use super::handler::Handler;
use super::lifecycle::Lifecycle;
use super::member::{GroupMember, Pace};
use super::policies::{check_redelivery, redelivery_of};
use super::router::{Router, Rules, Served, TopicRoute};
use crate::chunks::{self, Pieces};
use crate::cluster::{Wanted, WantedTopic, ensure};
use crate::descriptor::{Method, Routing, ServiceDescriptor};
use crate::hashing::HashMap;
use crate::outside;
use crate::telemetry;
use crate::transport::{GroupConfig, TransactionQueue, Transactions, Transport, Writes};
use crate::wire::{HeaderLimits, TopicNames, group_name};
use crate::{Cluster, Error};

/// The most records that are taken from the transport at a time.
const BATCH: usize = 256;
/// How long leaving the groups may take, after the handlers' time to end.
const LEAVE_LIMIT: Duration = Duration::from_secs(10);

pub(super) async fn run<S>(
    cluster: Cluster,
    settings: Settings,
    services: Vec<&'static ServiceDescriptor>,
    service: S,
    lifecycle: Arc<Lifecycle>,
    signal: impl Future<Output = ()> + Send,
) -> Result<(), Error>
where
    S: Handler,
{
    let instance: Arc<str> = match &settings.instance_id {
        Some(id) => id.as_str().into(),
        None => outside::random_id().simple().to_string().into(),
    };
    let mut groups = groups(&cluster, &settings, &services, &instance)?;
    let transport = cluster.transport();
    transport.check(settings.connect_timeout).await?;
    let found = ensure_topics(&cluster, &settings, &*transport, &mut groups).await?;
    ensure_records(&cluster, &settings, &*transport, &mut groups, &found).await?;

    lifecycle.expect(groups.len());
    let _end = EndOnDrop(Arc::clone(&lifecycle));
    let mut ends = Vec::with_capacity(groups.len());
    for (name, group) in groups {
        ends.push(join(
            name,
            group,
            &instance,
            &settings,
            &transport,
            service.clone(),
            &lifecycle,
        )?);
    }
    let ends = try_join_all(
        ends.into_iter()
            .map(|end| async { end.await.unwrap_or(Ok(())) }),
    );
    tokio::pin!(ends);
    tokio::select! {
        biased;
        outcome = &mut ends => return outcome.map(drop),
        () = signal => lifecycle.end(),
    }
    // Closing a consumer can hang; by then all that is finished has been committed.
    match timeout(settings.drain_time + LEAVE_LIMIT, ends).await {
        Ok(outcome) => outcome.map(drop),
        Err(_) => {
            tracing::error!("a consumer did not close in time; it is left behind");
            telemetry::drain_timed_out();
            Ok(())
        }
    }
}

/// Ends the groups also where nobody polls the server any more.
struct EndOnDrop(Arc<Lifecycle>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// What one consumer group of the server reads.
#[derive(Default)]
struct Group {
    topics: HashMap<Arc<str>, TopicRoute>,
    /// Whether it is this instance's alone, for calls that go to all of them.
    of_instance: bool,
}

/// Which methods come in which topics of which group.
fn groups(
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

/// How many partitions topics have.
type Partitions = std::collections::HashMap<Arc<str>, u32>;

async fn ensure_topics(
    cluster: &Cluster,
    settings: &Settings,
    transport: &dyn Transport,
    groups: &mut BTreeMap<String, Group>,
) -> Result<Partitions, Error> {
    let topics = settings.topics.as_ref().unwrap_or(cluster.topic_settings());
    let wanted = Wanted {
        topics: groups
            .values()
            .flat_map(|group| &group.topics)
            .flat_map(|(request, route)| {
                let letters = route.dead_letters.as_ref();
                let letters = letters.map(|letters| topics.dead_letter_topic(&letters.name));
                [
                    WantedTopic::read(topics.request_topic(request)),
                    WantedTopic::written(topics.reply_topic(&route.reply)),
                ]
                .into_iter()
                .chain(letters.map(WantedTopic::written))
            })
            .collect(),
        may_create: topics.may_create(),
        bootstrap: cluster.bootstrap_servers(),
    };
    let found = ensure(transport, &wanted, settings.connect_timeout).await?;
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
async fn ensure_records(
    cluster: &Cluster,
    settings: &Settings,
    transport: &dyn Transport,
    groups: &mut BTreeMap<String, Group>,
    requests: &Partitions,
) -> Result<(), Error> {
    let Deduplication::Topics { window, .. } = settings.deduplication else {
        return Ok(());
    };
    let topics = settings.topics.as_ref().unwrap_or(cluster.topic_settings());
    let routes = groups.values().flat_map(|group| &group.topics);
    let wanted = routes.filter_map(|(request, route)| {
        let partitions = requests.get(request).copied().unwrap_or(1);
        let records = route.records.as_ref()?;
        let topic = topics.deduplication_topic(&records.name, partitions, window);
        Some(WantedTopic::read_and_written(topic))
    });
    let wanted = Wanted {
        topics: wanted.collect(),
        may_create: topics.may_create(),
        bootstrap: cluster.bootstrap_servers(),
    };
    let found = ensure(transport, &wanted, settings.connect_timeout).await?;
    let routes = groups
        .values_mut()
        .flat_map(|group| group.topics.values_mut());
    for records in routes.filter_map(|route| route.records.as_mut()) {
        records.partitions = found.get(&records.name).copied().unwrap_or(1);
    }
    Ok(())
}

/// Joins a group; what comes back resolves when the group has been left.
fn join<S>(
    name: String,
    group: Group,
    instance: &Arc<str>,
    settings: &Settings,
    transport: &Arc<dyn Transport>,
    service: S,
    lifecycle: &Arc<Lifecycle>,
) -> Result<oneshot::Receiver<Result<(), Error>>, Error>
where
    S: Handler,
{
    let Group {
        topics,
        of_instance,
    } = group;
    let served = topics.values().flat_map(|route| &route.methods);
    let codec = codec(settings, served.map(|served| &served.method))?;
    let in_pieces = settings.chunked_message_limit;
    let message_limit = settings.message_limit.max(in_pieces.unwrap_or_default());
    let rules = Rules {
        message_limit,
        in_pieces: in_pieces.is_some(),
        default_timeout: settings.default_timeout,
        reply_topics: settings.reply_topics.clone(),
        headers: HeaderLimits::default(),
        deduplicates: matches!(
            settings.deduplication,
            Deduplication::Store(_) | Deduplication::Topics { .. }
        ),
    };
    let records = topics.iter().filter_map(|(request, route)| {
        let records = route.records.clone()?;
        Some((Arc::clone(request), records))
    });
    let records: HashMap<_, _> = records.collect();
    let router = Arc::new(Router::new(topics, rules));
    let dispatch = Dispatch::new(Limits {
        concurrency: settings.concurrency_limit,
        queued_calls: settings.queue_limit,
        queued_bytes: settings.queue_bytes,
    });
    let runtime = Handle::current();
    let piece = in_pieces.map(|_| settings.message_limit);
    let transactions =
        (settings.transactions && !of_instance).then(Arc::<TransactionQueue>::default);
    let transacted = transactions
        .clone()
        .map(|queue| Transacted::new(queue, piece));
    let once = once(settings, transport, records)?;
    let calls = Arc::new(Calls::new(
        dispatch,
        service,
        codec,
        message_limit,
        (Arc::clone(instance), of_instance),
        (settings.streams, once, transacted),
        runtime,
    ));
    let deliveries = Arc::new(ReplyDeliveries::new(&calls));
    let producer = transport.producer(Writes::Replies, &settings.producer, deliveries)?;
    calls.set_producer(Some(chunks::cutting(producer, piece)));

    let config = GroupConfig {
        group: name.clone(),
        topics: router.topics().cloned().collect(),
        batch: BATCH,
        instance_id: settings.instance_id.clone(),
        properties: settings.consumer.clone(),
        transactions: transactions.map(|queue| Transactions {
            id: format!("{name}.{instance}"),
            properties: settings.producer.clone(),
            queue,
        }),
    };
    let pace = Pace {
        commit_interval: settings.commit_interval,
        revoke_grace: settings.revoke_grace,
        drain_time: settings.drain_time,
        follows: of_instance,
    };
    let (ended, end) = oneshot::channel();
    let member = GroupMember::new(
        name,
        calls,
        router,
        Pieces::new(in_pieces),
        Arc::clone(lifecycle),
        pace,
        ended,
    );
    transport.join(config, Box::new(member))?;
    Ok(end)
}

/// How a group deduplicates calls, whose records may be in these topics.
fn once(
    settings: &Settings,
    transport: &Arc<dyn Transport>,
    topics: HashMap<Arc<str>, RecordTopic>,
) -> Result<Once, Error> {
    let overtime = settings.drain_time;
    Ok(match settings.deduplication.clone() {
        Deduplication::Store(store) => Once::with_store(store, overtime),
        Deduplication::Topics { window, bytes } if !topics.is_empty() => {
            let transport = Arc::clone(transport);
            let limits = (window, bytes);
            let store = TopicStore::open(transport, topics, limits, &settings.producer)?;
            Once::with_topics(Arc::new(store), overtime)
        }
        _ => Once::without(),
    })
}

fn codec<'a>(
    settings: &Settings,
    methods: impl Iterator<Item = &'a Method>,
) -> Result<Codec, Error> {
    let mut services: Vec<&'static ServiceDescriptor> = Vec::new();
    for method in methods {
        if !services
            .iter()
            .any(|service| std::ptr::eq(*service, method.service()))
        {
            services.push(method.service());
        }
    }
    let json = settings.json.then_some(settings.message_limit);
    Codec::new(json, &services)
}
