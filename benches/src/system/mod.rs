//! What is compared, one system a file.

pub(crate) mod floor;
pub(crate) mod grpc;
pub(crate) mod kafka_rpc;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{bail, ensure};
use bytes::Bytes;

use crate::setup::Setup;

/// A service that answers each message with itself, over some transport.
pub(crate) trait System {
    type Caller: Caller;

    /// Serves until `stop` is done. Says where in `ready`, once it takes calls.
    async fn serve(
        setup: &Setup,
        ready: impl FnOnce(&str),
        stop: impl Future<Output = ()> + Send,
    ) -> anyhow::Result<()>;

    /// A client of the servers that said so.
    async fn connect(setup: &Setup, servers: &[String]) -> anyhow::Result<Self::Caller>;
}

/// A client that many tasks share.
pub(crate) trait Caller: Clone + Send + Sync + 'static {
    /// Sends the setup's body and waits for it to come back.
    fn call(&self, key: Option<u64>) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// Reads a stream of so many messages of the setup's size, and stops so long behind the first.
    fn read(
        &self,
        _messages: u64,
        _stop: Duration,
    ) -> impl Future<Output = anyhow::Result<()>> + Send {
        async { bail!("this system has no streams") }
    }

    /// Sends it where nobody answers, and waits for the deadline. Anything else is an error.
    fn hold(&self, _timeout: Duration) -> impl Future<Output = anyhow::Result<()>> + Send {
        async { bail!("this system has no calls that nobody answers") }
    }
}

/// Clients in one process, each with connections of its own, which take turns.
#[derive(Clone)]
pub(crate) struct Clients<C> {
    callers: Arc<[C]>,
    turn: Arc<AtomicUsize>,
}

impl<C: Caller> Clients<C> {
    pub(crate) fn new(callers: Vec<C>) -> anyhow::Result<Self> {
        ensure!(!callers.is_empty(), "nobody makes calls");
        Ok(Self {
            callers: callers.into(),
            turn: Arc::default(),
        })
    }

    fn next(&self) -> &C {
        let turn = match self.callers.len() {
            1 => 0,
            clients => self.turn.fetch_add(1, Ordering::Relaxed) % clients,
        };
        &self.callers[turn]
    }
}

impl<C: Caller> Caller for Clients<C> {
    async fn call(&self, key: Option<u64>) -> anyhow::Result<()> {
        self.next().call(key).await
    }

    async fn read(&self, messages: u64, stop: Duration) -> anyhow::Result<()> {
        self.next().read(messages, stop).await
    }

    async fn hold(&self, timeout: Duration) -> anyhow::Result<()> {
        self.next().hold(timeout).await
    }
}

/// What a client sends: words, so that compression finds what it finds in messages.
fn body(setup: &Setup) -> Bytes {
    const WORDS: [&str; 16] = [
        "customer ",
        "order ",
        "2027-03-14 ",
        "pending ",
        "id=",
        "4711 ",
        "EUR ",
        "19.90 ",
        "street ",
        "paid ",
        "null ",
        "true ",
        "item ",
        "count=",
        "7 ",
        "note ",
    ];
    // SplitMix64, and the same in every run.
    let mut state = 1_u64;
    let words = std::iter::repeat_with(|| {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        WORDS[(mixed >> 60) as usize].bytes()
    });
    words.flatten().take(setup.body).collect()
}

fn check(sent: &Bytes, received: usize) -> anyhow::Result<()> {
    ensure!(
        received == sent.len(),
        "{received} bytes came back of {}",
        sent.len()
    );
    Ok(())
}
