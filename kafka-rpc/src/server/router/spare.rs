use super::Call;

/// Memory of calls that are over, for those to come. A call begins on one thread and is over on
/// another; to allocate it here and free it there would have the threads wait for each other, in the
/// allocator.
#[derive(Debug, Default)]
pub(in crate::server) struct SpareCalls(
    // The boxes are what is spared.
    #[allow(clippy::vec_box)] Vec<Box<Call>>,
);

impl SpareCalls {
    const MOST: usize = 256;

    /// The call, in memory that was another's if there is any.
    pub(in crate::server) fn boxed(&mut self, call: Call) -> Box<Call> {
        match self.0.pop() {
            Some(mut place) => {
                *place = call;
                place
            }
            None => Box::new(call),
        }
    }

    /// Keeps the memory of a call that is over, and nothing of the call.
    pub(in crate::server) fn keep(&mut self, mut over: Box<Call>) {
        if self.0.len() < Self::MOST {
            over.empty();
            self.0.push(over);
        }
    }

    /// Takes all of another's, as far as there is room.
    pub(in crate::server) fn append(&mut self, other: &mut Self) {
        if self.0.is_empty() {
            std::mem::swap(self, other);
        } else {
            let room = Self::MOST.saturating_sub(self.0.len());
            self.0.extend(other.0.drain(..).take(room));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use tokio::time::Instant;

    use super::*;
    use crate::call::{Body, Deadline, RequestParts};
    use crate::descriptor::{Method, MethodDescriptor, ServiceDescriptor};
    use crate::server::router::Asked;
    use crate::telemetry::ServerMetrics;
    use crate::wire::ContentType;

    static ECHO: ServiceDescriptor = ServiceDescriptor::new(
        "demo.Echo",
        &[MethodDescriptor::new("Say", "demo.Echo/Say").messages("demo.Word", "demo.Word")],
    );

    fn call(key: &Bytes) -> Call {
        let method = Method::new(&ECHO, 0).unwrap();
        let arrived = Instant::now();
        Call {
            method,
            key: Some(key.clone()),
            asked: Some(Asked {
                parts: RequestParts::default(),
                body: Body::new(key.clone()),
            }),
            deadline: Deadline::after_instant(arrived, Duration::from_secs(1)),
            content_type: ContentType::default(),
            reply: None,
            span: tracing::Span::none(),
            metrics: ServerMetrics::of(method),
            arrived,
            credit: None,
            stream: None,
            kept: None,
            once: None,
        }
    }

    #[test]
    fn a_call_gets_the_memory_of_one_that_is_over_and_nothing_else_of_it() {
        let mut spare = SpareCalls::default();
        let key = Bytes::from(vec![1]);
        let over = spare.boxed(call(&key));
        let place = std::ptr::from_ref(&*over);
        spare.keep(over);
        assert!(key.is_unique(), "what it held is dropped at once");
        let next = spare.boxed(call(&key));
        assert!(std::ptr::eq(place, &*next));
        assert_eq!(next.key.as_ref(), Some(&key));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let (mut here, mut there) = (SpareCalls::default(), SpareCalls::default());
        let key = Bytes::new();
        for _ in 0..SpareCalls::MOST + 1 {
            here.keep(Box::new(call(&key)));
            there.keep(Box::new(call(&key)));
        }
        assert_eq!(here.0.len(), SpareCalls::MOST);
        drop(here.boxed(call(&key)));
        here.append(&mut there);
        assert_eq!((here.0.len(), there.0.len()), (SpareCalls::MOST, 0));
    }
}
