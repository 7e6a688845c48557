//! What a call means, shown on the embedded broker.

mod bad_requests;
mod batches;
mod calls;
mod cancels;
mod congestion;
mod deadlines;
mod endings;
mod enqueued;
mod foreign_callers;
mod foreign_servers;
mod json;
mod large;
mod layers;
mod load;
mod metadata;
mod order;
mod panics;
mod rebalances;
mod repeats;
mod restarts;
mod sizes;
mod startup;
mod statuses;
mod streams;
mod topics;
mod traces;
