//! What a call means, shown on the embedded broker.

mod bad_requests;
mod cancels;
mod deadlines;
mod endings;
mod layers;
mod load;
mod metadata;
mod order;
mod panics;
mod rebalances;
mod replies;
mod restarts;
mod sizes;
mod startup;
mod statuses;
mod topics;
