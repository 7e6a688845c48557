//! The names of a service's topics and of its consumer group.

use std::sync::Arc;

use super::fault::excerpt;
use super::topic_name::{self, InvalidTopicName};
use crate::descriptor::{Method, Routing, ServiceDescriptor, TopicLayout};

/// The topics that the calls of one method go through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TopicNames {
    /// Where requests are written: `shop.v1.Orders.PlaceOrder`, or `shop.v1.Orders` where a service
    /// has one topic.
    pub(crate) request: Arc<str>,
    /// Where replies are written: the request topic's name with `.reply` behind it.
    pub(crate) reply: Arc<str>,
    /// Where requests are written that can't be handled: the request topic's name with
    /// `.dead-letter` behind it.
    pub(crate) dead_letter: Arc<str>,
    /// Where it is recorded what calls came to: the request topic's name with `.dedup` behind it.
    pub(crate) deduplication: Arc<str>,
}

/// A method whose topics can't be named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnnamedTopic {
    /// The name that was derived or set is none that Kafka allows.
    #[error(
        "{method} can't use the topic {name}: {reason}; set another with the option `topic`, or another prefix"
    )]
    Invalid {
        /// The method's path.
        method: &'static str,
        /// The topic's name, shortened and quoted.
        name: String,
        /// What is wrong with it.
        reason: InvalidTopicName,
    },
    /// A service sets a topic, but each of its methods has one of its own.
    #[error(
        "service {service} sets the topic \"{topic}\", but has a topic for each of its methods; set its `topics` to \
         PER_SERVICE, or `topic` at the methods"
    )]
    NotShared {
        /// The service's name.
        service: &'static str,
        /// The topic that is set.
        topic: &'static str,
    },
    /// A method sets a topic, but its service has one for all methods.
    #[error(
        "{method} sets the topic \"{topic}\", but its service has one topic for all of its methods; set `topic` at the \
         service, or its `topics` to PER_METHOD"
    )]
    Shared {
        /// The method's path.
        method: &'static str,
        /// The topic that is set.
        topic: &'static str,
    },
}

impl TopicNames {
    /// Derives the names for a method.
    ///
    /// The request topic is named by the option `topic`, else by the method's full name; where a
    /// service has one topic for all methods, by the service's option, else by the service's name.
    /// `prefix` comes before it as it is (`staging.`), and is empty for none.
    ///
    /// # Errors
    /// When Kafka does not allow such a name, or `topic` is set where it would not be used.
    pub(crate) fn of(method: Method, prefix: &str) -> Result<Self, UnnamedTopic> {
        let service = method.service();
        let descriptor = method.descriptor();
        // What goes to all instances is read by other groups than what goes to one.
        let topics = match (service.topics, descriptor.routing) {
            (TopicLayout::PerService, Routing::All) => {
                let topic = descriptor.topic.map(str::to_owned);
                let topic =
                    topic.unwrap_or_else(|| format!("{}.{}", service.name, descriptor.name));
                return Self::named(format!("{prefix}{topic}"), descriptor.path);
            }
            (topics, _) => topics,
        };
        let request = match (topics, service.topic, descriptor.topic) {
            (TopicLayout::PerMethod, None, None) => {
                format!("{prefix}{}.{}", service.name, descriptor.name)
            }
            (TopicLayout::PerMethod, None, Some(topic)) => format!("{prefix}{topic}"),
            (TopicLayout::PerMethod, Some(topic), _) => {
                let service = service.name;
                return Err(UnnamedTopic::NotShared { service, topic });
            }
            (TopicLayout::PerService, topic, None) => {
                format!("{prefix}{}", topic.unwrap_or(service.name))
            }
            (TopicLayout::PerService, _, Some(topic)) => {
                let method = descriptor.path;
                return Err(UnnamedTopic::Shared { method, topic });
            }
        };
        Self::named(request, descriptor.path)
    }

    fn named(request: String, method: &'static str) -> Result<Self, UnnamedTopic> {
        let reply = format!("{request}.reply");
        let dead_letter = format!("{request}.dead-letter");
        let deduplication = format!("{request}.dedup");
        for name in [&request, &reply, &dead_letter, &deduplication] {
            topic_name::check(name).map_err(|reason| UnnamedTopic::Invalid {
                method,
                name: excerpt(name.as_bytes()),
                reason,
            })?;
        }
        Ok(Self {
            request: request.into(),
            reply: reply.into(),
            dead_letter: dead_letter.into(),
            deduplication: deduplication.into(),
        })
    }
}

/// The consumer group that handles a service's requests: its `group`, or else its name, with
/// `prefix` before it as it is.
pub(crate) fn group_name(service: &ServiceDescriptor, prefix: &str) -> String {
    format!("{prefix}{}", service.group.unwrap_or(service.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::MethodDescriptor;

    const PLACE: MethodDescriptor =
        MethodDescriptor::new("PlaceOrder", "shop.v1.Orders/PlaceOrder");

    fn service(method: MethodDescriptor) -> ServiceDescriptor {
        ServiceDescriptor::new("shop.v1.Orders", Vec::leak(vec![method]))
    }

    fn names(service: ServiceDescriptor, prefix: &str) -> Result<(String, String), String> {
        let method = Method::new(Box::leak(Box::new(service)), 0).unwrap();
        match TopicNames::of(method, prefix) {
            Ok(names) => Ok((names.request.to_string(), names.reply.to_string())),
            Err(error) => Err(error.to_string()),
        }
    }

    fn pair(request: &str) -> Result<(String, String), String> {
        Ok((request.to_owned(), format!("{request}.reply")))
    }

    #[test]
    fn each_method_has_topics_of_its_full_name() {
        assert_eq!(names(service(PLACE), ""), pair("shop.v1.Orders.PlaceOrder"));
    }

    #[test]
    fn a_service_may_have_one_topic_for_all_methods() {
        let shared = || service(PLACE).topics(TopicLayout::PerService);
        assert_eq!(names(shared(), ""), pair("shop.v1.Orders"));
        assert_eq!(names(shared().topic("orders"), ""), pair("orders"));
    }

    #[test]
    fn a_method_may_set_its_topic() {
        assert_eq!(names(service(PLACE.topic("place")), ""), pair("place"));
    }

    #[test]
    fn the_prefix_is_before_derived_and_set_names() {
        assert_eq!(
            names(service(PLACE), "staging."),
            pair("staging.shop.v1.Orders.PlaceOrder")
        );
        assert_eq!(
            names(service(PLACE.topic("place")), "staging."),
            pair("staging.place")
        );
    }

    #[test]
    fn a_name_that_kafka_does_not_allow_is_an_error_that_says_whose_it_is() {
        assert_eq!(
            names(service(PLACE), "staging/").unwrap_err(),
            "shop.v1.Orders/PlaceOrder can't use the topic \"staging/shop.v1.Orders.PlaceOrder\": a topic's name is made \
             of the letters A to Z and a to z, digits, `.`, `_` and `-`, not '/'; set another with the option `topic`, \
             or another prefix"
        );
        assert!(
            names(service(PLACE.topic("")), "")
                .unwrap_err()
                .contains("can't be empty")
        );
    }

    #[test]
    fn the_names_that_are_derived_have_to_fit_too() {
        let longest = "x".repeat(249 - ".dead-letter".len());
        assert!(names(service(PLACE.topic(longest.clone().leak())), "").is_ok());
        let error = names(service(PLACE.topic(longest.leak())), "y").unwrap_err();
        assert!(
            error.contains("at most 249 characters, this one has 250"),
            "{error}"
        );
    }

    #[test]
    fn a_topic_that_would_not_be_used_is_an_error() {
        let error = names(service(PLACE).topic("orders"), "").unwrap_err();
        assert!(
            error.starts_with("service shop.v1.Orders sets the topic \"orders\""),
            "{error}"
        );
        let shared = service(PLACE.topic("place")).topics(TopicLayout::PerService);
        let error = names(shared, "").unwrap_err();
        assert!(
            error.starts_with("shop.v1.Orders/PlaceOrder sets the topic \"place\""),
            "{error}"
        );
    }

    #[test]
    fn the_group_is_the_services_name_unless_set() {
        assert_eq!(group_name(&service(PLACE), ""), "shop.v1.Orders");
        assert_eq!(
            group_name(&service(PLACE), "staging."),
            "staging.shop.v1.Orders"
        );
        assert_eq!(
            group_name(&service(PLACE).group("shop"), "staging."),
            "staging.shop"
        );
    }
}
