//! Shop and customer in one process.

use kafka_rpc::{BoxError, Cluster};
use orders::{customer, shop};
use tokio::sync::oneshot;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let cluster = if std::env::args().any(|argument| argument == "--embedded") {
        Cluster::embedded()?
    } else {
        Cluster::from_env_or_embedded()?
    };
    let (leave, left) = oneshot::channel::<()>();
    tokio::try_join!(
        async {
            let closing_time = async { drop(left.await) };
            shop::serve(&cluster, closing_time)
                .await
                .map_err(BoxError::from)
        },
        async {
            customer::shop(&cluster).await?;
            drop(leave);
            Ok(())
        },
    )?;
    Ok(())
}
