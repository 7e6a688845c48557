use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::stream::ServerStream;
use crate::Status;
use crate::call::Messages;
use crate::stream::{End, Taken};
use crate::wire::ReplyFrame;

/// The messages of the caller, as the handler reads them.
pub(super) struct Reader {
    stream: Arc<ServerStream>,
    taken: Taken,
}

impl Reader {
    pub(super) fn new(stream: Arc<ServerStream>) -> Self {
        Self {
            stream,
            taken: Taken::default(),
        }
    }
}

impl Messages for Reader {
    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Status>>> {
        let reader = &mut *self;
        loop {
            if let Some(message) = reader.taken.messages.pop_front() {
                return Poll::Ready(Some(Ok(message)));
            }
            match reader.taken.end.take() {
                Some(End::Complete(_)) => return Poll::Ready(None),
                Some(End::Failed(status) | End::Lost(status)) => {
                    return Poll::Ready(Some(Err(status)));
                }
                None => {}
            }
            ready!(reader.stream.inbound().poll_take(cx, &mut reader.taken));
            if let Some(credit) = reader.taken.credit.take() {
                reader.stream.say(ReplyFrame::Credit(credit));
            }
        }
    }
}
