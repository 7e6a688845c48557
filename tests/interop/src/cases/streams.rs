use anyhow::{Context as _, ensure};
use futures_util::stream;

use super::questions::{PING_PONG, question, questions};
use crate::clients::Clients;
use crate::payload;
use crate::proto::{Payload, StreamingInputCallRequest, StreamingOutputCallRequest};

pub(super) async fn client_streaming(clients: &Clients) -> anyhow::Result<()> {
    let requests = PING_PONG.map(|(size, _)| StreamingInputCallRequest {
        payload: Some(Payload::zeros(size)),
    });
    let mut test = clients.test.clone();
    let response = test.streaming_input_call(stream::iter(requests)).await?;
    let sum = response.into_inner().aggregated_payload_size;
    ensure!(sum == 74_922, "the server counted {sum} bytes");
    Ok(())
}

pub(super) async fn server_streaming(clients: &Clients) -> anyhow::Result<()> {
    let request = StreamingOutputCallRequest {
        payload: None,
        ..question(0, PING_PONG.map(|(_, size)| (size, 0)))
    };
    let mut test = clients.test.clone();
    let mut responses = test.streaming_output_call(request).await?.into_inner();
    for (_, size) in PING_PONG {
        let response = responses
            .message()
            .await?
            .context("a response is missing")?;
        payload::check(response.payload, size.try_into()?)?;
    }
    ensure!(
        responses.message().await?.is_none(),
        "one response too many"
    );
    Ok(())
}

pub(super) async fn ping_pong(clients: &Clients) -> anyhow::Result<()> {
    let (questions, requests) = questions();
    let mut test = clients.test.clone();
    let mut responses = test.full_duplex_call(requests).await?.into_inner();
    for ping in PING_PONG {
        questions.ask(ping, &mut responses).await?;
    }
    drop(questions);
    ensure!(
        responses.message().await?.is_none(),
        "one response too many"
    );
    Ok(())
}

pub(super) async fn empty_stream(clients: &Clients) -> anyhow::Result<()> {
    let mut test = clients.test.clone();
    let nothing = stream::empty::<StreamingOutputCallRequest>();
    let mut responses = test.full_duplex_call(nothing).await?.into_inner();
    ensure!(
        responses.message().await?.is_none(),
        "a response to nothing"
    );
    Ok(())
}
