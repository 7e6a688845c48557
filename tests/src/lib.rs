//! The harness of the cross-crate suites.
