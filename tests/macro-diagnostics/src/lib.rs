//! What a user reads after a mistake in an annotated trait; see `tests/diagnostics.rs`.
