//! Clusters that do not answer.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use kafka_rpc::{Channel, Cluster, Error};
use kafka_rpc_tests::require_java;
use kafka_rpc_tests::service::Scripted;
use kafka_rpc_tests::world::desk;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::broker::breakable;

const LIMIT: Duration = Duration::from_secs(2);
const TOLERANCE: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_not_there_is_an_error_within_the_limit() {
    require_java!();
    assert_unreachable(&nobodys_address()).await;
    assert_unreachable("no-such-host.invalid:9092").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_silent_is_an_error_within_the_limit() {
    require_java!();
    let mut broker = breakable().await;
    broker.pause();
    assert_unreachable(broker.bootstrap()).await;
    broker.resume();
}

#[test]
fn a_runtime_ends_at_once_though_its_programs_brokers_are_out_of_reach() {
    let address = nobodys_address();
    let cluster = Cluster::new(&*address);
    ends_at_once(async { Channel::connect(&cluster).await.map(drop) });
    ends_at_once(desk(Scripted::echo()).serve(&cluster));
}

/// Gives up early, as a program does that is told to end.
fn ends_at_once(starts: impl Future<Output = Result<(), Error>>) {
    let runtime = Runtime::new().unwrap();
    let early = async { timeout(LIMIT / 10, starts).await };
    assert!(runtime.block_on(early).is_err(), "nobody answers");
    let begun = Instant::now();
    drop(runtime);
    let took = begun.elapsed();
    assert!(took <= TOLERANCE, "took {took:?}");
}

fn nobodys_address() -> String {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    nobody.local_addr().unwrap().to_string()
}

async fn assert_unreachable(address: &str) {
    let cluster = Cluster::new(address);
    let begun = Instant::now();
    let connected = Channel::builder()
        .connect_timeout(LIMIT)
        .connect(&cluster)
        .await;
    let served = async {
        let server = desk(Scripted::echo()).connect_timeout(LIMIT);
        server.serve(&cluster).await
    };
    for error in [connected.map(drop).unwrap_err(), served.await.unwrap_err()] {
        assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
        assert!(error.to_string().contains(address), "{error}");
    }
    let took = begun.elapsed();
    assert!(took <= 2 * (LIMIT + TOLERANCE), "took {took:?}");
}
