//! What a call means, shown on the embedded broker.

mod cancels;
mod deadlines;
mod layers;
mod load;
mod metadata;
mod order;
mod panics;
mod replies;
mod restarts;
mod statuses;
