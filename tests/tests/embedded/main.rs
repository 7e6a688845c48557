//! What a call means, shown on the embedded broker.

mod replies;
