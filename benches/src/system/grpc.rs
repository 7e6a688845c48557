//! tonic over loopback, without a broker: one connection to each server, HTTP/2 without TLS.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc as GrpcServer, NamedService, UnaryService};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use super::{Caller, System, body, check};
use crate::setup::Setup;

#[allow(missing_docs, unreachable_pub, clippy::all)]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/grpc/bench.v1.rs"));
}

use proto::echo_client::EchoClient;
use proto::echo_server::{Echo, EchoServer};
use proto::feed_client::FeedClient;
use proto::feed_server::{Feed, FeedServer};
use proto::{Message, Wanted};

pub(crate) struct Grpc;

struct Itself;

#[tonic::async_trait]
impl Echo for Itself {
    async fn say(&self, request: Request<Message>) -> Result<Response<Message>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

/// A stream of one message, again and again.
struct Again(Bytes);

#[tonic::async_trait]
impl Feed for Again {
    type ReadStream = BoxStream<'static, Result<Message, Status>>;

    async fn read(&self, request: Request<Wanted>) -> Result<Response<Self::ReadStream>, Status> {
        let body = self.0.clone();
        let messages =
            (0..request.get_ref().messages).map(move |_| Ok(Message { body: body.clone() }));
        Ok(Response::new(Box::pin(stream::iter(messages))))
    }
}

/// As the generated service, for as many methods as one likes.
#[derive(Clone)]
struct Wide;

impl NamedService for Wide {
    const NAME: &'static str = "bench.v1.Wide";
}

impl Service<http::Request<Body>> for Wide {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async {
            let codec = ProstCodec::default();
            Ok(GrpcServer::new(codec).unary(Itself, request).await)
        })
    }
}

impl UnaryService<Message> for Itself {
    type Response = Message;
    type Future = BoxFuture<Response<Message>, Status>;

    fn call(&mut self, request: Request<Message>) -> Self::Future {
        Box::pin(async { Itself.say(request).await })
    }
}

impl System for Grpc {
    type Caller = GrpcCaller;

    async fn serve(
        setup: &Setup,
        ready: impl FnOnce(&str),
        stop: impl Future<Output = ()> + Send,
    ) -> anyhow::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .context("can't listen on loopback")?;
        ready(&listener.local_addr()?.to_string());
        Server::builder()
            .add_service(EchoServer::new(Itself))
            .add_service(FeedServer::new(Again(body(setup))))
            .add_service(Wide)
            .serve_with_incoming_shutdown(
                TcpIncoming::from(listener).with_nodelay(Some(true)),
                stop,
            )
            .await
            .context("the gRPC server ended")
    }

    async fn connect(setup: &Setup, servers: &[String]) -> anyhow::Result<GrpcCaller> {
        let mut endpoints = servers
            .iter()
            .map(|server| Endpoint::from_shared(format!("http://{server}")))
            .collect::<Result<Vec<_>, _>>()?;
        let channel = if endpoints.len() == 1 {
            endpoints
                .remove(0)
                .connect()
                .await
                .context("can't reach the gRPC server")?
        } else {
            Channel::balance_list(endpoints.into_iter())
        };
        let paths = (0..setup.methods)
            .map(|method| format!("/{}/Say{method}", Wide::NAME).try_into())
            .collect::<Result<_, _>>()?;
        Ok(GrpcCaller {
            client: EchoClient::new(channel.clone()),
            channel,
            paths,
            turn: Arc::default(),
            body: body(setup),
        })
    }
}

#[derive(Clone)]
pub(crate) struct GrpcCaller {
    client: EchoClient<Channel>,
    channel: Channel,
    /// Of the methods of [`Wide`].
    paths: Arc<[PathAndQuery]>,
    turn: Arc<AtomicUsize>,
    body: Bytes,
}

impl Caller for GrpcCaller {
    async fn read(&self, messages: u64, stop: Duration) -> anyhow::Result<()> {
        let mut client = FeedClient::new(self.channel.clone());
        let mut stream = client.read(Wanted { messages }).await?.into_inner();
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

    async fn call(&self, _no_keys_here: Option<u64>) -> anyhow::Result<()> {
        let message = Message {
            body: self.body.clone(),
        };
        let reply = match self.paths.len() {
            1 => self.client.clone().say(message).await?,
            methods => {
                let method = self.turn.fetch_add(1, Ordering::Relaxed) % methods;
                let path = self.paths[method].clone();
                let mut client = tonic::client::Grpc::new(self.channel.clone());
                client.ready().await?;
                let request = Request::new(message);
                client.unary(request, path, ProstCodec::default()).await?
            }
        };
        check(&self.body, reply.get_ref().body.len())
    }
}
