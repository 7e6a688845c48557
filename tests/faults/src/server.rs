//! The process of a server.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use kafka_rpc::{Cluster, DiskStore, MemoryStore, OutboxRecord, Request, Response, Server, Status};
use kafka_rpc_checker::What;
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};

use crate::clock::History;
use crate::node::shows_warnings;
use crate::till::{Paid, Payment, Till, TillServer};

/// How long a server's handlers may take to end when it shall.
pub(crate) const DRAIN_TIME: Duration = Duration::from_secs(10);

/// For how long, and how much, a server keeps of what deduplicated calls came to.
const WINDOW: Duration = Duration::from_secs(60 * 60);
const MOST_BYTES: u64 = 256 * 1024 * 1024;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ServerSettings {
    pub(crate) node: String,
    pub(crate) bootstrap: String,
    pub(crate) prefix: String,
    pub(crate) histories: PathBuf,
    /// How long a handler works.
    pub(crate) work: Duration,
    pub(crate) session_timeout: Duration,
    pub(crate) commit_interval: Duration,
    pub(crate) instance_id: Option<String>,
    /// The topic in which each call's name is written, in a transaction with its reply and its offset.
    pub(crate) outbox: Option<String>,
    /// The file in which it keeps what deduplicated calls came to; in memory without one.
    pub(crate) store: Option<PathBuf>,
}

struct Book {
    history: Arc<History>,
    work: Duration,
    outbox: Option<Arc<str>>,
}

impl Till for Book {
    async fn pay(&self, request: Request<Payment>) -> Result<Response<Paid>, Status> {
        let payment = request.get_ref();
        let order = Some((payment.account.clone(), payment.number));
        self.handle(request, order).await
    }

    async fn settle(&self, request: Request<Payment>) -> Result<Response<Paid>, Status> {
        let call = request.get_ref().call.clone();
        let reply = self.handle(request, None).await?;
        self.tell(What::Effect { call })?;
        Ok(reply)
    }

    async fn quote(&self, request: Request<Payment>) -> Result<Response<Paid>, Status> {
        self.handle(request, None).await
    }
}

impl Book {
    async fn handle(
        &self,
        request: Request<Payment>,
        order: Option<(String, u64)>,
    ) -> Result<Response<Paid>, Status> {
        let origin = request
            .origin()
            .map(|origin| (origin.topic.to_string(), origin.partition, origin.offset))
            .ok_or_else(|| Status::internal("the request has no origin"))?;
        if let Some(topic) = &self.outbox
            && let Ok(outbox) = request.outbox()
        {
            let call = request.get_ref().call.clone();
            outbox.send(OutboxRecord::new(Arc::clone(topic), call))?;
        }
        let call = request.into_inner().call;
        self.tell(What::Started {
            call: call.clone(),
            order,
            origin,
        })?;
        tokio::time::sleep(self.work).await;
        self.tell(What::Finished { call: call.clone() })?;
        Ok(Response::new(Paid { call }))
    }

    fn tell(&self, what: What) -> Result<(), Status> {
        let told = self.history.tell(what);
        told.map_err(|error| Status::internal(format!("{error:#}")))
    }
}

pub(crate) async fn serve(settings: &str) -> anyhow::Result<()> {
    shows_warnings();
    let settings: ServerSettings = serde_json::from_str(settings)?;
    let history = Arc::new(History::append(&settings.histories, &settings.node)?);
    let cluster = Cluster::new(settings.bootstrap).topic_prefix(settings.prefix);
    let till = TillServer::new(Book {
        history: Arc::clone(&history),
        work: settings.work,
        outbox: settings.outbox.as_deref().map(Arc::from),
    });
    let mut server = Server::builder()
        .consumer_property(
            "session.timeout.ms",
            settings.session_timeout.as_millis().to_string(),
        )
        .commit_interval(settings.commit_interval)
        .drain_time(DRAIN_TIME)
        .connect_timeout(Duration::from_secs(60))
        .transactions(settings.outbox.is_some())
        .add_service(till);
    server = match &settings.store {
        Some(path) => {
            let store = DiskStore::open(path, WINDOW, MOST_BYTES);
            server.deduplication(store.map_err(anyhow::Error::from_boxed)?)
        }
        None => server.deduplication(MemoryStore::new(WINDOW, MOST_BYTES)),
    };
    if let Some(id) = settings.instance_id {
        server = server.instance_id(id);
    }
    let handle = server.handle();
    let mut terminated = signal(SignalKind::terminate())?;
    let told = Arc::clone(&history);
    let serving = server.serve_with_shutdown(&cluster, async move {
        terminated.recv().await;
        // What can't be written here is missed at the end.
        let _unwritten = told.tell(What::Draining);
    });
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => ended.context("the server has ended")?,
        () = handle.ready() => {
            writeln!(io::stdout(), "ready")?;
            serving.await.context("the server has ended")?;
        }
    }
    history.tell(What::Drained)?;
    writeln!(io::stdout(), "ended")?;
    Ok(())
}
