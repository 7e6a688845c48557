//! The till, until ctrl-c.

use kafka_rpc::{BoxError, Cluster};
use payments::books::{Books, IN_MEMORY};
use payments::{argument, till};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let cluster = Cluster::from_env()?;
    let database = argument("--database");
    let books = Books::open(database.as_deref().unwrap_or(IN_MEMORY)).await?;
    books.account("ann", 1_000).await?;
    println!("the till is open; ctrl-c closes it");
    till::serve(&cluster, books, argument("--name"), closing_time()).await?;
    println!("the till is closed");
    Ok(())
}

async fn closing_time() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        println!("can't listen for ctrl-c, so the till closes: {error}");
    }
}
