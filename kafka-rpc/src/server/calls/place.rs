use std::pin::Pin;
use std::task::{Context, Poll};

use super::handle::{Ended, Handle};
use crate::server::handler::Handler;
use crate::server::router::Call;

pin_project_lite::pin_project! {
    /// Where a handler runs, one after the other: what it is made of is some hundred bytes.
    pub(super) struct Place<S: Handler> {
        #[pin]
        handle: Option<Handle<S>>,
    }
}

impl<S: Handler> Place<S> {
    pub(super) fn of(handle: Handle<S>) -> Self {
        Self {
            handle: Some(handle),
        }
    }

    /// Makes room for the next. Gives the call back that was handled here.
    pub(super) fn clear(self: Pin<&mut Self>) -> Option<Box<Call>> {
        let mut handle = self.project().handle;
        let call = handle.as_mut().as_pin_mut().and_then(Handle::call);
        handle.set(None);
        call
    }
}

impl<S: Handler> Future for Place<S> {
    type Output = Ended;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        match self.project().handle.as_pin_mut() {
            Some(handle) => handle.poll(cx),
            None => Poll::Ready(Ended::Silently),
        }
    }
}
