//! This project, with its defaults but for what the run sets.

mod wide;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use kafka_rpc::{
    Channel, Cluster, Code, IntoRequest as _, Request, Response, Server, ServiceDescriptor, Status,
    TopicSettings,
};

use super::{Caller, System, body, check};
use crate::setup::{KafkaSetup, Setup};

#[allow(missing_docs, unreachable_pub)]
mod proto {
    kafka_rpc::include_proto!("bench.v1");
}

use proto::{Echo, EchoClient, EchoServer, Feed, FeedClient, FeedServer, Message, Wanted};
use wide::WideServer;

/// More than any experiment holds, so that no call is refused.
const PENDING_LIMIT: usize = 2_000_000;

pub(crate) struct KafkaRpc;

struct Itself;

impl Echo for Itself {
    async fn say(&self, request: Request<Message>) -> Result<Response<Message>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

/// A stream of one message, again and again.
struct Again(Bytes);

impl Feed for Again {
    async fn read(
        &self,
        request: Request<Wanted>,
    ) -> Result<Response<impl Stream<Item = Result<Message, Status>> + Send>, Status> {
        let messages = (0..request.get_ref().messages).map(|_| {
            Ok(Message {
                body: self.0.clone(),
            })
        });
        Ok(Response::new(stream::iter(messages)))
    }
}

impl System for KafkaRpc {
    type Caller = KafkaRpcCaller;

    async fn serve(
        setup: &Setup,
        ready: impl FnOnce(&str),
        stop: impl Future<Output = ()> + Send,
    ) -> anyhow::Result<()> {
        let mut server = Server::builder();
        server = match setup.methods {
            1 => server.add_service(EchoServer::new(Itself)),
            methods => server.add_service(WideServer(wide::describe("Wide", methods))),
        };
        if setup.streams {
            server = server.add_service(FeedServer::new(Again(body(setup))));
        }
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
        let service = match setup.methods {
            1 => EchoClient::<Channel>::DESCRIPTOR,
            methods => wide::describe("Wide", methods),
        };
        let mut channel = Channel::builder()
            .service(service)
            .pending_limit(PENDING_LIMIT);
        for (name, value) in &setup.kafka.producer {
            channel = channel.producer_property(name, value);
        }
        let channel = channel.connect(&cluster(&setup.kafka)).await?;
        Ok(KafkaRpcCaller {
            client: EchoClient::new(channel.clone()),
            channel,
            service,
            // No server has it.
            silence: wide::describe("Silence", 1),
            turn: Arc::default(),
            body: body(setup),
        })
    }
}

fn cluster(kafka: &KafkaSetup) -> Cluster {
    let topics = TopicSettings::new()
        .partitions(kafka.partitions)
        .reply_partitions(kafka.reply_partitions);
    Cluster::new(&kafka.brokers)
        .topic_prefix(&kafka.prefix)
        .topics(topics)
}

#[derive(Clone)]
pub(crate) struct KafkaRpcCaller {
    client: EchoClient<Channel>,
    channel: Channel,
    service: &'static ServiceDescriptor,
    silence: &'static ServiceDescriptor,
    turn: Arc<AtomicUsize>,
    body: Bytes,
}

impl KafkaRpcCaller {
    fn request(&self) -> Request<Message> {
        let message = Message {
            body: self.body.clone(),
        };
        message.into_request()
    }

    fn request_within(&self, timeout: Duration) -> Request<Message> {
        let mut request = self.request();
        request.set_timeout(timeout);
        request
    }
}

impl Caller for KafkaRpcCaller {
    async fn call(&self, key: Option<u64>) -> anyhow::Result<()> {
        let mut request = self.request();
        if let Some(key) = key {
            request.set_key(key.to_string());
        }
        let reply = match self.service.methods.len() {
            1 => self.client.clone().say(request).await?,
            methods => {
                let method = self.turn.fetch_add(1, Ordering::Relaxed) % methods;
                wide::call(&mut self.channel.clone(), self.service, method, request).await?
            }
        };
        check(&self.body, reply.get_ref().body.len())
    }

    async fn read(&self, messages: u64, stop: Duration) -> anyhow::Result<()> {
        let mut request = Wanted { messages }.into_request();
        request.set_timeout(Duration::from_secs(3600));
        let stream = FeedClient::new(self.channel.clone()).read(request).await?;
        let mut stream = stream.into_inner();
        let mut read = 0;
        while let Some(message) = stream.message().await? {
            check(&self.body, message.body.len())?;
            read += 1;
            if read == 1 && !stop.is_zero() {
                tokio::time::sleep(stop).await;
            }
        }
        ensure!(read == messages, "{read} messages of {messages} came");
        Ok(())
    }

    async fn hold(&self, timeout: Duration) -> anyhow::Result<()> {
        let mut channel = self.channel.clone();
        // The request is not kept here: a caller's future would not hold it twice either.
        let reply = wide::call(&mut channel, self.silence, 0, self.request_within(timeout));
        match reply.await {
            Err(status) if status.code() == Code::DeadlineExceeded => Ok(()),
            Err(status) => Err(status.into()),
            Ok(_) => bail!("somebody answered"),
        }
    }
}
