mod file;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use self::file::File;
use self::writer::{Write, Writer};
use super::store::{DeduplicatedCall, DeduplicationStore};
use crate::call::BoxError;
use crate::outside;

/// Keeps records in a file, which outlives the process.
///
/// So a repeat is noticed as long as it comes to a server that has the file: one that is restarted on
/// the same machine, with an [`instance_id`](crate::ServerBuilder::instance_id), by which it keeps its
/// partitions. A file belongs to one process at a time.
///
/// A record is on the disk (`fsync`) before its call has a reply; calls at the same time share that.
/// Nothing of it runs on async threads.
#[derive(Clone)]
pub struct DiskStore {
    file: Arc<File>,
    writer: Arc<Writer>,
}

impl DiskStore {
    /// Opens the file, or makes it, for records that are kept for `window`, and for at most `bytes` of
    /// them, about. Where there are more, the oldest go first, and
    /// `kafka_rpc.server.deduplication_evictions` counts them. The file may be larger, by the
    /// database's own pages, and does not shrink.
    ///
    /// It may block for a moment, and for longer where the process before was killed.
    ///
    /// # Errors
    /// Where the file can't be opened, is no such store, or another process has it.
    pub fn open(path: impl AsRef<Path>, window: Duration, bytes: u64) -> Result<Self, BoxError> {
        let file = Arc::new(File::open(path.as_ref(), window, bytes)?);
        let writer = Arc::new(Writer::new(Arc::clone(&file)));
        Ok(Self { file, writer })
    }
}

/// Milliseconds since the Unix epoch.
fn now() -> u64 {
    let since = outside::wall_clock().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

#[async_trait]
impl DeduplicationStore for DiskStore {
    async fn find(&self, call: &DeduplicatedCall) -> Result<Option<Bytes>, BoxError> {
        let (file, call) = (Arc::clone(&self.file), call.to_bytes());
        spawn_blocking(move || file.find(&call, now())).await?
    }

    async fn keep(&self, call: &DeduplicatedCall, record: Bytes) -> Result<(), BoxError> {
        let (done, kept) = oneshot::channel();
        self.writer.write(Write {
            call: call.to_bytes(),
            record,
            done,
        });
        Ok(kept.await.map_err(|_| "the writer has ended")??)
    }
}

impl fmt::Debug for DiskStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiskStore").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn call(number: usize) -> DeduplicatedCall {
        DeduplicatedCall {
            method: "a.B/C",
            key: number.to_string().parse().expect("a key"),
            topic: "a.B.C".into(),
            partition: 0,
        }
    }

    #[tokio::test]
    async fn a_record_outlives_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.redb");
        let open = || DiskStore::open(&path, DAY, 1 << 20);
        {
            let store = open().unwrap();
            assert_eq!(store.find(&call(1)).await.unwrap(), None);
            store
                .keep(&call(1), Bytes::from_static(b"paid"))
                .await
                .unwrap();
            assert!(open().is_err(), "another one has it");
        }
        // Whoever was at work on it may be about to let it go.
        let opened = async {
            loop {
                match open() {
                    Ok(store) => return store,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        };
        let opened = tokio::time::timeout(Duration::from_secs(10), opened).await;
        let store = opened.expect("nobody has it any more");
        let found = store.find(&call(1)).await.unwrap();
        assert_eq!(found.as_deref(), Some(&b"paid"[..]));
        assert_eq!(store.find(&call(2)).await.unwrap(), None);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_are_kept_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let store = DiskStore::open(folder.path().join("calls"), DAY, 1 << 20).unwrap();
        let kept = (0..200).map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let record = Bytes::from(number.to_string());
                store.keep(&call(number), record.clone()).await.unwrap();
                assert_eq!(store.find(&call(number)).await.unwrap(), Some(record));
            })
        });
        for kept in kept.collect::<Vec<_>>() {
            kept.await.unwrap();
        }
    }

    #[test]
    fn a_store_goes_on_in_another_runtime() {
        let folder = tempfile::tempdir().unwrap();
        let store = DiskStore::open(folder.path().join("calls"), DAY, 1 << 20).unwrap();
        for number in 0..3 {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                store.keep(&call(number), Bytes::new()).await.unwrap();
                // Nobody waits for this one.
                let call = call(9);
                let pending = store.keep(&call, Bytes::new());
                drop(tokio::time::timeout(Duration::ZERO, pending).await);
            });
            runtime.shutdown_background();
        }
    }
}
