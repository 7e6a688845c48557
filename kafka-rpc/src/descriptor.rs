//! The static description of a service, which clients and servers are driven by.

use std::fmt;

/// What is known of a service when compiling: its methods, and the options of its `.proto`.
///
/// Generated code makes one; it is reached as the `DESCRIPTOR` of a generated client or server.
///
/// ```
/// use kafka_rpc::{MethodDescriptor, ServiceDescriptor, TopicLayout};
///
/// static ORDERS: ServiceDescriptor = ServiceDescriptor::new(
///     "shop.v1.Orders",
///     &[MethodDescriptor::new("PlaceOrder", "shop.v1.Orders/PlaceOrder")],
/// )
/// .topics(TopicLayout::PerService);
///
/// assert_eq!(ORDERS.methods[0].name, "PlaceOrder");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct ServiceDescriptor {
    /// The full name, such as `shop.v1.Orders`.
    pub name: &'static str,
    /// The methods, in the order of their declaration.
    pub methods: &'static [MethodDescriptor],
    /// How the methods are spread over topics.
    pub topics: TopicLayout,
    /// The request topic of a service that has all of its methods in one; derived from the name if there is none here.
    pub topic: Option<&'static str>,
    /// The consumer group of the servers; the name of the service if there is none here.
    pub group: Option<&'static str>,
    /// The encoded `FileDescriptorSet` that the service was compiled from; empty for a service that was defined in code.
    pub file_descriptor_set: &'static [u8],
}

impl ServiceDescriptor {
    /// A service with default options.
    pub const fn new(name: &'static str, methods: &'static [MethodDescriptor]) -> Self {
        Self {
            name,
            methods,
            topics: TopicLayout::PerMethod,
            topic: None,
            group: None,
            file_descriptor_set: &[],
        }
    }

    /// Sets how the methods are spread over topics.
    #[must_use]
    pub const fn topics(mut self, topics: TopicLayout) -> Self {
        self.topics = topics;
        self
    }

    /// Sets the request topic of a service that has all of its methods in one.
    #[must_use]
    pub const fn topic(mut self, topic: &'static str) -> Self {
        self.topic = Some(topic);
        self
    }

    /// Sets the consumer group of the servers.
    #[must_use]
    pub const fn group(mut self, group: &'static str) -> Self {
        self.group = Some(group);
        self
    }

    /// Sets the encoded `FileDescriptorSet`.
    #[must_use]
    pub const fn file_descriptor_set(mut self, encoded: &'static [u8]) -> Self {
        self.file_descriptor_set = encoded;
        self
    }
}

/// What is known of a method when compiling.
#[derive(Debug)]
#[non_exhaustive]
pub struct MethodDescriptor {
    /// The name, such as `PlaceOrder`.
    pub name: &'static str,
    /// The name with its service, as the header `rpc-method` has it: `shop.v1.Orders/PlaceOrder`.
    pub path: &'static str,
    /// The full name of the request message, such as `shop.v1.PlaceOrderRequest`; empty for a service that was defined
    /// in code.
    pub input: &'static str,
    /// The full name of the reply message, in the same way.
    pub output: &'static str,
    /// What a crash of a server means for a call that it was handling.
    pub delivery: Delivery,
    /// Whether a call may be repeated after it may have started.
    pub idempotency: Idempotency,
    /// The request topic; derived from the names if there is none here.
    pub topic: Option<&'static str>,
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

    /// Sets the request topic.
    #[must_use]
    pub const fn topic(mut self, topic: &'static str) -> Self {
        self.topic = Some(topic);
        self
    }
}

/// How the methods of a service are spread over topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TopicLayout {
    /// A topic for each method: each can be scaled and watched by itself.
    #[default]
    PerMethod,
    /// One topic for the service: calls with one key keep their order across its methods.
    PerService,
}

/// What a crash of a server means for a call that it was handling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Delivery {
    /// The call is handled again: no call is lost, some may run twice.
    #[default]
    AtLeastOnce,
    /// The call is not handled again: no call runs twice, some may be lost.
    AtMostOnce,
}

/// Whether a call may be repeated after it may have started: protobuf's `idempotency_level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Idempotency {
    /// Nothing is known: it may not.
    #[default]
    Unknown,
    /// The method only reads: it may.
    NoSideEffects,
    /// To repeat the method does no more than to run it once: it may.
    Idempotent,
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
    fn options_that_are_not_set_have_protobufs_and_the_designs_defaults() {
        let service = ServiceDescriptor::new("a.B", &[]);
        assert_eq!(
            (service.topics, service.topic, service.group),
            (TopicLayout::default(), None, None)
        );
        assert!(service.file_descriptor_set.is_empty());

        let method = MethodDescriptor::new("C", "a.B/C");
        assert_eq!(
            (method.delivery, method.idempotency),
            (Delivery::default(), Idempotency::default())
        );
        assert_eq!((method.input, method.output, method.topic), ("", "", None));
    }

    #[test]
    fn options_are_set_one_by_one_in_a_static() {
        static SERVICE: ServiceDescriptor = ServiceDescriptor::new(
            "a.B",
            &[MethodDescriptor::new("C", "a.B/C")
                .messages("a.In", "a.Out")
                .delivery(Delivery::AtMostOnce)
                .idempotency(Idempotency::Idempotent)
                .topic("c-topic")],
        )
        .topics(TopicLayout::PerService)
        .topic("b-topic")
        .group("b-group")
        .file_descriptor_set(b"set");

        assert_eq!(
            (SERVICE.topic, SERVICE.group),
            (Some("b-topic"), Some("b-group"))
        );
        assert_eq!(
            (SERVICE.topics, SERVICE.file_descriptor_set),
            (TopicLayout::PerService, &b"set"[..])
        );
        let method = Method::new(&SERVICE, 0).unwrap().descriptor();
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
