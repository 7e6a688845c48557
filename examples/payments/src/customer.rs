//! The client's side.

use kafka_rpc::{BoxError, Channel, Cluster, Request};

use crate::proto::{PayRequest, TillClient};

/// Pays two bills, and asks for each payment twice, as somebody does who does not know whether the
/// first time was heard.
pub async fn pay(cluster: &Cluster) -> Result<(), BoxError> {
    let mut till = TillClient::new(Channel::connect(cluster).await?);
    for (bill, cents) in [("bill-17", 400), ("bill-18", 250)] {
        for time in ["first", "second"] {
            let left = till
                .pay(payment(bill, "ann", cents)?)
                .await?
                .into_inner()
                .left;
            println!("{bill}, asked for a {time} time: {cents} cents paid, {left} left");
        }
    }

    let refused = till.pay(payment("bill-17", "ann", 999)?).await;
    println!("bill-17 with another sum: {}", message(refused));
    let refused = till.pay(payment("bill-19", "ann", 1_000)?).await;
    println!("bill-19, which is too much: {}", message(refused));
    let all = till.count(()).await?.into_inner();
    println!("{} payments of {} cents in all", all.payments, all.cents);
    Ok(())
}

/// A payment that is the same whenever it is for this bill.
pub fn payment(bill: &str, account: &str, cents: i64) -> Result<Request<PayRequest>, BoxError> {
    let mut request = Request::new(PayRequest {
        account: account.to_owned(),
        cents,
    });
    request.set_idempotency_key(bill.parse()?);
    Ok(request)
}

fn message<T>(outcome: Result<T, kafka_rpc::Status>) -> String {
    match outcome {
        Ok(_) => "accepted".to_owned(),
        Err(status) => status.message().to_owned(),
    }
}
