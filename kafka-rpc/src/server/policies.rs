use crate::Error;
use crate::descriptor::{Delivery, Method, Redelivery, Routing, ServiceDescriptor};

/// Which methods have failed calls handled again: what the builder says, or else the description.
pub(super) fn redelivery_of(
    method: Method,
    configured: &[(String, Redelivery)],
) -> Option<Redelivery> {
    let descriptor = method.descriptor();
    let named = |name: &str| {
        let mut found = configured.iter().rev();
        found.find(|(of, _)| of == name).map(|(_, policy)| *policy)
    };
    named(descriptor.path)
        .or_else(|| named(method.service().name).filter(|_| hindrance(method).is_none()))
        .or(descriptor.redelivery)
}

/// Why the calls of a method can't be handled again, or be deduplicated.
pub(super) fn hindrance(method: Method) -> Option<&'static str> {
    let descriptor = method.descriptor();
    if descriptor.delivery == Delivery::AtMostOnce {
        Some("is AT_MOST_ONCE")
    } else if descriptor.is_streaming() {
        Some("has a stream")
    } else if descriptor.routing == Routing::All {
        Some("goes to all instances")
    } else {
        None
    }
}

/// Checks what the builder says.
///
/// # Errors
/// [`Error::Config`] where a policy is for nothing that is served, or for a method that can't have one.
pub(super) fn check_redelivery(
    services: &[&'static ServiceDescriptor],
    configured: &[(String, Redelivery)],
) -> Result<(), Error> {
    for (of, _) in configured {
        if services.iter().any(|service| service.name == of) {
            continue;
        }
        let methods = services.iter().flat_map(|&service| {
            let methods = 0..service.methods.len();
            methods.filter_map(move |index| Method::new(service, index))
        });
        let named = methods
            .into_iter()
            .find(|method| method.descriptor().path == of);
        let wrong = match named.map(hindrance) {
            Some(None) => continue,
            Some(Some(hindrance)) => format!(
                "{of} can't have a redelivery policy, since it {hindrance}: take the policy away"
            ),
            None => format!(
                "a redelivery policy is set for {of}, which is no method and no service of this \
                 server: name one as `shop.v1.Orders/PlaceOrder` or `shop.v1.Orders`"
            ),
        };
        return Err(Error::Config(wrong));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::MethodDescriptor;

    static SERVICE: ServiceDescriptor = ServiceDescriptor::new(
        "a.B",
        &[
            MethodDescriptor::new("Plain", "a.B/Plain"),
            MethodDescriptor::new("Once", "a.B/Once").delivery(Delivery::AtMostOnce),
            MethodDescriptor::new("Own", "a.B/Own").redelivery(Redelivery::new().attempts(9)),
            MethodDescriptor::new("Watch", "a.B/Watch").server_streaming(),
        ],
    );

    fn of(index: usize, configured: &[(&str, u32)]) -> Option<Redelivery> {
        redelivery_of(
            Method::new(&SERVICE, index).expect("a method"),
            &policies(configured),
        )
    }

    fn policies(configured: &[(&str, u32)]) -> Vec<(String, Redelivery)> {
        let policy = |attempts| Redelivery::new().attempts(attempts);
        configured
            .iter()
            .map(|&(of, attempts)| (of.to_owned(), policy(attempts)))
            .collect()
    }

    fn attempts(attempts: u32) -> Option<Redelivery> {
        Some(Redelivery::new().attempts(attempts))
    }

    #[test]
    fn a_method_is_before_its_service_and_both_before_the_description() {
        assert_eq!(of(0, &[]), None);
        assert_eq!(of(2, &[]), attempts(9));
        assert_eq!(of(2, &[("a.B", 2)]), attempts(2));
        assert_eq!(of(2, &[("a.B/Own", 3), ("a.B", 2)]), attempts(3));
        assert_eq!(of(0, &[("a.B/Own", 3), ("a.B", 2)]), attempts(2));
    }

    #[test]
    fn a_services_policy_is_not_for_methods_that_can_not_have_one() {
        assert_eq!(of(1, &[("a.B", 2)]), None);
        assert_eq!(of(3, &[("a.B", 2)]), None);
    }

    #[test]
    fn a_policy_for_what_is_not_there_or_can_not_have_one_is_an_error_that_says_so() {
        let check = |name| {
            let outcome = check_redelivery(&[&SERVICE], &policies(&[(name, 2)]));
            outcome.map_err(|error| error.to_string())
        };
        assert_eq!(check("a.B"), Ok(()));
        assert_eq!(check("a.B/Plain"), Ok(()));
        assert!(check("a.B/Once").unwrap_err().contains("is AT_MOST_ONCE"));
        assert!(check("a.B/Watch").unwrap_err().contains("has a stream"));
        assert!(
            check("a.B/Plan")
                .unwrap_err()
                .contains("no method and no service")
        );
    }
}
