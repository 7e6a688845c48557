use std::pin::Pin;

use crate::call::{Body, Request, Response, Status};
use crate::descriptor::ServiceDescriptor;

/// A boxed future that owns all it needs and may run on any thread.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send + 'static>>;

/// A service that a server can host: its description, and a way to call its methods with encoded
/// messages.
///
/// The generated `…Server` types are services; there is no need to write one by hand, other than to
/// wrap one.
pub trait RpcService: Send + Sync + 'static {
    /// The description of the service. It is the same at every call.
    fn descriptor(&self) -> &'static ServiceDescriptor;

    /// Handles one call of the method at index `method` of [`ServiceDescriptor::methods`].
    ///
    /// The future does not borrow from the service. To drop it cancels the call.
    fn call(
        &self,
        method: usize,
        request: Request<Body>,
    ) -> BoxFuture<Result<Response<Body>, Status>>;
}
