use std::future::Future;

use super::Deadline;

#[derive(Clone, Debug)]
pub(crate) struct CallContext {
    pub(crate) deadline: Option<Deadline>,
    pub(crate) trace: Option<()>,
}

tokio::task_local! {
    static CURRENT: CallContext;
}

impl CallContext {
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    pub(crate) fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, future)
    }
}
