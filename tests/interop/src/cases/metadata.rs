use anyhow::{Context as _, ensure};
use kafka_rpc::{Metadata, MetadataValue, Request};

use super::questions::{PING_PONG, questions};
use super::unary;
use crate::clients::Clients;
use crate::service::{ECHO_INITIAL, ECHO_TRAILING};

const TEXT: &str = "test_initial_metadata_value";
const BYTES: [u8; 3] = [0xab, 0xab, 0xab];

pub(super) async fn custom_metadata(clients: &Clients) -> anyhow::Result<()> {
    unary(clients).await.context("unary")?;
    full_duplex(clients).await.context("full duplex")
}

async fn unary(clients: &Clients) -> anyhow::Result<()> {
    let request = with_metadata(unary::large_request())?;
    let response = clients.test.clone().unary_call(request).await?;
    check_initial(response.metadata())?;
    check_trailing(response.metadata())?;
    unary::check_large(response.into_inner())
}

async fn full_duplex(clients: &Clients) -> anyhow::Result<()> {
    let (questions, requests) = questions();
    let mut test = clients.test.clone();
    let response = test.full_duplex_call(with_metadata(requests)?).await?;
    check_initial(response.metadata())?;
    ensure!(
        response.metadata().get_bin(ECHO_TRAILING).is_none(),
        "what belongs behind the messages came before them"
    );
    let mut responses = response.into_inner();
    questions.ask(PING_PONG[0], &mut responses).await?;
    drop(questions);
    let trailers = responses.trailers().await?;
    check_trailing(&trailers.context("the stream ended without trailers")?)
}

fn with_metadata<T>(message: T) -> anyhow::Result<Request<T>> {
    let mut request = Request::new(message);
    let metadata = request.metadata_mut();
    metadata.insert(ECHO_INITIAL, TEXT.parse()?)?;
    metadata.insert_bin(ECHO_TRAILING, MetadataValue::from_bytes(&BYTES))?;
    Ok(request)
}

fn check_initial(metadata: &Metadata) -> anyhow::Result<()> {
    let text = metadata.get(ECHO_INITIAL).context(ECHO_INITIAL)?;
    ensure!(text.to_str()? == TEXT, "{ECHO_INITIAL} is {text:?}");
    Ok(())
}

fn check_trailing(metadata: &Metadata) -> anyhow::Result<()> {
    let bytes = metadata.get_bin(ECHO_TRAILING).context(ECHO_TRAILING)?;
    ensure!(
        bytes.to_bytes() == BYTES[..],
        "{ECHO_TRAILING} is {bytes:?}"
    );
    Ok(())
}
