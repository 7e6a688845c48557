//! Joining a consumer group.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::groups::Group;
use crate::Error;
use crate::chunks::{self, Pieces};
use crate::descriptor::{Method, ServiceDescriptor};
use crate::hashing::HashMap;
use crate::server::builder::Settings;
use crate::server::calls::{Calls, Once, ReplyDeliveries, Setup, Transacted};
use crate::server::codec::Codec;
use crate::server::deduplication::{Deduplication, RecordTopic, TopicStore};
use crate::server::dispatch::{Dispatch, Limits};
use crate::server::handler::Handler;
use crate::server::lifecycle::Lifecycle;
use crate::server::member::{GroupMember, Pace};
use crate::server::router::{Router, Rules};
use crate::transport::{GroupConfig, TransactionQueue, Transactions, Transport, Writes};
use crate::wire::HeaderLimits;

/// The most records that are taken from the transport at a time.
const BATCH: usize = 256;

/// Joins a group; what comes back resolves when the group has been left.
pub(super) fn join<S>(
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
    let calls = Arc::new(Calls::new(
        dispatch,
        service,
        codec,
        Setup {
            message_limit,
            instance: Arc::clone(instance),
            of_instance,
            streams: settings.streams,
            once: once(settings, transport, records)?,
            transacted,
        },
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
