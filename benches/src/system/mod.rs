//! What is compared, one system a file.

pub(crate) mod floor;
pub(crate) mod grpc;
pub(crate) mod kafka_rpc;

use std::future::Future;

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
}

/// What a client sends.
fn body(setup: &Setup) -> Bytes {
    Bytes::from(vec![b'x'; setup.body])
}

fn check(sent: &Bytes, received: usize) -> anyhow::Result<()> {
    anyhow::ensure!(
        received == sent.len(),
        "{received} bytes came back of {}",
        sent.len()
    );
    Ok(())
}
