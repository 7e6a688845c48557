//! Several brokers, of which one fails.

use std::time::Duration;

use kafka_rpc::{Cluster, TopicSettings};
use kafka_rpc_tests::foreign::Foreign;
use kafka_rpc_tests::kafka::Builder;
use kafka_rpc_tests::load::{Load, TOLERANCE};
use kafka_rpc_tests::service::Scripted;
use kafka_rpc_tests::world::{World, desk};
use kafka_rpc_tests::{require_java, until_within};

const DEADLINE: Duration = Duration::from_secs(20);
/// When transactions have surely got over the end of a broker.
const MOVED: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_three_replicas_every_call_is_answered_though_a_broker_is_killed() {
    require_java!();
    let mut brokers = Builder::new().start_cluster(3);
    let world = World::on(
        Cluster::new(brokers.bootstrap()).topics(TopicSettings::new().partitions(6).replication(3)),
    );
    let server = world.desk(Scripted::echo()).await;
    let requests = world.name("tests.v1.Desk.Ask");
    let topics = brokers[0].describe_topics(&requests);
    assert_eq!(topics[&requests].replication, 3);
    let load = Load::start(&world.client().await, 64, DEADLINE);
    load.goes_on(500).await;

    // It leads some of the partitions, and maybe the group.
    brokers[0].kill();
    load.goes_on(1_000).await;
    brokers[0].restart();
    load.goes_on(500).await;

    for call in load.stop().await {
        assert!(call.took <= DEADLINE + TOLERANCE, "{call:?}");
        if let Err(status) = &call.outcome {
            panic!("{status}: {call:?}");
        }
    }
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_go_on_though_the_groups_coordinator_does_not_come_back() {
    require_java!();
    let builder = Builder::new().property("offsets.topic.num.partitions", 1);
    let mut brokers = builder.start_cluster(3);
    let world = World::on(Cluster::new(brokers.bootstrap()));
    let server = world.serve(desk(Scripted::echo()).transactions(true)).await;
    let load = Load::start(&world.client().await, 16, MOVED + DEADLINE);
    load.goes_on(200).await;

    let coordinator = Foreign::new(world.cluster()).first_leader("__consumer_offsets");
    brokers[coordinator].kill();
    let answered = load.answered();
    until_within(
        MOVED,
        "calls are answered without the group's coordinator",
        || load.answered() >= answered + 1_000,
    )
    .await;

    for call in load.stop().await {
        if let Err(status) = &call.outcome {
            panic!("{status}: {call:?}");
        }
    }
    server.shutdown().await;
}
