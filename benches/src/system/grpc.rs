//! tonic over loopback, without a broker: one connection to each server, HTTP/2 without TLS.

use anyhow::Context as _;
use bytes::Bytes;
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};

use super::{Caller, System, body, check};
use crate::setup::Setup;

#[allow(missing_docs, unreachable_pub, clippy::all)]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/grpc/bench.v1.rs"));
}

use proto::Message;
use proto::echo_client::EchoClient;
use proto::echo_server::{Echo, EchoServer};

pub(crate) struct Grpc;

struct Itself;

#[tonic::async_trait]
impl Echo for Itself {
    async fn say(&self, request: Request<Message>) -> Result<Response<Message>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

impl System for Grpc {
    type Caller = GrpcCaller;

    async fn serve(
        _: &Setup,
        ready: impl FnOnce(&str),
        stop: impl Future<Output = ()> + Send,
    ) -> anyhow::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .context("can't listen on loopback")?;
        ready(&listener.local_addr()?.to_string());
        Server::builder()
            .add_service(EchoServer::new(Itself))
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
        Ok(GrpcCaller {
            client: EchoClient::new(channel),
            body: body(setup),
        })
    }
}

#[derive(Clone)]
pub(crate) struct GrpcCaller {
    client: EchoClient<Channel>,
    body: Bytes,
}

impl Caller for GrpcCaller {
    async fn call(&self, _no_keys_here: Option<u64>) -> anyhow::Result<()> {
        let message = Message {
            body: self.body.clone(),
        };
        let reply = self.client.clone().say(message).await?;
        check(&self.body, reply.get_ref().body.len())
    }
}
