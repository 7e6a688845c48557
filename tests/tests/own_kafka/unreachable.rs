//! Clusters that do not answer.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use kafka_rpc::{Channel, Cluster, Error};
use kafka_rpc_tests::require_java;
use kafka_rpc_tests::service::Scripted;
use kafka_rpc_tests::world::desk;

use crate::broker::breakable;

const LIMIT: Duration = Duration::from_secs(2);
const TOLERANCE: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_not_there_is_an_error_within_the_limit() {
    require_java!();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap().to_string();
    drop(nobody);
    assert_unreachable(&address).await;
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
