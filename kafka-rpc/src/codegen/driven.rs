use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use parking_lot::Mutex;
use pin_project_lite::pin_project;
use prost::Message;

use crate::call::{Body, Messages, Response, Status};

/// Where a handler whose reply is a stream puts down its response, and then message by message.
///
/// The stream may borrow from the service, so that the two stay together in one future, and what
/// comes out of it comes out here. There is room for one thing: whoever polls the future takes it
/// before the next poll.
pub struct Outlet {
    put: Arc<Mutex<Put>>,
}

/// That the response has been put down, and all messages of its stream.
pub struct Delivered(());

#[derive(Default)]
struct Put {
    head: Option<Result<Response<()>, Status>>,
    message: Option<Result<Bytes, Status>>,
}

impl Outlet {
    /// Puts down what a handler answers: its status, or its response and then the messages, up to
    /// the end or the first error.
    pub async fn deliver<Res, S>(self, answer: Result<Response<S>, Status>) -> Delivered
    where
        Res: Message,
        S: Stream<Item = Result<Res, Status>>,
    {
        let response = match answer {
            Ok(response) => response,
            Err(status) => {
                self.put.lock().head = Some(Err(status));
                return Delivered(());
            }
        };
        let (metadata, messages, extensions) = response.into_parts();
        let mut messages = pin!(messages);
        self.put.lock().head = Some(Ok(Response::from_parts(metadata, (), extensions)));
        taken().await;
        while let Some(message) = messages.next().await {
            let encoded = message.map(|message| Bytes::from(message.encode_to_vec()));
            let failed = encoded.is_err();
            self.put.lock().message = Some(encoded);
            if failed {
                break;
            }
            taken().await;
        }
        Delivered(())
    }
}

/// Until the next poll, which comes after what was put down has been taken.
async fn taken() {
    let mut polled = false;
    std::future::poll_fn(|_| {
        if polled {
            Poll::Ready(())
        } else {
            polled = true;
            Poll::Pending
        }
    })
    .await;
}

impl fmt::Debug for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlet").finish_non_exhaustive()
    }
}

impl fmt::Debug for Delivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Delivered")
    }
}

/// Runs a handler up to its response; the stream in it goes on as it is read. To drop either drops
/// the handler.
pub(super) async fn drive<Fut>(handle: impl FnOnce(Outlet) -> Fut) -> Result<Response<Body>, Status>
where
    Fut: Future<Output = Delivered> + Send + 'static,
{
    let put = Arc::new(Mutex::new(Put::default()));
    let handling = handle(Outlet {
        put: Arc::clone(&put),
    });
    let mut driven = Box::pin(Driven {
        handling: Some(handling),
        put,
    });
    let head = std::future::poll_fn(|cx| driven.as_mut().poll_head(cx)).await?;
    Ok(head.map(|()| Body::boxed(driven)))
}

pin_project! {
    /// A handler, with its stream in it.
    struct Driven<Fut> {
        // None once it is over.
        #[pin]
        handling: Option<Fut>,
        put: Arc<Mutex<Put>>,
    }
}

impl<Fut: Future<Output = Delivered>> Driven<Fut> {
    fn poll_head(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Response<()>, Status>> {
        let head = ready!(self.poll_for(cx, |put| put.head.take()));
        Poll::Ready(head.unwrap_or_else(|| Err(Status::polled_again())))
    }

    /// Runs the handler until it has put down what `take` finds; none once it is over.
    fn poll_for<T>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        take: fn(&mut Put) -> Option<T>,
    ) -> Poll<Option<T>> {
        let mut this = self.project();
        let Some(handling) = this.handling.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        let over = handling.poll(cx).is_ready();
        let taken = take(&mut this.put.lock());
        if over {
            this.handling.set(None);
        }
        if over || taken.is_some() {
            Poll::Ready(taken)
        } else {
            Poll::Pending
        }
    }
}

impl<Fut: Future<Output = Delivered> + Send> Messages for Driven<Fut> {
    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Status>>> {
        self.poll_for(cx, |put| put.message.take())
    }
}
