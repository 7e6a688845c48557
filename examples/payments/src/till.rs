//! The server's side.

use std::time::Duration;

use kafka_rpc::{Cluster, Error, Request, Response, Server, Status};

use crate::books::{Books, Paid};
use crate::proto::{CountReply, PayReply, PayRequest, Till, TillServer};

/// Takes payments until `shutdown` is ready.
///
/// The server keeps no records: each handler writes the key into the books, in the transaction of its
/// payment. `name` lets a till that was killed go on at once when it is started again.
pub async fn serve(
    cluster: &Cluster,
    books: Books,
    name: Option<String>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), Error> {
    let mut server = Server::builder()
        .drain_time(Duration::from_secs(5))
        .deduplication_by_handlers()
        .add_service(TillServer::new(Clerk(books)));
    if let Some(name) = name {
        server = server.instance_id(name);
    }
    server.serve_with_shutdown(cluster, shutdown).await
}

struct Clerk(Books);

impl Till for Clerk {
    async fn pay(&self, request: Request<PayRequest>) -> Result<Response<PayReply>, Status> {
        let key = request.idempotency_key().cloned();
        let key =
            key.ok_or_else(|| Status::invalid_argument("a payment has an idempotency key"))?;
        let PayRequest { account, cents } = request.into_inner();
        if cents <= 0 {
            return Err(Status::invalid_argument(
                "a payment is of one cent at least",
            ));
        }
        // Dropped half-way, when the deadline passes for example, the transaction is rolled back.
        match self.0.pay(&key, &account, cents).await.map_err(away)? {
            Paid::Left(left) => Ok(Response::new(PayReply { left })),
            Paid::TooLittle => {
                let message = format!("{account} has not {cents} cents");
                Err(Status::failed_precondition(message))
            }
            Paid::AnotherPayment => Err(Status::invalid_argument(
                "the idempotency key belongs to another payment",
            )),
        }
    }

    async fn count(&self, _: Request<()>) -> Result<Response<CountReply>, Status> {
        let (payments, cents) = self.0.count().await.map_err(away)?;
        Ok(Response::new(CountReply { payments, cents }))
    }
}

/// Nobody knows whether a transaction was committed whose end is not known. To try again finds out.
fn away(error: sqlx::Error) -> Status {
    Status::unavailable(format!("the books are away: {error}"))
}
