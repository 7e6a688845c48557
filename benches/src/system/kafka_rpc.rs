//! This project, with its defaults but for what the run sets.

use anyhow::Context as _;
use bytes::Bytes;
use kafka_rpc::{
    Channel, Cluster, IntoRequest as _, Request, Response, Server, Status, TopicSettings,
};

use super::{Caller, System, body, check};
use crate::setup::{KafkaSetup, Setup};

#[allow(missing_docs, unreachable_pub)]
mod proto {
    kafka_rpc::include_proto!("bench.v1");
}

use proto::{Echo, EchoClient, EchoServer, Message};

pub(crate) struct KafkaRpc;

struct Itself;

impl Echo for Itself {
    async fn say(&self, request: Request<Message>) -> Result<Response<Message>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

impl System for KafkaRpc {
    type Caller = KafkaRpcCaller;

    async fn serve(
        setup: &Setup,
        ready: impl FnOnce(&str),
        stop: impl Future<Output = ()> + Send,
    ) -> anyhow::Result<()> {
        let mut server = Server::builder().add_service(EchoServer::new(Itself));
        for (name, value) in &setup.kafka.producer {
            server = server.producer_property(name, value);
        }
        let handle = server.handle();
        let cluster = cluster(&setup.kafka);
        let serve = server.serve_with_shutdown(&cluster, stop);
        tokio::pin!(serve);
        tokio::select! {
            ended = &mut serve => return ended.context("the server ended"),
            () = handle.ready() => ready("kafka"),
        }
        serve.await.context("the server ended")
    }

    async fn connect(setup: &Setup, _: &[String]) -> anyhow::Result<KafkaRpcCaller> {
        let mut channel = Channel::builder().service(EchoClient::<Channel>::DESCRIPTOR);
        for (name, value) in &setup.kafka.producer {
            channel = channel.producer_property(name, value);
        }
        let channel = channel.connect(&cluster(&setup.kafka)).await?;
        Ok(KafkaRpcCaller {
            client: EchoClient::new(channel),
            body: body(setup),
        })
    }
}

fn cluster(kafka: &KafkaSetup) -> Cluster {
    Cluster::new(&kafka.brokers)
        .topic_prefix(&kafka.prefix)
        .topics(TopicSettings::new().partitions(kafka.partitions))
}

#[derive(Clone)]
pub(crate) struct KafkaRpcCaller {
    client: EchoClient<Channel>,
    body: Bytes,
}

impl Caller for KafkaRpcCaller {
    async fn call(&self, key: Option<u64>) -> anyhow::Result<()> {
        let message = Message {
            body: self.body.clone(),
        };
        let mut request = message.into_request();
        if let Some(key) = key {
            request.set_key(key.to_string());
        }
        let reply = self.client.clone().say(request).await?;
        check(&self.body, reply.get_ref().body.len())
    }
}
