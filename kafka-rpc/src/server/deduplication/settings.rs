use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::DeduplicationStore;
use crate::Error;
use crate::descriptor::{Method, ServiceDescriptor};
use crate::server::policies::hindrance;

/// How a server deduplicates calls.
#[derive(Clone, Default)]
pub(in crate::server) enum Deduplication {
    /// It was not told.
    #[default]
    Unset,
    /// The handlers do it.
    ByHandlers,
    /// By what is kept there.
    Store(Arc<dyn DeduplicationStore>),
    /// In topics beside those of the requests.
    Topics {
        window: Duration,
        /// In memory.
        bytes: u64,
    },
}

impl fmt::Debug for Deduplication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unset => "Unset",
            Self::ByHandlers => "ByHandlers",
            Self::Store(_) => "Store",
            Self::Topics { .. } => "Topics",
        })
    }
}

/// Checks that methods that are deduplicated can be, and are.
///
/// # Errors
/// [`Error::Config`] where they can't, or where nobody has said how.
pub(in crate::server) fn check_deduplication(
    services: &[&'static ServiceDescriptor],
    deduplication: &Deduplication,
) -> Result<(), Error> {
    for &service in services {
        let methods = 0..service.methods.len();
        let methods = methods.filter_map(|index| Method::new(service, index));
        for method in methods.filter(|method| method.descriptor().deduplicated) {
            let path = method.descriptor().path;
            let wrong = match hindrance(method) {
                Some(hindrance) => {
                    format!("{path} can't be deduplicated, since it {hindrance}")
                }
                None if matches!(deduplication, Deduplication::Unset) => format!(
                    "{path} is deduplicated, and the server was not told where to keep what its calls \
                     came to: set `deduplication`, `deduplication_topics` or \
                     `deduplication_by_handlers`"
                ),
                None => continue,
            };
            return Err(Error::Config(wrong));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::{Delivery, MethodDescriptor};

    static PAYMENTS: ServiceDescriptor = ServiceDescriptor::new(
        "a.B",
        &[
            MethodDescriptor::new("Show", "a.B/Show"),
            MethodDescriptor::new("Pay", "a.B/Pay").deduplicated(),
        ],
    );
    static LOST: ServiceDescriptor = ServiceDescriptor::new(
        "a.C",
        &[MethodDescriptor::new("Pay", "a.C/Pay")
            .delivery(Delivery::AtMostOnce)
            .deduplicated()],
    );
    static PLAIN: ServiceDescriptor =
        ServiceDescriptor::new("a.D", &[MethodDescriptor::new("Show", "a.D/Show")]);

    fn check(
        services: &[&'static ServiceDescriptor],
        deduplication: &Deduplication,
    ) -> Result<(), String> {
        check_deduplication(services, deduplication).map_err(|error| error.to_string())
    }

    #[test]
    fn a_server_that_was_not_told_how_to_deduplicate_does_not_start() {
        let error = check(&[&PLAIN, &PAYMENTS], &Deduplication::Unset).unwrap_err();
        assert!(error.contains("a.B/Pay is deduplicated"), "{error}");
        assert_eq!(check(&[&PAYMENTS], &Deduplication::ByHandlers), Ok(()));
        assert_eq!(check(&[&PLAIN], &Deduplication::Unset), Ok(()));
    }

    #[test]
    fn what_is_handled_at_most_once_is_not_deduplicated() {
        let error = check(&[&LOST], &Deduplication::ByHandlers).unwrap_err();
        assert!(error.contains("since it is AT_MOST_ONCE"), "{error}");
    }
}
