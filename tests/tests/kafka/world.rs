use kafka_rpc::Cluster;
use kafka_rpc_tests::kafka;
use kafka_rpc_tests::world::World;

/// A program that runs a server.
pub(crate) const SERVER: &str = env!("CARGO_BIN_EXE_desk-server");

/// A world on the shared broker.
pub(crate) fn world() -> World {
    World::on(Cluster::new(kafka::shared().bootstrap()))
}
