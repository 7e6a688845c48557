use super::{MethodDescriptor, TopicLayout};

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
    /// The request topic of a service that has all of its methods in one; derived from the name if
    /// there is none here.
    pub topic: Option<&'static str>,
    /// The consumer group of the servers; the name of the service if there is none here.
    pub group: Option<&'static str>,
    /// The encoded `FileDescriptorSet` that the service was compiled from; empty for a service that
    /// was defined in code.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_keeps_to_defaults_until_told_otherwise() {
        let service = ServiceDescriptor::new("a.B", &[]);
        assert_eq!(
            (service.topics, service.topic, service.group),
            (TopicLayout::default(), None, None)
        );
        assert!(service.file_descriptor_set.is_empty());
    }

    #[test]
    fn options_are_set_one_by_one_in_a_static() {
        static SERVICE: ServiceDescriptor = ServiceDescriptor::new("a.B", &[])
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
    }
}
