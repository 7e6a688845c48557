//! Metadata of a call: names and values beside the message.

mod error;
mod iter;
mod key;
mod map;
mod value;

pub use error::{InvalidMetadata, ToStrError};
pub use iter::{GetAll, MetadataIter};
pub use key::MetadataKey;
pub(super) use key::{PREVIOUS_ATTEMPTS, PUSHBACK};
pub use map::{Metadata, MetadataMap};
pub use value::MetadataValue;
