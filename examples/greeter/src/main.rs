//! A client and a server in one process.
//!
//! `cargo run -p greeter` runs it on a broker inside of the process, and with
//! `KAFKA_BROKERS=host:port` on a real one.

use kafka_rpc::{BoxError, Channel, Cluster, Request, Response, Server, Status};

// The messages, the trait `Greeter`, `GreeterServer` and `GreeterClient`.
kafka_rpc::include_proto!("greeter.v1");

struct English;

impl Greeter for English {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let name = request.into_inner().name;
        if name.is_empty() {
            return Err(Status::invalid_argument("there is nobody to greet"));
        }
        let message = format!("Hello, {name}!");
        Ok(Response::new(HelloReply { message }))
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let cluster = Cluster::from_env_or_embedded()?;
    let server = Server::builder().add_service(GreeterServer::new(English));
    let handle = server.handle();
    // The call need not wait until the server is ready: its request does, in its topic.
    tokio::try_join!(
        async { server.serve(&cluster).await.map_err(BoxError::from) },
        async {
            greet(&cluster).await?;
            handle.shutdown();
            Ok(())
        },
    )?;
    Ok(())
}

async fn greet(cluster: &Cluster) -> Result<(), BoxError> {
    let channel = Channel::connect(cluster).await?;
    let mut greeter = GreeterClient::new(channel);
    let request = HelloRequest {
        name: "Kafka".to_owned(),
    };
    let reply = greeter.say_hello(request).await?;
    println!("{}", reply.into_inner().message);
    Ok(())
}
