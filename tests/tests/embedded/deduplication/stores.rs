//! Stores of other makes, which fail.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use kafka_rpc::{BoxError, Code, DeduplicatedCall, DeduplicationStore, DiskStore, Server};
use kafka_rpc_tests::service::{BankServer, Order, Scripted};
use kafka_rpc_tests::world::{Serving, World};
use kafka_rpc_tests::{soon, until};
use tokio::sync::Mutex;

use super::{client, counting, same};

/// Remembers, unless it is broken.
#[derive(Clone, Default)]
struct Notes(Arc<Inner>);

#[derive(Default)]
struct Inner {
    forgets: AtomicBool,
    is_full: AtomicBool,
    failures: AtomicU32,
    notes: Mutex<HashMap<(String, Vec<u8>), Bytes>>,
}

impl Notes {
    fn check(&self, is_broken: &AtomicBool) -> Result<(), BoxError> {
        if is_broken.load(Ordering::Relaxed) {
            self.0.failures.fetch_add(1, Ordering::Relaxed);
            return Err("out of paper".into());
        }
        Ok(())
    }
}

fn name(call: &DeduplicatedCall) -> (String, Vec<u8>) {
    assert!(call.topic().ends_with("tests.v1.Bank.Pay") && call.partition() >= 0);
    (call.method().to_owned(), call.key().as_bytes().to_vec())
}

#[async_trait]
impl DeduplicationStore for Notes {
    async fn find(&self, call: &DeduplicatedCall) -> Result<Option<Bytes>, BoxError> {
        self.check(&self.0.forgets)?;
        Ok(self.0.notes.lock().await.get(&name(call)).cloned())
    }

    async fn keep(&self, call: &DeduplicatedCall, record: Bytes) -> Result<(), BoxError> {
        self.check(&self.0.is_full)?;
        self.0.notes.lock().await.insert(name(call), record);
        Ok(())
    }
}

async fn serve(world: &World, script: Scripted, notes: &Notes) -> Serving {
    let builder = Server::builder()
        .add_service(BankServer::new(script))
        .deduplication(notes.clone());
    world.serve(builder).await
}

#[tokio::test]
async fn a_call_that_may_have_been_made_is_not_handled() {
    let world = World::embedded();
    let (script, mut effects) = counting();
    let notes = Notes::default();
    let _server = serve(&world, script, &notes).await;
    let mut bank = client(&world).await;
    notes.0.forgets.store(true, Ordering::Relaxed);
    let status = bank.pay(same("rent", Order::number(7))).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("out of paper"), "{status}");
    assert!(effects.so_far().is_empty());
    notes.0.forgets.store(false, Ordering::Relaxed);
    bank.pay(same("rent", Order::number(7))).await.unwrap();
    assert_eq!(effects.so_far(), [7]);
}

#[tokio::test]
async fn there_is_no_reply_before_the_record_is_kept() {
    let world = World::embedded();
    let (script, mut effects) = counting();
    let notes = Notes::default();
    let _server = serve(&world, script, &notes).await;
    let bank = client(&world).await;
    notes.0.is_full.store(true, Ordering::Relaxed);
    let calls = [bank.clone(), bank].map(|mut bank| {
        tokio::spawn(async move { bank.pay(same("rent", Order::number(7))).await })
    });
    until("it is tried again", || {
        notes.0.failures.load(Ordering::Relaxed) > 1
    })
    .await;
    assert!(calls.iter().all(|call| !call.is_finished()));
    notes.0.is_full.store(false, Ordering::Relaxed);
    for call in calls {
        let reply = soon("it is answered", call).await.unwrap().unwrap();
        assert_eq!(reply.get_ref().number, 1);
    }
    assert_eq!(effects.so_far(), [7]);
}

#[tokio::test]
async fn what_is_on_the_disk_is_known_to_the_next_server() {
    let world = World::embedded();
    let folder = tempfile::tempdir().unwrap();
    let (hour, path) = (Duration::from_secs(3600), folder.path().join("calls"));
    let store = DiskStore::open(path, hour, 1 << 20).unwrap();
    for round in 0..2 {
        let (script, mut effects) = counting();
        let builder = Server::builder()
            .add_service(BankServer::new(script))
            .deduplication(store.clone());
        let server = world.serve(builder).await;
        let mut bank = client(&world).await;
        let reply = bank.pay(same("rent", Order::number(7))).await.unwrap();
        assert_eq!(reply.get_ref().number, 1);
        assert_eq!(effects.so_far().len(), 1 - round);
        server.shutdown().await;
    }
}

#[tokio::test]
async fn a_store_that_outlives_its_server_tells_the_next_one() {
    let world = World::embedded();
    let notes = Notes::default();
    let (script, mut effects) = counting();
    let server = serve(&world, script, &notes).await;
    let mut bank = client(&world).await;
    bank.pay(same("rent", Order::number(7))).await.unwrap();
    server.shutdown().await;
    let (script, mut later_effects) = counting();
    let _next = serve(&world, script, &notes).await;
    let reply = bank.pay(same("rent", Order::number(7))).await.unwrap();
    assert_eq!(reply.get_ref().number, 1);
    assert_eq!(
        (effects.so_far(), later_effects.so_far()),
        (vec![7], vec![])
    );
}
