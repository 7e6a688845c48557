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

#[cfg(test)]
mod tests {
    use std::sync::Weak;

    use futures_util::{FutureExt, stream};

    use super::*;
    use crate::call::Code;

    /// A handler that holds `service`, and whose stream borrows from it.
    async fn count_down(service: Arc<Vec<u64>>, outlet: Outlet) -> Delivered {
        let numbers = stream::iter(service.iter()).map(|number| match number {
            0 => Err(Status::out_of_range("launched")),
            number => Ok(*number),
        });
        let mut response = Response::new(numbers);
        response.extensions_mut().insert("kept");
        let tagged = response.metadata_mut().insert("from", service.len().into());
        let answer = tagged.map(|_| response).map_err(Status::from);
        outlet.deliver(answer).await
    }

    /// The body of a count down, and a way to see whether its handler is still there.
    async fn counting(numbers: &[u64]) -> (Pin<Box<dyn Messages>>, Weak<Vec<u64>>) {
        let service = Arc::new(numbers.to_vec());
        let held = Arc::downgrade(&service);
        let response = drive(|outlet| count_down(service, outlet)).await.unwrap();
        assert_eq!(response.metadata().len(), 1);
        assert_eq!(response.extensions().get(), Some(&"kept"));
        (response.into_inner().into_messages(), held)
    }

    async fn next(messages: &mut Pin<Box<dyn Messages>>) -> Option<Result<Bytes, Status>> {
        std::future::poll_fn(|cx| messages.as_mut().poll_next(cx)).await
    }

    #[tokio::test]
    async fn messages_come_one_by_one_and_the_handler_goes_with_the_last() {
        let (mut messages, held) = counting(&[2, 1]).await;
        assert_eq!(
            next(&mut messages).await.unwrap().unwrap(),
            &b"\x08\x02"[..]
        );
        assert_eq!(
            next(&mut messages).await.unwrap().unwrap(),
            &b"\x08\x01"[..]
        );
        assert!(held.upgrade().is_some());
        assert!(next(&mut messages).await.is_none());
        assert!(held.upgrade().is_none());
        assert!(next(&mut messages).await.is_none());
    }

    #[tokio::test]
    async fn an_error_ends_the_stream_and_the_handler() {
        let (mut messages, held) = counting(&[1, 0, 5]).await;
        assert!(next(&mut messages).await.unwrap().is_ok());
        let status = next(&mut messages).await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::OutOfRange);
        assert!(held.upgrade().is_none());
        assert!(next(&mut messages).await.is_none());
    }

    #[tokio::test]
    async fn who_drops_the_messages_drops_the_handler() {
        let (mut messages, held) = counting(&[3, 2]).await;
        assert!(next(&mut messages).await.is_some());
        drop(messages);
        assert!(held.upgrade().is_none());
    }

    #[tokio::test]
    async fn the_status_of_a_handler_is_the_answer() {
        let refused = drive(|outlet| async move {
            let answer: Result<Response<stream::Empty<Result<u64, Status>>>, Status> =
                Err(Status::not_found("nothing"));
            outlet.deliver(answer).await
        });
        assert_eq!(refused.await.unwrap_err().code(), Code::NotFound);
    }

    #[tokio::test]
    async fn a_stream_that_waits_is_waited_for_and_wakes_its_reader() {
        let (sender, receiver) = tokio::sync::oneshot::channel::<u64>();
        let response = drive(|outlet| async move {
            let later = receiver.map(|number| number.map_err(|_| Status::cancelled("gone")));
            outlet.deliver(Ok(Response::new(later.into_stream()))).await
        });
        let mut messages = response.await.unwrap().into_inner().into_messages();
        assert!(next(&mut messages).now_or_never().is_none());
        let reader = tokio::spawn(async move { next(&mut messages).await });
        tokio::task::yield_now().await;
        sender.send(7).unwrap();
        assert_eq!(reader.await.unwrap().unwrap().unwrap(), &b"\x08\x07"[..]);
    }

    #[tokio::test]
    async fn a_handler_that_waits_for_its_answer_can_be_dropped() {
        let service = Arc::new(());
        let held = Arc::downgrade(&service);
        let mut answer = Box::pin(drive(|outlet| async move {
            std::future::pending::<()>().await;
            drop(service);
            outlet
                .deliver(Ok(Response::new(stream::empty::<Result<u64, Status>>())))
                .await
        }));
        assert!(answer.as_mut().now_or_never().is_none());
        drop(answer);
        assert!(held.upgrade().is_none());
    }
}
