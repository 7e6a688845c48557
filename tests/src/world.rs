//! A place for one test: a cluster of its own, or topics of its own on a shared one.

use kafka_rpc::{
    Channel, ChannelBuilder, Cluster, Error, Server, ServerBuilder, ServerHandle, TopicSettings,
};
use tokio::task::JoinHandle;

use crate::service::{DeskClient, DeskServer, Scripted};
use crate::{soon, unique};

/// A cluster on which a test meets no other test.
#[derive(Clone, Debug)]
pub struct World {
    cluster: Cluster,
    prefix: String,
}

impl World {
    /// A world on an embedded broker of its own.
    pub fn embedded() -> Self {
        Self::on(Cluster::embedded().expect("the embedded broker starts"))
    }

    /// A world as that of [`embedded`](Self::embedded), whose topics have so many partitions each.
    pub fn with_partitions(count: u32) -> Self {
        let topics = TopicSettings::new()
            .partitions(count)
            .reply_partitions(count);
        Self::embedded().with(|cluster| cluster.topics(topics))
    }

    /// A world on a cluster that may be shared: its topics and groups have a prefix of their own.
    pub fn on(cluster: Cluster) -> Self {
        let prefix = format!("{}.", unique("world"));
        Self {
            cluster: cluster.topic_prefix(&prefix),
            prefix,
        }
    }

    /// The same world with other settings of the cluster, which must keep the prefix.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(Cluster) -> Cluster) -> Self {
        self.cluster = change(self.cluster);
        self
    }

    /// The cluster, with the world's prefix.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// What the topic or the group of this name is called here: `tests.v1.Desk.Ask`, for example.
    pub fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Runs a [`Desk`](crate::service::Desk) until the returned value is dropped, ready to take
    /// calls.
    pub async fn desk(&self, script: Scripted) -> Serving {
        self.serve(desk(script)).await
    }

    /// Runs a server until the returned value is dropped, ready to take calls. Not for one with
    /// layers: for that there is [`Serving::start`].
    pub async fn serve(&self, builder: ServerBuilder) -> Serving {
        let handle = builder.handle();
        Serving::start(handle, builder.serve(&self.cluster)).await
    }

    /// A channel with default settings.
    pub async fn channel(&self) -> Channel {
        self.connect(Channel::builder()).await
    }

    /// A channel with these settings.
    pub async fn connect(&self, builder: ChannelBuilder) -> Channel {
        builder.connect(&self.cluster).await.expect("connects")
    }

    /// A client of the [`Desk`](crate::service::Desk) on a channel of its own.
    pub async fn client(&self) -> DeskClient {
        let channel = self.channel().await;
        let prepared = channel.prepare(<DeskClient>::DESCRIPTOR).await;
        prepared.expect("the desk's topics are there");
        DeskClient::new(channel)
    }
}

/// A server of a [`Desk`](crate::service::Desk), to be set further.
pub fn desk(script: Scripted) -> ServerBuilder {
    Server::builder().add_service(DeskServer::new(script))
}

/// A server that runs. Dropping it ends the server, and waits for nothing.
#[derive(Debug)]
pub struct Serving {
    handle: ServerHandle,
    task: JoinHandle<Result<(), Error>>,
}

impl Serving {
    /// Runs a server and waits until it is ready.
    ///
    /// # Panics
    /// When it ends before, with its error.
    pub async fn start(
        handle: ServerHandle,
        serve: impl Future<Output = Result<(), Error>> + Send + 'static,
    ) -> Self {
        let mut task = tokio::spawn(serve);
        soon("the server is ready", async {
            tokio::select! {
                () = handle.ready() => {}
                ended = &mut task => panic!("the server ended before it was ready: {ended:?}"),
            }
        })
        .await;
        Self { handle, task }
    }

    /// The server's handle.
    pub fn handle(&self) -> &ServerHandle {
        &self.handle
    }

    /// Ends the server in good order.
    ///
    /// # Panics
    /// When that fails, or takes longer than a test may.
    pub async fn shutdown(mut self) {
        self.handle.shutdown();
        let ended = soon("the server ends", &mut self.task).await;
        ended
            .expect("the server does not panic")
            .expect("the server ends well");
    }

    /// How the server ended.
    ///
    /// # Panics
    /// When it does not, in the time that a test may take.
    pub async fn ended(mut self) -> Result<(), Error> {
        let ended = soon("the server ends", &mut self.task).await;
        ended.expect("the server does not panic")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}
