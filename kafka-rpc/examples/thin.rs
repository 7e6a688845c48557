use kafka_rpc::{Channel, Cluster, Request, Response, Server, Status};
use std::time::Instant;

#[derive(Clone, PartialEq, kafka_rpc::prost::Message)]
#[prost(prost_path = "kafka_rpc::prost")]
pub struct Hello {
    #[prost(string, tag = "1")]
    pub name: String,
}

/// Greets.
#[kafka_rpc::service(name = "thin.v1.Greeter")]
pub trait Greeter {
    /// Hello.
    async fn say_hello(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
}

struct Mine;
impl Greeter for Mine {
    async fn say_hello(&self, request: Request<Hello>) -> Result<Response<Hello>, Status> {
        Ok(Response::new(Hello {
            name: format!("Hello {}", request.get_ref().name),
        }))
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = Cluster::from_env_or_embedded()?;
    let builder = Server::builder().add_service(GreeterServer::new(Mine));
    let handle = builder.handle();
    let t = Instant::now();
    let server = tokio::spawn(builder.serve(&cluster));
    handle.ready().await;
    println!("ready {:?}", t.elapsed());
    let t = Instant::now();
    let channel = Channel::connect(&cluster).await?;
    let mut client = GreeterClient::new(channel.clone());
    println!("connect {:?}", t.elapsed());
    for i in 0..5 {
        let t = Instant::now();
        let r = client
            .say_hello(Hello {
                name: format!("n{i}"),
            })
            .await?;
        println!("{} {:?}", r.into_inner().name, t.elapsed());
    }
    let n: usize = std::env::var("N")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(10000);
    for conc in [1usize, 64, 512] {
        let n = if conc == 1 { n / 10 } else { n };
        let t = Instant::now();
        let mut hs = vec![];
        for _ in 0..conc {
            let mut c = client.clone();
            hs.push(tokio::spawn(async move {
                for _ in 0..n / conc {
                    c.say_hello(Hello {
                        name: "x".repeat(120),
                    })
                    .await
                    .unwrap();
                }
            }));
        }
        for h in hs {
            h.await?;
        }
        println!(
            "{conc}: {:.0}/s",
            (n / conc * conc) as f64 / t.elapsed().as_secs_f64()
        );
    }
    handle.shutdown();
    let t = Instant::now();
    server.await??;
    println!("down {:?}", t.elapsed());
    Ok(())
}
