use tower_service::Service;

use crate::call::{Body, BoxError, Request, Response};

/// What requests go to: the routes and the layers around them, in one type.
pub(super) trait Handler:
    Service<Request<Body>, Response = Response<Body>, Error: Into<BoxError>, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Handler for S where
    S: Service<Request<Body>, Response = Response<Body>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}
