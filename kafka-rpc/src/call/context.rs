use super::Deadline;
use crate::telemetry::TraceContext;

tokio::task_local! {
    static CURRENT: CallContext;
}

/// What the calls that a handler makes inherit from the call that it handles.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallContext {
    /// When the handler's own call has to be over.
    pub(crate) deadline: Option<Deadline>,
    /// The handler's place in a trace.
    pub(crate) trace: Option<TraceContext>,
}

impl CallContext {
    /// The context of the handler that runs in this task, if one does.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    #[cfg(test)]
    pub(crate) async fn scope<F: Future>(self, handler: F) -> F::Output {
        let mut handler = std::pin::pin!(handler);
        std::future::poll_fn(|cx| self.clone().within(|| handler.as_mut().poll(cx))).await
    }

    /// Runs one step of a handler in this context. Tasks that it spawns don't inherit it.
    pub(crate) fn within<T>(self, step: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, step)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn deadline_in(seconds: u64) -> CallContext {
        CallContext {
            deadline: Some(Deadline::after(Duration::from_secs(seconds))),
            trace: None,
        }
    }

    fn current_deadline() -> Option<Deadline> {
        CallContext::current().and_then(|context| context.deadline)
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_sees_the_context_it_runs_in_and_nobody_else_does() {
        assert!(CallContext::current().is_none());

        let context = deadline_in(5);
        let deadline = context.deadline;
        let seen = context.scope(async {
            tokio::task::yield_now().await;
            current_deadline()
        });
        assert_eq!(seen.await, deadline);
        assert!(CallContext::current().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn handlers_that_take_turns_in_one_task_keep_their_own_contexts() {
        let (one, two) = (deadline_in(1), deadline_in(2));
        let expected = (one.deadline, two.deadline);
        let handler = || async {
            let before = current_deadline();
            tokio::task::yield_now().await;
            assert_eq!(current_deadline(), before);
            before
        };
        assert_eq!(
            tokio::join!(one.scope(handler()), two.scope(handler())),
            expected
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_within_a_handler_sees_the_inner_context() {
        let (outer, inner) = (deadline_in(9), deadline_in(1));
        let expected = (inner.deadline, outer.deadline);
        let seen = outer.scope(async {
            let within = inner.scope(async { current_deadline() }).await;
            (within, current_deadline())
        });
        assert_eq!(seen.await, expected);
    }

    #[tokio::test]
    async fn a_spawned_task_is_on_its_own() {
        let spawned = deadline_in(1)
            .scope(async { tokio::spawn(async { CallContext::current().is_none() }).await });
        assert!(spawned.await.unwrap());
    }
}
