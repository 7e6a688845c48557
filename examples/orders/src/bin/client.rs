//! The customer.

use kafka_rpc::{BoxError, Cluster};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let cluster = Cluster::from_env()?;
    orders::customer::shop(&cluster).await
}
