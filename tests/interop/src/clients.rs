use kafka_rpc::{Channel, Cluster};

use crate::proto::{
    AbsentServiceClient, Empty, HandlersReply, TestServiceClient, UnimplementedServiceClient,
    WitnessClient,
};

/// A client of each service, on one channel.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    pub(crate) test: TestServiceClient,
    pub(crate) unimplemented: UnimplementedServiceClient,
    pub(crate) absent: AbsentServiceClient,
    witness: WitnessClient,
    /// The server's process.
    pub(crate) server: u32,
}

impl Clients {
    pub(crate) async fn connect(brokers: &str, prefix: &str, server: u32) -> anyhow::Result<Self> {
        let cluster = Cluster::new(brokers).topic_prefix(prefix);
        // All topics first, so that their creation is not in the time of a case.
        let channel = Channel::builder()
            .service(<TestServiceClient>::DESCRIPTOR)
            .service(<UnimplementedServiceClient>::DESCRIPTOR)
            .service(<AbsentServiceClient>::DESCRIPTOR)
            .service(<WitnessClient>::DESCRIPTOR)
            .connect(&cluster)
            .await?;
        Ok(Self {
            test: TestServiceClient::new(channel.clone()),
            unimplemented: UnimplementedServiceClient::new(channel.clone()),
            absent: AbsentServiceClient::new(channel.clone()),
            witness: WitnessClient::new(channel),
            server,
        })
    }

    /// The handlers of streams at the server.
    pub(crate) async fn handlers(&self) -> anyhow::Result<HandlersReply> {
        let reply = self.witness.clone().handlers(Empty {}).await?;
        Ok(reply.into_inner())
    }
}
