use std::time::{Duration, Instant};

use anyhow::ensure;
use futures_util::stream;

use super::questions::{PING_PONG, questions};
use crate::clients::Clients;
use crate::proto::StreamingInputCallRequest;

/// Long before a deadline could have ended the call.
const SOON: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(10);

pub(super) async fn cancel_after_begin(clients: &Clients) -> anyhow::Result<()> {
    let before = all_over(clients).await?;
    let mut test = clients.test.clone();
    let call = tokio::spawn(async move {
        // It never ends, so that only the cancel can end the handler.
        let requests = stream::pending::<StreamingInputCallRequest>();
        test.streaming_input_call(requests).await.map(drop)
    });
    running(clients, before + 1).await?;
    // Drops the call. A caller that drops it has nobody left to tell of a status.
    call.abort();
    ensure!(call.await.is_err_and(|error| error.is_cancelled()));
    ensure!(all_over(clients).await? == before + 1);
    Ok(())
}

pub(super) async fn cancel_after_first_response(clients: &Clients) -> anyhow::Result<()> {
    let before = all_over(clients).await?;
    let (questions, requests) = questions();
    let mut test = clients.test.clone();
    let mut responses = test.full_duplex_call(requests).await?.into_inner();
    questions.ask(PING_PONG[0], &mut responses).await?;
    drop(responses);
    ensure!(all_over(clients).await? == before + 1);
    // Open to the end, so that only the cancel can have ended the handler.
    drop(questions);
    Ok(())
}

/// Waits until every handler of a stream is over at the server. Gives how many were begun.
pub(super) async fn all_over(clients: &Clients) -> anyhow::Result<u64> {
    let end = Instant::now() + SOON;
    loop {
        let handlers = clients.handlers().await?;
        if handlers.running == 0 {
            return Ok(handlers.begun);
        }
        let running = handlers.running;
        ensure!(
            Instant::now() < end,
            "handlers still run at the server: {running}"
        );
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until as many handlers of streams were begun, of which one runs.
async fn running(clients: &Clients, begun: u64) -> anyhow::Result<()> {
    let end = Instant::now() + SOON;
    loop {
        let handlers = clients.handlers().await?;
        if (handlers.begun, handlers.running) == (begun, 1) {
            return Ok(());
        }
        ensure!(
            Instant::now() < end,
            "the handler was not begun: {handlers:?}"
        );
        tokio::time::sleep(PAUSE).await;
    }
}
