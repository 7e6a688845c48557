//! Calls that are made again, or several times at once.

mod hedges;
mod retries;
mod settings;

use kafka_rpc::{ChannelBuilder, HedgingPolicy, Request, RetryPolicy, Status};
use kafka_rpc_tests::service::{DeskClient, Order, Scripted, receipt};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{Sightings, sightings};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A client with these settings, whose topics are there.
async fn client(world: &World, settings: ChannelBuilder) -> DeskClient {
    let channel = world.connect(settings).await;
    let prepared = channel.prepare(<DeskClient>::DESCRIPTOR).await;
    prepared.expect("the desk's topics are there");
    DeskClient::new(channel)
}

/// Settings with a policy for all that the desk does.
fn retrying(policy: RetryPolicy) -> ChannelBuilder {
    kafka_rpc::Channel::builder().retry_service(<DeskClient>::DESCRIPTOR, policy)
}

/// Settings with a policy for asking the desk.
fn hedging(policy: HedgingPolicy) -> ChannelBuilder {
    kafka_rpc::Channel::builder().hedge_method(<DeskClient>::DESCRIPTOR, "Ask", policy)
}

/// Short pauses.
fn quick() -> RetryPolicy {
    RetryPolicy::new().initial_backoff(Duration::from_millis(5))
}

/// Fails the first calls with what `fail` says of the number of each, and answers the others. Tells of
/// each call what came with it.
fn failing(
    times: u32,
    fail: impl Fn(u32) -> Status + Send + Sync + 'static,
) -> (Scripted, Sightings<Request<Order>>) {
    let (seen, requests) = sightings();
    let calls = Arc::new(AtomicU32::new(0));
    let script = Scripted::new(move |request: Request<Order>| {
        seen.tell(request.clone());
        let call = calls.fetch_add(1, Ordering::SeqCst);
        let failure = (call < times).then(|| fail(call));
        async move {
            match failure {
                Some(status) => Err(status),
                None => Ok(receipt(request.into_inner())),
            }
        }
    });
    (script, requests)
}
