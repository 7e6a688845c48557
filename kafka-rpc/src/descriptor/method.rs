use std::fmt;

use super::{
    Delivery, HedgingPolicy, Idempotency, Redelivery, Repeats, RetryPolicy, Routing,
    ServiceDescriptor,
};

/// What is known of a method when compiling.
#[derive(Debug)]
#[non_exhaustive]
pub struct MethodDescriptor {
    /// The name, such as `PlaceOrder`.
    pub name: &'static str,
    /// The name with its service, as the header `rpc-method` has it: `shop.v1.Orders/PlaceOrder`.
    pub path: &'static str,
    /// The full name of the request message, such as `shop.v1.PlaceOrderRequest`; empty for a
    /// service that was defined in code.
    pub input: &'static str,
    /// The full name of the reply message, in the same way.
    pub output: &'static str,
    /// What a crash of a server means for a call that it was handling.
    pub delivery: Delivery,
    /// Whether a call may be repeated after it may have started.
    pub idempotency: Idempotency,
    /// The request topic; derived from the names if there is none here.
    pub topic: Option<&'static str>,
    /// Whether the caller sends a stream of messages.
    pub client_streaming: bool,
    /// Whether the server sends a stream of messages.
    pub server_streaming: bool,
    /// Which instances of a server handle a call.
    pub routing: Routing,
    /// Whether a stream of the server goes on where the next server takes over.
    pub resumable: bool,
    /// How a client repeats a call, unless its channel says otherwise.
    pub repeats: Option<Repeats>,
    /// How failed calls are handled again, if they are.
    pub redelivery: Option<Redelivery>,
    /// Whether calls with one [idempotency key](crate::IdempotencyKey) take effect once.
    pub deduplicated: bool,
}

impl MethodDescriptor {
    /// A method with default options.
    pub const fn new(name: &'static str, path: &'static str) -> Self {
        Self {
            name,
            path,
            input: "",
            output: "",
            delivery: Delivery::AtLeastOnce,
            idempotency: Idempotency::Unknown,
            topic: None,
            client_streaming: false,
            server_streaming: false,
            routing: Routing::One,
            resumable: false,
            repeats: None,
            redelivery: None,
            deduplicated: false,
        }
    }

    /// Sets the full names of the request and the reply message.
    #[must_use]
    pub const fn messages(mut self, input: &'static str, output: &'static str) -> Self {
        self.input = input;
        self.output = output;
        self
    }

    /// Sets what a crash of a server means for a call.
    #[must_use]
    pub const fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// Sets whether a call may be repeated.
    #[must_use]
    pub const fn idempotency(mut self, idempotency: Idempotency) -> Self {
        self.idempotency = idempotency;
        self
    }

    /// Makes the request a stream of messages.
    #[must_use]
    pub const fn client_streaming(mut self) -> Self {
        self.client_streaming = true;
        self
    }

    /// Makes the reply a stream of messages.
    #[must_use]
    pub const fn server_streaming(mut self) -> Self {
        self.server_streaming = true;
        self
    }

    /// Sets which instances of a server handle a call.
    #[must_use]
    pub const fn routing(mut self, routing: Routing) -> Self {
        self.routing = routing;
        self
    }

    /// Has a stream of the server go on where the next server takes over: the handler gets the
    /// request again, and finds in [`Request::resume_after`](crate::Request::resume_after) how many
    /// messages its caller has seen. For methods whose reply alone is a stream.
    #[must_use]
    pub const fn resumable(mut self) -> Self {
        self.resumable = true;
        self
    }

    /// Has clients make calls again that failed. For methods without streams that go to one
    /// instance.
    #[must_use]
    pub const fn retry(mut self, policy: RetryPolicy) -> Self {
        self.repeats = Some(Repeats::Retry(policy));
        self
    }

    /// Has clients make several attempts at a call at a time. For methods without streams that go to
    /// one instance and have [no side effects](Idempotency::NoSideEffects).
    #[must_use]
    pub const fn hedging(mut self, policy: HedgingPolicy) -> Self {
        self.repeats = Some(Repeats::Hedging(policy));
        self
    }

    /// Has a server handle calls again that fail with certain codes. For methods that are handled
    /// [`Delivery::AtLeastOnce`] by one instance, and have no streams.
    #[must_use]
    pub const fn redelivery(mut self, policy: Redelivery) -> Self {
        self.redelivery = Some(policy);
        self
    }

    /// Has calls with one [idempotency key](crate::IdempotencyKey) take effect once: the client gives
    /// each call a key, and the server answers a repeat with what it has recorded of the first. For
    /// methods that are handled [`Delivery::AtLeastOnce`] by one instance, and have no streams.
    #[must_use]
    pub const fn deduplicated(mut self) -> Self {
        self.deduplicated = true;
        self
    }

    /// Whether either side sends a stream of messages.
    pub const fn is_streaming(&self) -> bool {
        self.client_streaming || self.server_streaming
    }

    /// Sets the request topic.
    #[must_use]
    pub const fn topic(mut self, topic: &'static str) -> Self {
        self.topic = Some(topic);
        self
    }
}

/// One method of a described service.
///
/// ```
/// use kafka_rpc::{Method, MethodDescriptor, ServiceDescriptor};
///
/// static ECHO: ServiceDescriptor =
///     ServiceDescriptor::new("demo.Echo", &[MethodDescriptor::new("Say", "demo.Echo/Say")]);
///
/// let method = Method::new(&ECHO, 0).expect("a method");
/// assert_eq!(method.service().name, "demo.Echo");
/// assert_eq!(method.descriptor().name, "Say");
/// assert!(Method::new(&ECHO, 1).is_none());
/// ```
#[derive(Clone, Copy)]
pub struct Method {
    service: &'static ServiceDescriptor,
    index: usize,
    descriptor: &'static MethodDescriptor,
}

impl Method {
    /// The method at an index of [`ServiceDescriptor::methods`], if there is one.
    pub const fn new(service: &'static ServiceDescriptor, index: usize) -> Option<Self> {
        if index < service.methods.len() {
            Some(Self {
                service,
                index,
                descriptor: &service.methods[index],
            })
        } else {
            None
        }
    }

    /// The service that the method is of.
    pub const fn service(&self) -> &'static ServiceDescriptor {
        self.service
    }

    /// The index of the method in [`ServiceDescriptor::methods`].
    pub const fn index(&self) -> usize {
        self.index
    }

    /// The description of the method.
    pub const fn descriptor(&self) -> &'static MethodDescriptor {
        self.descriptor
    }
}

/// The [path](MethodDescriptor::path).
impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Method({})", self.descriptor.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_keeps_to_defaults_until_told_otherwise() {
        let method = MethodDescriptor::new("C", "a.B/C");
        assert_eq!(
            (method.delivery, method.idempotency),
            (Delivery::default(), Idempotency::default())
        );
        assert_eq!((method.input, method.output, method.topic), ("", "", None));
    }

    #[test]
    fn options_are_set_one_by_one() {
        let method = MethodDescriptor::new("C", "a.B/C")
            .messages("a.In", "a.Out")
            .delivery(Delivery::AtMostOnce)
            .idempotency(Idempotency::Idempotent)
            .topic("c-topic");
        assert_eq!(
            (method.input, method.output, method.topic),
            ("a.In", "a.Out", Some("c-topic"))
        );
        assert_eq!(
            (method.delivery, method.idempotency),
            (Delivery::AtMostOnce, Idempotency::Idempotent)
        );
    }

    #[test]
    fn an_index_beyond_the_methods_is_no_method() {
        static SERVICE: ServiceDescriptor =
            ServiceDescriptor::new("a.B", &[MethodDescriptor::new("C", "a.B/C")]);
        assert_eq!(
            format!("{:?}", Method::new(&SERVICE, 0)),
            "Some(Method(a.B/C))"
        );
        assert!(Method::new(&SERVICE, 1).is_none());
    }
}
