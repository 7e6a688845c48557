//! Effect and key are one: in SQLite, and in PostgreSQL where `PAYMENTS_TEST_DATABASE` tells of one.

use kafka_rpc::IdempotencyKey;
use payments::books::{Books, IN_MEMORY, Paid};

async fn books() -> Books {
    let database = std::env::var("PAYMENTS_TEST_DATABASE");
    let database = database.unwrap_or_else(|_| IN_MEMORY.to_owned());
    Books::open(&database).await.expect("the books are there")
}

/// Another test's names are others.
fn unique(name: &str) -> String {
    kafka_rpc_tests::unique(name)
}

fn key(text: &str) -> IdempotencyKey {
    text.parse().expect("a key")
}

#[tokio::test]
async fn a_key_pays_once() {
    let (books, account) = (books().await, unique("ann"));
    books.account(&account, 100).await.unwrap();
    let bill = key(&unique("bill"));
    for _ in 0..3 {
        let paid = books.pay(&bill, &account, 30).await.unwrap();
        assert_eq!(paid, Paid::Left(70));
    }
    let other = books.pay(&bill, &account, 31).await.unwrap();
    assert_eq!(other, Paid::AnotherPayment);
    let next = books
        .pay(&key(&unique("bill")), &account, 70)
        .await
        .unwrap();
    assert_eq!(next, Paid::Left(0));
}

#[tokio::test]
async fn what_can_not_be_paid_leaves_no_key_behind() {
    let (books, account) = (books().await, unique("ann"));
    let bill = key(&unique("bill"));
    let refused = books.pay(&bill, &account, 30).await.unwrap();
    assert_eq!(refused, Paid::TooLittle);
    books.account(&account, 100).await.unwrap();
    let paid = books.pay(&bill, &account, 30).await.unwrap();
    assert_eq!(paid, Paid::Left(70));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_with_one_key_one_pays() {
    let folder = tempfile::tempdir().unwrap();
    let file = format!(
        "sqlite://{}?mode=rwc",
        folder.path().join("books.db").display()
    );
    let database = std::env::var("PAYMENTS_TEST_DATABASE").unwrap_or(file);
    let books = Books::open(&database).await.unwrap();
    let (account, bill) = (unique("ann"), key(&unique("bill")));
    books.account(&account, 100).await.unwrap();
    let calls = (0..16).map(|_| {
        let (books, bill, account) = (books.clone(), bill.clone(), account.clone());
        tokio::spawn(async move { books.pay(&bill, &account, 30).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap().unwrap(), Paid::Left(70));
    }
}
