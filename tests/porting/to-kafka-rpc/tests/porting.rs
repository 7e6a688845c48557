//! The service does the same before and after it was ported.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use kafka_rpc::Cluster;
use kafka_rpc_tests_porting as kafka;
use kafka_rpc_tests_porting_from_tonic as tonic;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

#[tokio::test]
async fn the_port_does_what_the_service_on_tonic_did() -> Outcome {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
    let before = tokio::select! {
        ended = tonic::serve(address, std::future::pending()) => return ended,
        balance = async {
            while std::net::TcpStream::connect(address).is_err() {
                tokio::task::yield_now().await;
            }
            tonic::save_up(format!("http://{address}")).await
        } => balance?,
    };
    let cluster = Cluster::embedded()?;
    let after = tokio::select! {
        ended = kafka::serve(&cluster, std::future::pending()) => return ended,
        balance = kafka::save_up(&cluster) => balance?,
    };
    assert_eq!((before, after), (750, 750));
    Ok(())
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}
