//! The server's side.

use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt as _};
use kafka_rpc::{Cluster, Error, Request, Response, Server, Status};

use crate::proto::{Price, Prices, PricesServer, WatchRequest};

const BETWEEN: Duration = Duration::from_millis(50);

/// Sends prices until `ended` is ready.
pub async fn serve(
    cluster: &Cluster,
    name: &str,
    ended: impl Future<Output = ()> + Send,
) -> Result<(), Error> {
    let exchange = Exchange {
        name: name.to_owned(),
    };
    Server::builder()
        // A stream that has not ended by then is left to the next server.
        .drain_time(Duration::from_millis(100))
        .add_service(PricesServer::new(exchange))
        .serve_with_shutdown(cluster, ended)
        .await
}

struct Exchange {
    name: String,
}

impl Prices for Exchange {
    async fn watch(
        &self,
        request: Request<WatchRequest>,
    ) -> Result<Response<impl Stream<Item = Result<Price, Status>> + Send>, Status> {
        // Where another server began, the caller has seen so many.
        let seen = request.resume_after().unwrap_or_default();
        let asked = request.into_inner();
        if asked.article.is_empty() {
            return Err(Status::invalid_argument("there are prices of articles"));
        }
        let prices = stream::iter(seen + 1..=asked.prices).then(move |number| {
            let price = Price {
                number,
                cents: cents(&asked.article, number),
                server: self.name.clone(),
            };
            async {
                tokio::time::sleep(BETWEEN).await;
                Ok(price)
            }
        });
        Ok(Response::new(prices))
    }
}

/// Each server has to come to the same price, as it would if it read it from a log. Here it is made up.
fn cents(article: &str, number: u64) -> u64 {
    let base = 300 + 10 * article.len() as u64;
    base + number.wrapping_mul(number).wrapping_mul(7) % 90
}
