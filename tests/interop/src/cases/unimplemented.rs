use std::time::Duration;

use anyhow::Context as _;
use kafka_rpc::{Code, Request};

use super::failed;
use crate::clients::Clients;
use crate::proto::Empty;

pub(super) async fn unimplemented_method(clients: &Clients) -> anyhow::Result<()> {
    let outcome = clients.test.clone().unimplemented_call(Empty {}).await;
    failed(outcome, Code::Unimplemented)?;
    Ok(())
}

pub(super) async fn unimplemented_service(clients: &Clients) -> anyhow::Result<()> {
    let mut unimplemented = clients.unimplemented.clone();
    let outcome = unimplemented.unimplemented_call(Empty {}).await;
    failed(outcome, Code::Unimplemented).context("a service without code")?;

    // A broker keeps the request for a server that may come yet, so there is nobody to refuse it.
    let mut request = Request::new(Empty {});
    request.set_timeout(Duration::from_millis(500));
    let outcome = clients.absent.clone().absent_call(request).await;
    failed(outcome, Code::DeadlineExceeded).context("a service that no server has")?;
    Ok(())
}
