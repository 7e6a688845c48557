use std::sync::Arc;

use parking_lot::Mutex;

use super::{InvalidMetadata, Metadata, MetadataValue};

/// Metadata that a handler sends behind the last message of its stream, where it ends well: what is
/// only known then. A caller finds it in [`Streaming::trailers`](crate::Streaming::trailers).
///
/// It is a handle, which the stream keeps: see [`Response::trailers`](crate::Response::trailers).
/// A stream that fails has the metadata of its [`Status`](crate::Status) instead.
///
/// ```
/// use futures_util::{Stream, StreamExt, stream};
/// use kafka_rpc::{Request, Response, Status};
///
/// async fn count(
///     request: Request<u64>,
/// ) -> Result<Response<impl Stream<Item = Result<u64, Status>> + Send>, Status> {
///     let mut response = Response::new(());
///     let trailers = response.trailers();
///     let numbers = stream::iter(0..request.into_inner()).map(move |number| {
///         trailers.insert("last", number.into())?;
///         Ok(number)
///     });
///     Ok(response.map(|()| numbers))
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Trailers(Arc<Mutex<Metadata>>);

impl Trailers {
    /// Sets a value, in place of what the name had.
    ///
    /// # Errors
    /// When the name can't be one of metadata, or the value does not fit it.
    pub fn insert(&self, name: &str, value: MetadataValue) -> Result<(), InvalidMetadata> {
        self.0.lock().insert(name, value).map(drop)
    }

    /// Sets raw bytes, in place of what the name had, which ends in `-bin`.
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub fn insert_bin(&self, name: &str, value: MetadataValue) -> Result<(), InvalidMetadata> {
        self.0.lock().insert_bin(name, value).map(drop)
    }

    /// Takes out what there is.
    pub(crate) fn take(&self) -> Metadata {
        std::mem::take(&mut *self.0.lock())
    }
}
