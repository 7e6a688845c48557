//! Metadata in the headers of a record: all that no name of the contract claims.

use super::headers::Headers;
use crate::call::{Metadata, MetadataValue};

/// Takes a header into the metadata, its name in lower case.
///
/// One that can't be metadata is left out: a reserved name that has no meaning yet, a name that
/// gRPC would not allow, or bytes that are no text under a name that doesn't end in `-bin`. Kafka
/// clients add such headers on their own (Spring's `spring_json_header_types` is a harmless one),
/// so they are no fault of the caller.
pub(super) fn take(metadata: &mut Metadata, name: &str, value: &[u8]) {
    let _left_out = metadata.append(name, MetadataValue::from_bytes(value));
}

/// Adds every entry of the metadata to the headers, in order.
pub(super) fn write(headers: &mut Headers, metadata: &Metadata) {
    for (key, value) in metadata {
        headers.push(key.as_str(), value.as_bytes());
    }
}
