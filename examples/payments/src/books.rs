//! What is paid, in a database: SQLite or PostgreSQL.

use kafka_rpc::IdempotencyKey;
use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::{AnyPool, Row};

/// A database in this process's memory, for as long as it runs.
pub const IN_MEMORY: &str = "sqlite::memory:";

const TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS accounts (
         name VARCHAR(255) PRIMARY KEY,
         cents BIGINT NOT NULL
     )",
    // The key tells that a call was made before, and the row what came of it.
    "CREATE TABLE IF NOT EXISTS payments (
         idempotency_key VARCHAR(1024) PRIMARY KEY,
         account VARCHAR(255) NOT NULL,
         cents BIGINT NOT NULL,
         left_over BIGINT NOT NULL
     )",
];

/// The books of a till.
#[derive(Clone)]
pub struct Books(AnyPool);

/// What came of a payment.
#[derive(Debug, PartialEq, Eq)]
pub enum Paid {
    /// So much is left on the account; also where the payment was made before.
    Left(i64),
    /// The account has not that much.
    TooLittle,
    /// The key was used for another payment.
    AnotherPayment,
}

impl Books {
    /// Opens the books, and makes the tables if there are none.
    pub async fn open(database: &str) -> Result<Self, sqlx::Error> {
        install_default_drivers();
        let mut options = AnyPoolOptions::new();
        if database.contains(":memory:") {
            // Each connection would have a database of its own.
            options = options
                .max_connections(1)
                .idle_timeout(None)
                .max_lifetime(None);
        }
        let pool = options.connect(database).await?;
        for table in TABLES {
            // PostgreSQL refuses whoever makes one at the same moment as another till.
            if sqlx::query(table).execute(&pool).await.is_err() {
                sqlx::query(table).execute(&pool).await?;
            }
        }
        Ok(Self(pool))
    }

    /// Puts an account in, unless it is there.
    pub async fn account(&self, name: &str, cents: i64) -> Result<(), sqlx::Error> {
        sqlx::query("INSERT INTO accounts (name, cents) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(name)
            .bind(cents)
            .execute(&self.0)
            .await?;
        Ok(())
    }

    /// Makes a payment, unless one with this key was made before.
    ///
    /// The effect and the key are one transaction: either both are there or neither is, whenever this
    /// process is killed. Of two calls with one key at the same time, at different servers even, the
    /// second waits for the end of the first at its first statement.
    pub async fn pay(
        &self,
        key: &IdempotencyKey,
        account: &str,
        cents: i64,
    ) -> Result<Paid, sqlx::Error> {
        let key = key.to_string();
        let mut transaction = self.0.begin().await?;
        let claimed = sqlx::query(
            "INSERT INTO payments (idempotency_key, account, cents, left_over)
             VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING",
        )
        .bind(&key)
        .bind(account)
        .bind(cents)
        .execute(&mut *transaction)
        .await?;
        if claimed.rows_affected() == 0 {
            let made = sqlx::query(
                "SELECT account, cents, left_over FROM payments WHERE idempotency_key = $1",
            )
            .bind(&key)
            .fetch_one(&mut *transaction)
            .await?;
            let same = made.get::<String, _>(0) == account && made.get::<i64, _>(1) == cents;
            return Ok(match same {
                true => Paid::Left(made.get(2)),
                false => Paid::AnotherPayment,
            });
        }
        let taken = sqlx::query(
            "UPDATE accounts SET cents = cents - $1 WHERE name = $2 AND cents >= $1
             RETURNING cents",
        )
        .bind(cents)
        .bind(account)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(account) = taken else {
            // Without a commit the key is free again, and the customer may come back with money.
            return Ok(Paid::TooLittle);
        };
        let left: i64 = account.get(0);
        sqlx::query("UPDATE payments SET left_over = $1 WHERE idempotency_key = $2")
            .bind(left)
            .bind(&key)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Paid::Left(left))
    }

    /// How many payments there are, and of how many cents.
    pub async fn count(&self) -> Result<(i64, i64), sqlx::Error> {
        let all =
            sqlx::query("SELECT COUNT(*), CAST(COALESCE(SUM(cents), 0) AS BIGINT) FROM payments")
                .fetch_one(&self.0)
                .await?;
        Ok((all.get(0), all.get(1)))
    }

    /// What is left on all accounts.
    pub async fn left(&self) -> Result<i64, sqlx::Error> {
        let all = sqlx::query("SELECT CAST(COALESCE(SUM(cents), 0) AS BIGINT) FROM accounts")
            .fetch_one(&self.0)
            .await?;
        Ok(all.get(0))
    }
}
