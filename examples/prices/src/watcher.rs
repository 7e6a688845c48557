//! The client's side.

use std::time::Duration;

use kafka_rpc::{BoxError, Channel, Cluster, Request, Streaming};

use crate::proto::{Price, PricesClient, WatchRequest};

/// Prints prices, and checks that none is missing and none comes twice.
pub struct Watcher {
    prices: Streaming<Price>,
    seen: u64,
}

/// Begins to watch so many prices.
pub async fn watch(cluster: &Cluster, prices: u64) -> Result<Watcher, BoxError> {
    let channel = Channel::connect(cluster).await?;
    let mut request = Request::new(WatchRequest {
        article: "tea".to_owned(),
        prices,
    });
    // For all of the stream, wherever it goes on.
    request.set_timeout(Duration::from_secs(600));
    let prices = PricesClient::new(channel).watch(request).await?;
    Ok(Watcher {
        prices: prices.into_inner(),
        seen: 0,
    })
}

impl Watcher {
    /// Prints the next prices, so many of them.
    pub async fn print(&mut self, count: u64) -> Result<(), BoxError> {
        for _ in 0..count {
            let price = self.prices.message().await?;
            let price = price.ok_or("the stream ended too early")?;
            self.seen += 1;
            if price.number != self.seen {
                let (number, seen) = (price.number, self.seen);
                return Err(format!("price {number} came where {seen} was expected").into());
            }
            let (euros, cents) = (price.cents / 100, price.cents % 100);
            println!("{:>4}  {euros}.{cents:02}  {}", price.number, price.server);
        }
        Ok(())
    }

    /// Checks that this was all.
    pub async fn end(mut self) -> Result<(), BoxError> {
        if self.prices.message().await?.is_some() {
            return Err("a price too many".into());
        }
        println!("{} prices, none missing and none twice", self.seen);
        Ok(())
    }
}
