use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tower_layer::{Identity, Layer, Stack};
use tower_service::Service;

use super::deduplication::{Deduplication, DeduplicationStore};
use super::lifecycle::{Lifecycle, ServerHandle};
use super::routes::Routes;
use super::run::run;
use super::service::RpcService;
use crate::call::{Body, BoxError, Request, Response};
use crate::cluster::TopicSettings;
use crate::descriptor::Redelivery;
use crate::hashing::HashSet;
use crate::stream::{LEAST_TIMEOUT, StreamSettings, window};
use crate::{Cluster, Error};

/// Handles calls; see [`Server::builder`].
#[derive(Clone, Copy, Debug)]
pub struct Server;

impl Server {
    /// A server with the default settings and no services yet.
    pub fn builder() -> ServerBuilder {
        ServerBuilder {
            services: Vec::new(),
            layer: Identity::new(),
            settings: Settings::default(),
            lifecycle: Lifecycle::new(),
        }
    }
}

/// What a server is set to.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) concurrency_limit: usize,
    pub(super) queue_limit: usize,
    pub(super) queue_bytes: usize,
    pub(super) message_limit: usize,
    pub(super) default_timeout: Duration,
    pub(super) chunked_message_limit: Option<usize>,
    pub(super) streams: StreamSettings,
    pub(super) commit_interval: Duration,
    pub(super) drain_time: Duration,
    pub(super) revoke_grace: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) group: Option<String>,
    pub(super) instance_id: Option<String>,
    pub(super) topics: Option<TopicSettings>,
    pub(super) dead_letters: bool,
    pub(super) transactions: bool,
    /// By the path of a method or the name of a service.
    pub(super) redelivery: Vec<(String, Redelivery)>,
    pub(super) reply_topics: HashSet<String>,
    pub(super) producer: Vec<(String, String)>,
    pub(super) consumer: Vec<(String, String)>,
    pub(super) deduplication: Deduplication,
    /// Only ever true with the feature `json`.
    pub(super) json: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency_limit: 512,
            queue_limit: 1024,
            queue_bytes: 8 * 1024 * 1024,
            message_limit: crate::DEFAULT_MESSAGE_LIMIT,
            default_timeout: Duration::from_secs(30),
            chunked_message_limit: None,
            streams: StreamSettings::default(),
            commit_interval: Duration::from_millis(20),
            drain_time: Duration::from_secs(30),
            revoke_grace: Duration::from_secs(5),
            connect_timeout: crate::cluster::CONNECT_LIMIT,
            group: None,
            instance_id: None,
            topics: None,
            dead_letters: true,
            transactions: false,
            redelivery: Vec::new(),
            reply_topics: HashSet::default(),
            producer: Vec::new(),
            consumer: Vec::new(),
            deduplication: Deduplication::default(),
            json: false,
        }
    }
}

/// Settings and services of a server.
///
/// ```no_run
/// # async fn run(
/// #     orders: impl kafka_rpc::server::RpcService,
/// #     cluster: kafka_rpc::Cluster,
/// # ) -> Result<(), kafka_rpc::Error> {
/// use kafka_rpc::Server;
///
/// Server::builder()
///     .concurrency_limit(64)
///     .add_service(orders)
///     .serve_with_shutdown(&cluster, async {
///         let _ = tokio::signal::ctrl_c().await;
///     })
///     .await
/// # }
/// ```
#[must_use]
pub struct ServerBuilder<L = Identity> {
    services: Vec<Arc<dyn RpcService>>,
    layer: L,
    settings: Settings,
    lifecycle: Arc<Lifecycle>,
}

impl<L> fmt::Debug for ServerBuilder<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let services = self
            .services
            .iter()
            .map(|service| service.descriptor().name);
        f.debug_struct("ServerBuilder")
            .field("services", &services.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl<L> ServerBuilder<L> {
    /// Adds a service: the generated `…Server` around an implementation of its trait.
    pub fn add_service(mut self, service: impl RpcService) -> Self {
        self.services.push(Arc::new(service));
        self
    }

    /// Wraps the handlers of all services in a `tower` layer. The one added first is the outermost,
    /// as in `tower::ServiceBuilder`.
    pub fn layer<N>(self, layer: N) -> ServerBuilder<Stack<N, L>> {
        ServerBuilder {
            services: self.services,
            layer: Stack::new(layer, self.layer),
            settings: self.settings,
            lifecycle: self.lifecycle,
        }
    }

    /// Takes messages that are larger than the [`message_limit`](Self::message_limit) in several
    /// records, up to so many bytes in all, and sends such replies. They are put together again
    /// with a checksum; up to four of the largest may be on their way in a group at a time. At most
    /// 128 MiB. Off by default: callers have to send and take them, too, see
    /// [`ChannelBuilder::chunked_message_limit`](crate::ChannelBuilder::chunked_message_limit).
    pub fn chunked_message_limit(mut self, bytes: usize) -> Self {
        self.settings.chunked_message_limit = Some(bytes.min(crate::chunks::MOST));
        self
    }

    /// The most streams that are open in one partition; the request of one more is answered with
    /// `RESOURCE_EXHAUSTED`. They do not count for the
    /// [`concurrency_limit`](Self::concurrency_limit) once their handlers have started. 1,000 by
    /// default.
    pub fn stream_limit(mut self, streams: usize) -> Self {
        self.settings.streams.limit = streams;
        self
    }

    /// How far a caller may get ahead of its handler in each stream: so many messages and bytes may
    /// have been sent that are not read yet. 8,192 messages and 8 MiB by default, but at least the
    /// 64 messages and 64 KiB that every caller may send before it hears of the server.
    pub fn stream_window(mut self, messages: u32, bytes: u32) -> Self {
        self.settings.streams.window = window(messages, bytes);
        self
    }

    /// How long the caller of a stream may be silent before it counts as gone, and its handler is
    /// dropped. A caller has something to say every 2 seconds. 10 seconds by default, at least 5.
    pub fn stream_timeout(mut self, timeout: Duration) -> Self {
        self.settings.streams.timeout = timeout.max(LEAST_TIMEOUT);
        self
    }

    /// The most handlers that run at a time in each consumer group, so for each service unless
    /// services share a group. Over it, partitions are paused. At least 1; 512 by default.
    pub fn concurrency_limit(mut self, handlers: usize) -> Self {
        self.settings.concurrency_limit = handlers;
        self
    }

    /// The most calls of one partition that are read and wait for their turn before the partition
    /// is paused, whether for a permit or behind a call with the same key. It is resumed when half
    /// of them are gone. At least 1; 1,024 by default.
    pub fn queue_limit(mut self, calls: usize) -> Self {
        self.settings.queue_limit = calls;
        self
    }

    /// As [`queue_limit`](Self::queue_limit), in bytes of their messages. 8 MiB by default.
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.settings.queue_bytes = bytes;
        self
    }

    /// The largest message in bytes, either way; a larger one gets `RESOURCE_EXHAUSTED`. 1 MiB by
    /// default. For more, `max.message.bytes` of the topics and `message.max.bytes` of the
    /// producers have to grow as well.
    pub fn message_limit(mut self, bytes: usize) -> Self {
        self.settings.message_limit = bytes;
        self
    }

    /// The time that a request has which brings no `grpc-timeout`, from when it is read. 30 seconds
    /// by default.
    pub fn default_timeout(mut self, timeout: Duration) -> Self {
        self.settings.default_timeout = timeout;
        self
    }

    /// How often finished calls are committed. A server that is killed has its last interval's
    /// calls repeated. 20 ms by default.
    pub fn commit_interval(mut self, interval: Duration) -> Self {
        self.settings.commit_interval = interval;
        self
    }

    /// How long running handlers may take to end when the server shall. What is unfinished then is
    /// handled by another server. 30 seconds by default.
    pub fn drain_time(mut self, time: Duration) -> Self {
        self.settings.drain_time = time;
        self
    }

    /// How long running handlers of a partition may take to end when the group gives the partition
    /// to another server. Meanwhile nothing new is read from this server's other partitions. What
    /// is unfinished then is ended here and handled there. 5 seconds by default.
    pub fn revoke_grace(mut self, time: Duration) -> Self {
        self.settings.revoke_grace = time;
        self
    }

    /// How long the cluster may take to answer while the server starts. 10 seconds by default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = timeout;
        self
    }

    /// One consumer group for all services, instead of each service's own.
    pub fn group(mut self, name: impl Into<String>) -> Self {
        self.settings.group = Some(name.into());
        self
    }

    /// Makes the server a static member (`group.instance.id`): restarted within the session
    /// timeout, it gets its partitions back without a rebalance. Unique among the group's servers.
    pub fn instance_id(mut self, id: impl Into<String>) -> Self {
        self.settings.instance_id = Some(id.into());
        self
    }

    /// How missing topics are created, instead of the cluster's [`Cluster::topics`].
    pub fn topics(mut self, settings: TopicSettings) -> Self {
        self.settings.topics = Some(settings);
        self
    }

    /// Has calls of a method (`shop.v1.Orders/PlaceOrder`) or of a service (`shop.v1.Orders`) handled
    /// again that fail with certain codes, in place of what their `.proto` says. A service's policy is
    /// for those of its methods that are `AT_LEAST_ONCE`, have no streams and go to one instance, and a
    /// method's is before it.
    pub fn redelivery(mut self, of: impl Into<String>, policy: Redelivery) -> Self {
        self.settings.redelivery.push((of.into(), policy));
        self
    }

    /// Whether requests that can't be handled and have nobody to be told, and those that failed at all
    /// of their attempts, are written to [dead-letter topics](crate::DeadLetters). On by default; off,
    /// they are counted, logged and stepped past.
    pub fn dead_letters(mut self, enabled: bool) -> Self {
        self.settings.dead_letters = enabled;
        self
    }

    /// Whether the reply of a call, what its handler has put into its [outbox](Request::outbox), and the
    /// offset that counts the request as finished are written in one Kafka transaction, so that a chain of
    /// services and topics does each step exactly once. Off by default: it costs each call several round
    /// trips to the brokers.
    ///
    /// Streams and methods that are `AT_MOST_ONCE`, deduplicated, or go to all instances have no outbox. The embedded
    /// broker has no transactions. The `transactional.id` is made of the group and the
    /// [`instance_id`](Self::instance_id), which should be set: a server that comes back under its id ends
    /// the transaction that it has left open, for which the others wait 10 seconds otherwise
    /// (`transaction.timeout.ms`).
    pub fn transactions(mut self, enabled: bool) -> Self {
        self.settings.transactions = enabled;
        self
    }

    /// Has calls of methods that are [deduplicated](crate::MethodDescriptor::deduplicated) take effect
    /// once: what each came to is kept in a store, and a repeat, which has the same idempotency key, is
    /// answered with that. A server of such methods has to be told how.
    ///
    /// A handler of such a call is not ended by its caller, and goes on beyond its deadline, for the
    /// [`drain_time`](Self::drain_time) at most, so that what it came to is recorded.
    ///
    /// ```
    /// use std::time::Duration;
    /// use kafka_rpc::{MemoryStore, Server};
    ///
    /// let hour = Duration::from_secs(60 * 60);
    /// let server = Server::builder().deduplication(MemoryStore::new(hour, 64 * 1024 * 1024));
    /// ```
    pub fn deduplication(mut self, store: impl DeduplicationStore) -> Self {
        self.settings.deduplication = Deduplication::Store(Arc::new(store));
        self
    }

    /// As [`deduplication`](Self::deduplication), with records in a compacted topic beside each request
    /// topic: `shop.v1.Orders.PlaceOrder.dedup`, with as many partitions. They are kept for `window`,
    /// and a partition's records go with it: who takes it over reads them before it handles calls that
    /// are to be deduplicated. In memory they take at most `bytes`, about, in each group; where there
    /// are more, those go first that were not asked for for the longest time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use kafka_rpc::Server;
    ///
    /// let day = Duration::from_secs(24 * 60 * 60);
    /// let server = Server::builder().deduplication_topics(day, 256 * 1024 * 1024);
    /// ```
    pub fn deduplication_topics(mut self, window: Duration, bytes: u64) -> Self {
        self.settings.deduplication = Deduplication::Topics { window, bytes };
        self
    }

    /// Leaves calls of methods that are [deduplicated](crate::MethodDescriptor::deduplicated) to their
    /// handlers: each finds [`Request::idempotency_key`], and answers a repeat itself. So it may keep
    /// what a call came to in the database transaction that makes its effect.
    pub fn deduplication_by_handlers(mut self) -> Self {
        self.settings.deduplication = Deduplication::ByHandlers;
        self
    }

    /// Allows callers to have replies written to this topic, too. Only a method's own reply topic
    /// is allowed otherwise: a caller must not have the server write where it can't itself.
    pub fn allow_reply_topic(mut self, name: impl Into<String>) -> Self {
        self.settings.reply_topics.insert(name.into());
        self
    }

    /// Takes requests in JSON (`content-type: application/json`) and answers them in canonical
    /// proto JSON. Off by default.
    #[cfg(feature = "json")]
    pub fn json(mut self, enabled: bool) -> Self {
        self.settings.json = enabled;
        self
    }

    /// Sets any librdkafka property for the producer of replies.
    pub fn producer_property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.producer.push((name.into(), value.into()));
        self
    }

    /// Sets any librdkafka property for the consumer of requests.
    pub fn consumer_property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.consumer.push((name.into(), value.into()));
        self
    }

    /// Tells when the server is ready, and can end it.
    pub fn handle(&self) -> ServerHandle {
        ServerHandle::new(Arc::clone(&self.lifecycle))
    }
}

impl<L> ServerBuilder<L>
where
    L: Layer<Routes>,
    L::Service: Service<Request<Body>, Response = Response<Body>> + Clone + Send + Sync + 'static,
    <L::Service as Service<Request<Body>>>::Error: Into<BoxError>,
    <L::Service as Service<Request<Body>>>::Future: Send,
{
    /// Handles calls until [`ServerHandle::shutdown`]. Must be polled within a tokio runtime, on
    /// which handlers run.
    ///
    /// # Errors
    /// Before it takes calls: [`Error::Config`] for settings that can't be, [`Error::Unreachable`]
    /// and [`Error::Denied`] for a cluster that can't be used, [`Error::Topics`] for topics that
    /// are missing. Later only where it can't go on, for example because a right was taken away.
    pub fn serve(
        self,
        cluster: &Cluster,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<L> {
        self.serve_with_shutdown(cluster, std::future::pending())
    }

    /// As [`serve`](Self::serve), until `signal` is ready. Then it stops reading, lets running
    /// handlers end within the [drain time](Self::drain_time), commits, and leaves its groups.
    ///
    /// Dropping the future ends the server, too, but nobody waits for it.
    ///
    /// # Errors
    /// Those of [`serve`](Self::serve).
    pub fn serve_with_shutdown<F>(
        self,
        cluster: &Cluster,
        signal: F,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<L, F>
    where
        F: Future<Output = ()> + Send,
    {
        let service = self.layer.layer(Routes::new(&self.services));
        let descriptors = self
            .services
            .iter()
            .map(|service| service.descriptor())
            .collect();
        let cluster = cluster.clone();
        let (settings, lifecycle) = (self.settings, self.lifecycle);
        async move { run(cluster, settings, descriptors, service, lifecycle, signal).await }
    }
}
