use anyhow::{Context as _, ensure};
use futures_util::stream;
use kafka_rpc::{Code, Status};

use super::failed;
use crate::clients::Clients;
use crate::proto::{EchoStatus, SimpleRequest, StreamingOutputCallRequest};

const SPECIAL: &str = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";

pub(super) async fn status_code_and_message(clients: &Clients) -> anyhow::Result<()> {
    let message = "test status message";
    unary(clients, message).await.context("unary")?;
    full_duplex(clients, message).await.context("full duplex")
}

pub(super) async fn special_status_message(clients: &Clients) -> anyhow::Result<()> {
    unary(clients, SPECIAL).await
}

async fn unary(clients: &Clients, message: &str) -> anyhow::Result<()> {
    let request = SimpleRequest {
        response_status: Some(unknown(message)),
        ..SimpleRequest::default()
    };
    let outcome = clients.test.clone().unary_call(request).await;
    check(&failed(outcome, Code::Unknown)?, message)
}

async fn full_duplex(clients: &Clients, message: &str) -> anyhow::Result<()> {
    let request = StreamingOutputCallRequest {
        response_status: Some(unknown(message)),
        ..StreamingOutputCallRequest::default()
    };
    let mut test = clients.test.clone();
    let response = test.full_duplex_call(stream::iter([request])).await?;
    let outcome = response.into_inner().message().await;
    check(&failed(outcome, Code::Unknown)?, message)
}

fn unknown(message: &str) -> EchoStatus {
    EchoStatus {
        code: Code::Unknown as i32,
        message: message.to_owned(),
    }
}

fn check(status: &Status, message: &str) -> anyhow::Result<()> {
    let got = status.message();
    ensure!(
        got == message,
        "the message is {got:?} instead of {message:?}"
    );
    Ok(())
}
