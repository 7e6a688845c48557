//! What deduplicated calls came to, in a database that all servers share.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use kafka_rpc::simulation::Chance;
use kafka_rpc::{BoxError, DeduplicatedCall, DeduplicationStore};
use kafka_rpc_checker::What;
use parking_lot::Mutex;
use tokio::time::sleep;

use crate::stage::Teller;

/// An idempotency key of it is the name of a call.
#[derive(Clone)]
pub(crate) struct Database {
    rows: Arc<Mutex<BTreeMap<String, Bytes>>>,
    chance: Arc<Mutex<Chance>>,
    teller: Teller,
    /// How often it fails, of a thousand times.
    fails: u64,
    /// How many milliseconds it takes at most.
    delay: u64,
}

impl Database {
    pub(crate) fn new(teller: Teller, mut chance: Chance) -> Self {
        Self {
            fails: chance.of(0..300),
            delay: chance.of(1..50),
            rows: Arc::default(),
            chance: Arc::new(Mutex::new(chance)),
            teller,
        }
    }

    async fn answer(&self) -> Result<(), BoxError> {
        let (delay, fails) = {
            let mut chance = self.chance.lock();
            (chance.millis(0..self.delay), chance.permille(self.fails))
        };
        sleep(delay).await;
        match fails {
            true => Err("the database is away".into()),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl DeduplicationStore for Database {
    async fn find(&self, call: &DeduplicatedCall) -> Result<Option<Bytes>, BoxError> {
        self.answer().await?;
        // From here to the handler there is no wait, so what is recorded by now is found.
        Ok(self.rows.lock().get(&call.key().to_string()).cloned())
    }

    async fn keep(&self, call: &DeduplicatedCall, record: Bytes) -> Result<(), BoxError> {
        self.answer().await?;
        let call = call.key().to_string();
        self.rows.lock().insert(call.clone(), record);
        self.teller.tell(What::Recorded { call });
        Ok(())
    }
}
