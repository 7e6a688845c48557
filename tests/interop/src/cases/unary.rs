use anyhow::ensure;

use crate::clients::Clients;
use crate::payload;
use crate::proto::{Empty, Payload, SimpleRequest};

const REQUEST: usize = 271_828;
const RESPONSE: usize = 314_159;

pub(super) async fn empty_unary(clients: &Clients) -> anyhow::Result<()> {
    let response = clients.test.clone().empty_call(Empty {}).await?;
    ensure!(response.into_inner() == Empty {});
    Ok(())
}

pub(super) async fn large_unary(clients: &Clients) -> anyhow::Result<()> {
    let response = clients.test.clone().unary_call(large_request()).await?;
    payload::check(response.into_inner().payload, RESPONSE)
}

pub(super) fn large_request() -> SimpleRequest {
    SimpleRequest {
        response_size: RESPONSE as i32,
        payload: Some(Payload::zeros(REQUEST)),
        response_status: None,
    }
}

pub(super) fn check_large(response: crate::proto::SimpleResponse) -> anyhow::Result<()> {
    payload::check(response.payload, RESPONSE)
}
