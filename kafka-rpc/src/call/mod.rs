//! What callers and handlers touch: a call's request, its response, and what goes with them.

mod answers;
mod body;
mod code;
mod context;
mod deadline;
mod extensions;
mod handle;
mod idempotency_key;
mod interceptor;
mod metadata;
mod origin;
mod outbox;
mod pushback;
mod recorder;
mod request;
mod response;
mod status;
mod streaming;
mod streaming_request;
mod trailers;

pub(crate) use answers::RawAnswers;
pub use answers::{Answer, Answers};
pub use body::Body;
pub(crate) use body::Messages;
pub use code::Code;
pub(crate) use context::CallContext;
pub use deadline::Deadline;
pub use extensions::Extensions;
pub(crate) use handle::Receipt;
pub use handle::{CallHandle, InvalidHandle};
pub use idempotency_key::{IdempotencyKey, InvalidIdempotencyKey};
pub use interceptor::{InterceptedFuture, InterceptedService, Interceptor};
pub use metadata::{
    GetAll, InvalidMetadata, Metadata, MetadataIter, MetadataKey, MetadataMap, MetadataValue,
    ToStrError,
};
pub use origin::Origin;
pub use outbox::{Outbox, OutboxRecord};
pub use pushback::Pushback;
pub(crate) use pushback::set_previous_attempts;
pub(crate) use recorder::{Recorded, Recorder};
pub(crate) use request::Wanted;
pub use request::{IntoRequest, Request, RequestParts};
pub use response::Response;
pub use status::{BoxError, Status};
pub use streaming::Streaming;
pub(crate) use streaming::{Direction, Expected};
pub use streaming_request::IntoStreamingRequest;
pub use trailers::Trailers;
