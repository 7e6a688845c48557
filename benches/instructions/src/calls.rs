//! Whole calls: a generated client and a generated server, on a cluster in memory.

use kafka_rpc::{BoxError, Channel, Cluster, Request, Response, Server, Status, TopicSettings};
use tokio::task::JoinSet;

// What `kafka-rpc-build` makes of a `.proto`. Written out, because to compile one takes longer than
// all that is measured.

/// Answers each message with itself.
#[kafka_rpc::service(name = "instructions.v1.Echo")]
trait Echo {
    async fn say(&self, request: Request<Message>) -> Result<Response<Message>, Status>;
}

#[derive(Clone, PartialEq, kafka_rpc::prost::Message)]
#[prost(prost_path = "::kafka_rpc::prost")]
struct Message {
    #[prost(bytes = "bytes", tag = "1")]
    body: kafka_rpc::prost::bytes::Bytes,
}

struct Itself;

impl Echo for Itself {
    async fn say(&self, request: Request<Message>) -> Result<Response<Message>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

/// Makes so many calls, `in_flight` of them at a time.
pub(crate) fn make(calls: u64, in_flight: u64) -> Result<(), BoxError> {
    // Time moves only while there is nothing to do: what is due by the clock is due at the same
    // step each time.
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?
        .block_on(serve_and_call(calls, in_flight))
}

async fn serve_and_call(calls: u64, in_flight: u64) -> Result<(), BoxError> {
    let cluster = Cluster::in_memory().topics(TopicSettings::new().partitions(1));
    let server = Server::builder().add_service(EchoServer::new(Itself));
    let handle = server.handle();
    let serving = tokio::spawn(server.serve(&cluster));

    let client = EchoClient::new(Channel::connect(&cluster).await?);
    let mut callers = JoinSet::new();
    for _ in 0..in_flight {
        callers.spawn(call(client.clone(), calls.div_ceil(in_flight)));
    }
    while let Some(called) = callers.join_next().await {
        called??;
    }

    handle.shutdown();
    serving.await??;
    Ok(())
}

/// Makes one call after the other.
async fn call(mut client: EchoClient<Channel>, calls: u64) -> Result<(), Status> {
    let message = Message {
        body: vec![7; 128].into(),
    };
    for _ in 0..calls {
        let reply = client.say(message.clone()).await?.into_inner();
        if reply != message {
            return Err(Status::internal("the reply is not the request"));
        }
    }
    Ok(())
}
