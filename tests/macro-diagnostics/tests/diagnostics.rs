//! What a user reads after a mistake in an annotated trait.
//!
//! After a change that is meant to be, `TRYBUILD=overwrite cargo test -p kafka-rpc-tests-macro-diagnostics` writes
//! the expected output anew.

#[test]
fn mistakes_are_shown_where_they_are() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}
