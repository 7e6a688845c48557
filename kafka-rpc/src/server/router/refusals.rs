use bytes::Bytes;

use crate::call::Status;
use crate::descriptor::Method;
use crate::wire::ReplyAddress;

/// What a caller is told whose message comes in pieces, where they are not taken.
pub(super) fn not_put_together() -> Status {
    Status::resource_exhausted(
        "the message comes in pieces, which the server does not put together: see \
         `ServerBuilder::chunked_message_limit`",
    )
}

/// Whether a request can begin the stream that its method is.
pub(super) fn check_stream(method: Method, has_reply: bool, value: &Bytes) -> Result<(), Status> {
    let method = method.descriptor();
    if method.is_streaming() && !has_reply {
        return Err(Status::invalid_argument(format!(
            "{} is a stream: its request has to say where the reply goes, in `kafka_replyTopic`",
            method.path
        )));
    }
    if method.client_streaming && !value.is_empty() {
        return Err(Status::invalid_argument(format!(
            "{} takes a stream: its request has no message, they come in records of their own",
            method.path
        )));
    }
    Ok(())
}

pub(super) fn not_allowed(address: &ReplyAddress) -> Status {
    Status::permission_denied(format!(
        "reply topic {} is neither the method's own nor on the server's list",
        address.topic()
    ))
}
