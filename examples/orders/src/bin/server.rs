//! The shop, until ctrl-c.

use kafka_rpc::{BoxError, Cluster};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let cluster = Cluster::from_env()?;
    println!("the shop is open; ctrl-c closes it");
    orders::shop::serve(&cluster, closing_time()).await?;
    println!("the shop is closed");
    Ok(())
}

async fn closing_time() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        println!("can't listen for ctrl-c, so the shop closes: {error}");
    }
}
