use std::collections::hash_map::Entry;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::attempts::Policies;
use super::search::Search;
use super::spread::{Spread, Turn};
use crate::Error;
use crate::cluster::{TopicSettings, Wanted, WantedTopic, ensure};
use crate::descriptor::{Method, Repeats, ServiceDescriptor};
use crate::hashing::HashMap;
use crate::outside;
use crate::transport::{Inbox, PartitionRef, TopicState, Transport};
use crate::wire::{ReplyAddress, TopicNames, partition_for_key};

/// Where the calls of one method go, and where their replies come in.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) request: Arc<str>,
    pub(super) reply: ReplyAddress,
    /// How the method's calls are repeated, where they are.
    pub(super) repeats: Option<Repeats>,
    /// Of the request topic; grows when partitions are added.
    partitions: AtomicU32,
    /// Spreads calls without a key.
    spread: Spread,
}

impl Route {
    /// The topic and the partition of the channel's replies.
    pub(super) fn reply_place(&self) -> PartitionRef {
        PartitionRef {
            topic: Arc::clone(self.reply.topic()),
            partition: self.reply.partition().unwrap_or(0),
        }
    }

    /// Where a call goes that is made now.
    pub(super) fn destination(&self, key: Option<&[u8]>, now: Instant) -> Destination {
        self.by_key_or(key, |spread| spread.turn(now))
    }

    /// Where a call goes that lasts: all that its caller says goes there.
    pub(super) fn destination_of_its_own(&self, key: Option<&[u8]>) -> Destination {
        self.by_key_or(key, Spread::own_turn)
    }

    fn by_key_or(&self, key: Option<&[u8]>, turn: impl FnOnce(&Spread) -> Turn) -> Destination {
        let partitions = self.partitions.load(Ordering::Relaxed);
        let partitions = NonZeroU32::new(partitions).unwrap_or(NonZeroU32::MIN);
        match key {
            Some(key) => Destination {
                partition: partition_for_key(key, partitions),
                patient: false,
            },
            None => {
                let Turn { number, dense } = turn(&self.spread);
                Destination {
                    partition: i32::try_from(number % partitions).unwrap_or(0),
                    patient: dense,
                }
            }
        }
    }
}

/// Where the records of a call go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Destination {
    pub(super) partition: i32,
    /// See [`Outgoing::patient`](crate::transport::Outgoing::patient).
    pub(super) patient: bool,
}

/// How long it may take until added partitions are used.
const REFRESH_INTERVAL: Duration = Duration::from_secs(60);

/// A method, by where its service's description lies.
type Key = (usize, usize);

/// A search that failed begins anew with the next call.
struct SearchDone {
    routes: Arc<Routes>,
    key: Key,
}

impl Drop for SearchDone {
    fn drop(&mut self) {
        self.routes.searches.lock().remove(&self.key);
    }
}

async fn find(routes: Arc<Routes>, method: Method) -> Result<Arc<Route>, Error> {
    let key = key(method);
    let done = SearchDone { routes, key };
    let mut found = done.routes.open(&[method]).await?;
    let route = found.pop().ok_or_else(lost)?;
    done.routes.ready.write().insert(key, Arc::clone(&route));
    Ok(route)
}

/// The routes of a channel, each found when its method is first called.
pub(super) struct Routes {
    transport: Arc<dyn Transport>,
    inbox: Arc<dyn Inbox>,
    bootstrap: String,
    prefix: String,
    settings: TopicSettings,
    policies: Policies,
    limit: Duration,
    /// Chooses this channel's partition of each reply topic.
    seed: u32,
    ready: RwLock<HashMap<Key, Arc<Route>>>,
    searches: Mutex<HashMap<Key, Arc<Search>>>,
    followed: Mutex<HashMap<Arc<str>, Arc<OnceCell<()>>>>,
}

impl Routes {
    pub(super) fn new(
        transport: Arc<dyn Transport>,
        inbox: Arc<dyn Inbox>,
        bootstrap: &str,
        prefix: &str,
        settings: TopicSettings,
        policies: Policies,
        limit: Duration,
    ) -> Self {
        Self {
            transport,
            inbox,
            bootstrap: bootstrap.to_owned(),
            prefix: prefix.to_owned(),
            settings,
            policies,
            limit,
            seed: outside::random_id().as_fields().0,
            ready: RwLock::default(),
            searches: Mutex::default(),
            followed: Mutex::default(),
        }
    }

    /// The method's route, if it was found before.
    pub(super) fn ready(&self, method: Method) -> Option<Arc<Route>> {
        self.ready.read().get(&key(method)).cloned()
    }

    /// The method's route; the first time it makes sure of the topics and begins to read replies.
    ///
    /// The search goes on where nobody waits for it any more: calls with deadlines that are shorter
    /// than it takes would otherwise never get through.
    pub(super) async fn find(self: &Arc<Self>, method: Method) -> Result<Arc<Route>, Arc<Error>> {
        if let Some(route) = self.ready(method) {
            return Ok(route);
        }
        let (search, new) = match self.searches.lock().entry(key(method)) {
            Entry::Occupied(search) => (Arc::clone(search.get()), false),
            Entry::Vacant(vacant) => (Arc::clone(vacant.insert(Arc::default())), true),
        };
        if new {
            // With no lock held: where the runtime has ended, it is over at once.
            search.begin(find(Arc::clone(self), method));
        }
        search.outcome().await
    }

    /// Finds the routes of all methods of a service at once, so that one error tells of all.
    pub(super) async fn prepare(&self, service: &'static ServiceDescriptor) -> Result<(), Error> {
        let methods: Vec<Method> = (0..service.methods.len())
            .filter_map(|index| Method::new(service, index))
            .collect();
        let routes = self.open(&methods).await?;
        let mut ready = self.ready.write();
        for (method, route) in methods.into_iter().zip(routes) {
            ready.entry(key(method)).or_insert(route);
        }
        Ok(())
    }

    /// Looks the number of partitions up again, for ever: calls with a key have to go where those
    /// of other producers do.
    pub(super) async fn refresh(&self) {
        loop {
            tokio::time::sleep(REFRESH_INTERVAL).await;
            let routes: Vec<Arc<Route>> = self.ready.read().values().cloned().collect();
            let names: Vec<Arc<str>> = routes
                .iter()
                .map(|route| Arc::clone(&route.request))
                .collect();
            match self.transport.topics(&names, self.limit).await {
                Ok(states) => {
                    for (route, state) in routes.iter().zip(states) {
                        if let TopicState::Ready { partitions, .. } = state {
                            route.partitions.fetch_max(partitions, Ordering::Relaxed);
                        }
                    }
                }
                Err(error) => tracing::debug!(%error, "partitions are looked up again later"),
            }
        }
    }

    async fn open(&self, methods: &[Method]) -> Result<Vec<Arc<Route>>, Error> {
        let repeats: Vec<Option<Repeats>> = methods
            .iter()
            .map(|method| self.policies.of(*method))
            .collect::<Result<_, _>>()?;
        let names: Vec<TopicNames> = methods
            .iter()
            .map(|method| TopicNames::of(*method, &self.prefix))
            .collect::<Result<_, _>>()
            .map_err(|error| Error::Config(error.to_string()))?;
        let mut topics = Vec::new();
        for names in &names {
            for topic in [
                WantedTopic::written(self.settings.request_topic(&names.request)),
                WantedTopic::read(self.settings.reply_topic(&names.reply)),
            ] {
                if !topics.contains(&topic) {
                    topics.push(topic);
                }
            }
        }
        let wanted = Wanted {
            topics,
            may_create: self.settings.may_create(),
            bootstrap: &self.bootstrap,
        };
        let partitions = ensure(&*self.transport, &wanted, self.limit).await?;
        let count = |topic: &Arc<str>| partitions.get(topic).copied().and_then(NonZeroU32::new);

        let mut routes = Vec::with_capacity(names.len());
        for (names, repeats) in names.into_iter().zip(repeats) {
            let requests = count(&names.request).ok_or_else(lost)?;
            let replies = count(&names.reply).ok_or_else(lost)?;
            let partition = i32::try_from(self.seed % replies).unwrap_or(0);
            let topic = Arc::clone(&names.reply);
            self.follow(PartitionRef { topic, partition }).await?;
            let reply = ReplyAddress::new(Arc::clone(&names.reply), Some(partition))
                .map_err(|error| Error::Config(error.to_string()))?;
            routes.push(Arc::new(Route {
                request: names.request,
                reply,
                repeats,
                partitions: AtomicU32::new(requests.get()),
                spread: Spread::new(self.seed),
            }));
        }
        Ok(routes)
    }

    /// An offset of a reply partition that the channel reads: no reply to a request that is yet to
    /// be written is at a lower one.
    pub(super) fn position(&self, partition: &PartitionRef) -> Option<i64> {
        self.inbox.position(partition)
    }

    /// Reads a reply topic once, however many methods share it.
    async fn follow(&self, partition: PartitionRef) -> Result<(), Error> {
        let topic = Arc::clone(&partition.topic);
        let cell = Arc::clone(self.followed.lock().entry(topic).or_default());
        cell.get_or_try_init(|| self.inbox.follow(partition))
            .await?;
        Ok(())
    }
}

fn key(method: Method) -> Key {
    (std::ptr::from_ref(method.service()).addr(), method.index())
}

fn lost() -> Error {
    Error::Kafka("a topic was found without partitions".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{Record, Records};
    use crate::{Cluster, MethodDescriptor};

    static METHODS: &[MethodDescriptor] = &[MethodDescriptor::new("Ask", "test.Desk/Ask")];
    static SERVICE: ServiceDescriptor = ServiceDescriptor::new("test.Desk", METHODS);

    struct Ignored;

    impl Records for Ignored {
        fn records(&mut self, _: &mut [Record]) {}
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_search_goes_on_when_the_call_that_began_it_is_given_up() {
        let cluster = Cluster::embedded().unwrap();
        let transport = cluster.transport();
        let inbox = transport.inbox(&[], Box::new(Ignored)).unwrap();
        let (settings, limit) = (TopicSettings::new(), Duration::from_secs(10));
        let bootstrap = cluster.bootstrap_servers();
        let policies = Policies::default();
        let routes = Routes::new(transport, inbox, bootstrap, "", settings, policies, limit);
        let routes = Arc::new(routes);
        let method = Method::new(&SERVICE, 0).unwrap();

        let given_up = tokio::time::timeout(Duration::ZERO, routes.find(method)).await;
        assert!(given_up.is_err(), "the topics were found at once");
        let found = async {
            while routes.ready.read().is_empty() || !routes.searches.lock().is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let found = tokio::time::timeout(limit, found).await;
        found.expect("nobody went on");
        assert!(
            routes.searches.lock().is_empty(),
            "a search that is over is kept"
        );
    }
}
