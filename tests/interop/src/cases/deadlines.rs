use std::time::{Duration, Instant};

use anyhow::ensure;
use kafka_rpc::{Code, Request};

use super::cancels::all_over;
use super::failed;
use super::questions::{question, questions};
use crate::clients::Clients;

/// gRPC's case has 1 ms, by which no call reaches a server through a log: this is enough to reach it, and to be ended there.
const TIMEOUT: Duration = Duration::from_millis(500);
const SLEEP_MICROS: i32 = 60_000_000;

pub(super) async fn timeout_on_sleeping_server(clients: &Clients) -> anyhow::Result<()> {
    let before = all_over(clients).await?;
    let (questions, requests) = questions();
    questions
        .send(question(27182, [(31415, SLEEP_MICROS)]))
        .await?;
    let mut request = Request::new(requests);
    request.set_timeout(TIMEOUT);
    let begun = Instant::now();
    let mut test = clients.test.clone();
    let outcome = match test.full_duplex_call(request).await {
        Ok(response) => response.into_inner().message().await,
        Err(status) => Err(status),
    };
    failed(outcome, Code::DeadlineExceeded)?;
    let took = begun.elapsed();
    ensure!(
        took < 10 * TIMEOUT,
        "the deadline was {TIMEOUT:?}, the call took {took:?}"
    );
    // Its requests are open to the end, and it would sleep for long.
    let after = all_over(clients).await?;
    ensure!(
        after == before + 1,
        "the server was not reached in {TIMEOUT:?}"
    );
    drop(questions);
    Ok(())
}
