use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use super::Ids;
use crate::call::{BoxError, Metadata};
use crate::wire::{
    ContentType, Frame, HeaderLimits, MessageHead, ReplyAddress, ReplyFrame, ReplyHead,
    RequestHead, decode_reply, decode_request, encode_reply, encode_request,
};

/// Writes the head of a request, with an entry of metadata.
pub fn write_requests(times: u64) -> Result<(), BoxError> {
    let head = request()?;
    let limits = HeaderLimits::default();
    for _ in 0..times {
        black_box(encode_request(black_box(&head), &limits)?);
    }
    Ok(())
}

/// Reads the head of a request.
pub fn read_requests(times: u64) -> Result<(), BoxError> {
    let limits = HeaderLimits::default();
    let headers = encode_request(&request()?, &limits)?;
    let usual_reply = Arc::from(REPLY_TOPIC);
    for _ in 0..times {
        let head = decode_request(black_box(&headers), &usual_reply, &limits);
        black_box(head.map_err(|refusal| refusal.status)?);
    }
    Ok(())
}

/// Writes the head of a reply that tells of success.
pub fn write_replies(times: u64) -> Result<(), BoxError> {
    let head = reply()?;
    let limits = HeaderLimits::default();
    for _ in 0..times {
        black_box(encode_reply(black_box(&head), &limits)?);
    }
    Ok(())
}

/// Reads the head of a reply that tells of success.
pub fn read_replies(times: u64) -> Result<(), BoxError> {
    let limits = HeaderLimits::default();
    let headers = encode_reply(&reply()?, &limits)?;
    for _ in 0..times {
        black_box(decode_reply(black_box(&headers), &limits).map_err(|fault| fault.to_string())?);
    }
    Ok(())
}

const REPLY_TOPIC: &str = "shop.v1.Orders.reply";

fn metadata() -> Result<Metadata, BoxError> {
    let mut metadata = Metadata::new();
    metadata.insert("x-tenant", "north".parse()?)?;
    Ok(metadata)
}

fn request() -> Result<RequestHead<'static>, BoxError> {
    Ok(RequestHead {
        correlation_id: Some(Ids::new().next_correlation_id()),
        reply: Some(ReplyAddress::new(REPLY_TOPIC, Some(3))?),
        method: Some("shop.v1.Orders/PlaceOrder"),
        content_type: ContentType::Protobuf,
        timeout: Some(Duration::from_secs(30)),
        frame: Frame::Request,
        credit: None,
        whole: None,
        resume: None,
        durable: false,
        idempotency_key: None,
        metadata: metadata()?,
    })
}

fn reply() -> Result<ReplyHead, BoxError> {
    Ok(ReplyHead {
        correlation_id: Ids::new().next_correlation_id(),
        frame: ReplyFrame::Reply,
        instance: None,
        whole: None,
        outcome: Ok(MessageHead {
            content_type: ContentType::Protobuf,
            metadata: metadata()?,
        }),
    })
}
