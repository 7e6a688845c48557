//! Till and customer in one process.

use kafka_rpc::{BoxError, Cluster};
use payments::books::{Books, IN_MEMORY};
use payments::{argument, customer, till};
use tokio::sync::oneshot;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let cluster = if std::env::args().any(|argument| argument == "--embedded") {
        Cluster::embedded()?
    } else {
        Cluster::from_env_or_embedded()?
    };
    let database = argument("--database");
    let books = Books::open(database.as_deref().unwrap_or(IN_MEMORY)).await?;
    books.account("ann", 1_000).await?;
    let (leave, left) = oneshot::channel::<()>();
    tokio::try_join!(
        async {
            let closing_time = async { drop(left.await) };
            till::serve(&cluster, books, None, closing_time)
                .await
                .map_err(BoxError::from)
        },
        async {
            customer::pay(&cluster).await?;
            drop(leave);
            Ok(())
        },
    )?;
    Ok(())
}
