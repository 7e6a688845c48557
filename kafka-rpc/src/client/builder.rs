use std::sync::Arc;
use std::time::Duration;

use super::attempts::{Policies, RetryBudget, Tokens};
use super::caller::{Caller, CallerSettings};
use super::channel::Channel;
use super::enqueue::{Enqueuer, LateReplies};
use super::open_calls::OpenCalls;
use super::replies::{Replies, Requests};
use super::route::Routes;
use crate::cluster::{CONNECT_LIMIT, TopicSettings};
use crate::descriptor::{HedgingPolicy, Repeats, RetryPolicy, ServiceDescriptor};
use crate::stream::{LEAST_TIMEOUT, StreamSettings, window};
use crate::transport::Writes;
use crate::{Cluster, Error, chunks};

/// Settings of a [`Channel`].
///
/// ```no_run
/// # async fn connect(cluster: kafka_rpc::Cluster) -> Result<(), kafka_rpc::Error> {
/// use std::time::Duration;
/// use kafka_rpc::Channel;
///
/// let channel = Channel::builder()
///     .default_timeout(Duration::from_secs(5))
///     .producer_property("compression.type", "zstd")
///     .connect(&cluster)
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ChannelBuilder {
    default_timeout: Duration,
    connect_timeout: Duration,
    pending_limit: usize,
    message_limit: usize,
    chunked_message_limit: Option<usize>,
    streams: StreamSettings,
    policies: Policies,
    retry_budget: RetryBudget,
    topics: Option<TopicSettings>,
    services: Vec<&'static ServiceDescriptor>,
    producer: Vec<(String, String)>,
    consumer: Vec<(String, String)>,
}

impl Default for ChannelBuilder {
    fn default() -> Self {
        Self {
            default_timeout: Duration::from_secs(30),
            connect_timeout: CONNECT_LIMIT,
            pending_limit: 65_536,
            message_limit: crate::DEFAULT_MESSAGE_LIMIT,
            chunked_message_limit: None,
            streams: StreamSettings::default(),
            policies: Policies::default(),
            retry_budget: RetryBudget::default(),
            topics: None,
            services: Vec::new(),
            producer: Vec::new(),
            consumer: Vec::new(),
        }
    }
}

impl ChannelBuilder {
    /// The time that a call has unless it sets its own. 30 seconds by default.
    pub fn default_timeout(mut self, timeout: Duration) -> Self {
        self.default_timeout = timeout;
        self
    }

    /// How long the cluster may take to answer when connecting, and when the topics of a method
    /// are looked up. 10 seconds by default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The most calls that may be pending; one more gets `RESOURCE_EXHAUSTED`. 65,536 by default.
    pub fn pending_limit(mut self, calls: usize) -> Self {
        self.pending_limit = calls;
        self
    }

    /// The largest message in bytes, either way; a larger one gets `RESOURCE_EXHAUSTED`. 1 MiB by
    /// default. For more, `max.message.bytes` of the topics and `message.max.bytes` of the
    /// producers have to grow as well.
    pub fn message_limit(mut self, bytes: usize) -> Self {
        self.message_limit = bytes;
        self
    }

    /// Sends messages that are larger than the [`message_limit`](Self::message_limit) in several
    /// records, up to so many bytes in all, and takes such replies. They are put together again with
    /// a checksum. At most 128 MiB. Off by default: the server has to take them, too, see
    /// [`ServerBuilder::chunked_message_limit`](crate::ServerBuilder::chunked_message_limit).
    pub fn chunked_message_limit(mut self, bytes: usize) -> Self {
        self.chunked_message_limit = Some(bytes.min(chunks::MOST));
        self
    }

    /// The most streams that are open at a time; one more gets `RESOURCE_EXHAUSTED`. 1,000 by
    /// default.
    pub fn stream_limit(mut self, streams: usize) -> Self {
        self.streams.limit = streams;
        self
    }

    /// How far a server may get ahead of its caller in each stream: so many messages and bytes may
    /// have been sent that are not read yet. 8,192 messages and 8 MiB by default. Up to twice that
    /// is held for a stream whose reader has stopped; where the largest messages are more than an
    /// eighth of it, there is a record of credit for fewer than eight of them.
    pub fn stream_window(mut self, messages: u32, bytes: u32) -> Self {
        self.streams.window = window(messages, bytes);
        self
    }

    /// How long the server of a stream may be silent before it counts as gone: then the stream ends
    /// with `UNAVAILABLE`, or goes on at another server where its method is resumable. A server has
    /// something to say every 2 seconds. 10 seconds by default, at least 5.
    pub fn stream_timeout(mut self, timeout: Duration) -> Self {
        self.streams.timeout = timeout.max(LEAST_TIMEOUT);
        self
    }

    /// Has calls of all methods of a service made again that fail, but for those with streams and
    /// those that go to all instances. It counts in place of what the `.proto` or the attribute says
    /// of a method; [`retry_method`](Self::retry_method) counts in place of it.
    pub fn retry_service(
        mut self,
        service: &'static ServiceDescriptor,
        policy: RetryPolicy,
    ) -> Self {
        (self.policies).add(service, None, Repeats::Retry(policy));
        self
    }

    /// Has calls of one method made again that fail. The method is named as in the `.proto`. With one
    /// attempt, calls are not repeated, whatever else says so.
    ///
    /// ```
    /// # use kafka_rpc::{Request, Response, Status};
    /// # #[kafka_rpc::service(name = "shop.v1.Orders")]
    /// # trait Orders {
    /// #     async fn place_order(&self, request: Request<u64>) -> Result<Response<u64>, Status>;
    /// # }
    /// use kafka_rpc::{Channel, RetryPolicy};
    ///
    /// let channel = Channel::builder()
    ///     .retry_service(<OrdersClient>::DESCRIPTOR, RetryPolicy::new().attempts(5))
    ///     .retry_method(<OrdersClient>::DESCRIPTOR, "PlaceOrder", RetryPolicy::new().attempts(1));
    /// ```
    pub fn retry_method(
        mut self,
        service: &'static ServiceDescriptor,
        method: &str,
        policy: RetryPolicy,
    ) -> Self {
        (self.policies).add(service, Some(method), Repeats::Retry(policy));
        self
    }

    /// Has several attempts made at a time at calls of one method, which has no side effects.
    pub fn hedge_method(
        mut self,
        service: &'static ServiceDescriptor,
        method: &str,
        policy: HedgingPolicy,
    ) -> Self {
        (self.policies).add(service, Some(method), Repeats::Hedging(policy));
        self
    }

    /// How many calls may be repeated, by whatever policy. 100 tokens and a ratio of 0.1 by default.
    pub fn retry_budget(mut self, budget: RetryBudget) -> Self {
        self.retry_budget = budget;
        self
    }

    /// How missing topics are created, instead of the cluster's [`Cluster::topics`].
    pub fn topics(mut self, settings: TopicSettings) -> Self {
        self.topics = Some(settings);
        self
    }

    /// Makes sure of this service's topics while connecting. May be set for several services.
    /// Without it, that is done when a method is first called.
    pub fn service(mut self, service: &'static ServiceDescriptor) -> Self {
        self.services.push(service);
        self
    }

    /// Sets any librdkafka property for the producer of requests.
    pub fn producer_property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.producer.push((name.into(), value.into()));
        self
    }

    /// Sets any librdkafka property for the consumer of replies.
    pub fn consumer_property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.consumer.push((name.into(), value.into()));
        self
    }

    /// Connects. Must be called within a tokio runtime, which carries the channel from then on.
    ///
    /// # Errors
    /// Within the time limit: [`Error::Unreachable`] and [`Error::Denied`] say why the cluster
    /// can't be used, [`Error::Config`] which property or policy is wrong, and [`Error::Topics`] which
    /// topics of the services named are missing.
    pub async fn connect(self, cluster: &Cluster) -> Result<Channel, Error> {
        self.policies.check()?;
        let transport = cluster.transport();
        transport.check(self.connect_timeout).await?;
        let open = OpenCalls::new(self.pending_limit, self.streams);
        let requests = Arc::new(Requests::new(open.clone()));
        let producer = transport.producer(Writes::Requests, &self.producer, requests)?;
        let in_pieces = self.chunked_message_limit;
        let piece = in_pieces.map(|_| self.message_limit);
        let producer = chunks::cutting(producer, piece);
        let message_limit = self.message_limit.max(in_pieces.unwrap_or_default());
        let replies = Replies::new(open.clone(), message_limit, in_pieces);
        let inbox = transport.inbox(&self.consumer, Box::new(replies))?;
        let enqueuer = Enqueuer::new(
            Arc::clone(&transport),
            self.producer,
            piece,
            self.pending_limit,
        );
        let late = LateReplies::new(
            Arc::clone(&transport),
            self.consumer,
            message_limit,
            in_pieces,
            self.pending_limit,
        );
        let topics = self.topics.as_ref().unwrap_or(cluster.topic_settings());
        let routes = Routes::new(
            transport,
            inbox,
            cluster.bootstrap_servers(),
            cluster.prefix(),
            topics.clone(),
            self.policies,
            self.connect_timeout,
        );
        let settings = CallerSettings {
            default_timeout: self.default_timeout,
            message_limit,
            tokens: Tokens::new(self.retry_budget),
        };
        let channel = Channel::new(Caller::new(
            producer, routes, open, enqueuer, late, settings,
        ));
        for service in self.services {
            channel.prepare(service).await?;
        }
        Ok(channel)
    }
}
