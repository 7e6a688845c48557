use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::RwLock;
use redb::{Builder, Database, ReadableTable, Table, TableDefinition, WriteTransaction};

use crate::call::BoxError;
use crate::telemetry;

/// By the call: when it was written, in milliseconds since the Unix epoch, and the record.
const RECORDS: TableDefinition<'_, &[u8], (u64, &[u8])> = TableDefinition::new("records");
/// By time and call: how many bytes the record takes up.
const BY_TIME: TableDefinition<'_, (u64, &[u8]), u64> = TableDefinition::new("by_time");
/// How many bytes all records take up.
const TOTAL: TableDefinition<'_, (), u64> = TableDefinition::new("total");

/// What a record takes up besides its call and itself, about.
const OVERHEAD: u64 = 100;
/// How many records go at most when others come: so that no write takes long.
const MOST_REMOVED: usize = 1000;

/// The database. All of it may block.
pub(super) struct File {
    open: Box<dyn Fn() -> Result<Database, BoxError> + Send + Sync>,
    /// `None` after a failure: a database that has failed to write once does nothing any more, and has to
    /// be opened anew.
    database: RwLock<Option<Database>>,
    window: u64,
    bytes: u64,
}

/// What a write changes.
struct Change<'t> {
    records: Table<'t, &'static [u8], (u64, &'static [u8])>,
    by_time: Table<'t, (u64, &'static [u8]), u64>,
    total: u64,
}

impl File {
    pub(super) fn open(path: &Path, window: Duration, bytes: u64) -> Result<Self, BoxError> {
        let path = path.to_owned();
        let open = move || {
            let mut builder = Builder::new();
            // Which later versions of the database read, too.
            builder.create_with_file_format_v3(true);
            Ok(builder.create(&path)?)
        };
        Self::open_with(Box::new(open), window, bytes)
    }

    fn open_with(
        open: Box<dyn Fn() -> Result<Database, BoxError> + Send + Sync>,
        window: Duration,
        bytes: u64,
    ) -> Result<Self, BoxError> {
        let database = open()?;
        let making = database.begin_write()?;
        making.open_table(RECORDS)?;
        making.open_table(BY_TIME)?;
        making.open_table(TOTAL)?;
        making.commit()?;
        Ok(Self {
            open,
            database: RwLock::new(Some(database)),
            window: u64::try_from(window.as_millis()).unwrap_or(u64::MAX),
            bytes,
        })
    }

    /// Does something with the database, which is opened anew where it has failed before.
    fn with<T>(&self, work: impl FnOnce(&Database) -> Result<T, BoxError>) -> Result<T, BoxError> {
        let mut database = self.database.read();
        if database.is_none() {
            drop(database);
            {
                let mut failed = self.database.write();
                if failed.is_none() {
                    *failed = Some((self.open)()?);
                }
            }
            database = self.database.read();
        }
        let outcome = match &*database {
            Some(database) => work(database),
            None => Err("the database has failed again".into()),
        };
        drop(database);
        if outcome.is_err() {
            // Whoever is at work with it has ended by then.
            *self.database.write() = None;
        }
        outcome
    }

    /// The record of a call that is not older than the window.
    pub(super) fn find(&self, call: &[u8], now: u64) -> Result<Option<Bytes>, BoxError> {
        self.with(|database| {
            let records = database.begin_read()?.open_table(RECORDS)?;
            let found = records.get(call)?;
            Ok(found.and_then(|found| {
                let (written, record) = found.value();
                (!self.is_over(written, now)).then(|| Bytes::copy_from_slice(record))
            }))
        })
    }

    /// Keeps records, all or none of them. Returns when they are on the disk.
    pub(super) fn keep<'a>(
        &self,
        new: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        now: u64,
    ) -> Result<(), BoxError> {
        let evicted = self.with(|database| {
            let writing = database.begin_write()?;
            let mut change = Change::begin(&writing)?;
            for (call, record) in new {
                change.insert(call, record, now)?;
            }
            let evicted = change.shrink(self, now)?;
            let total = change.total;
            drop(change);
            writing.open_table(TOTAL)?.insert((), total)?;
            writing.commit()?;
            Ok(evicted)
        })?;
        for _ in 0..evicted {
            telemetry::record_evicted();
        }
        Ok(())
    }

    fn is_over(&self, written: u64, now: u64) -> bool {
        written.saturating_add(self.window) < now
    }
}

impl<'t> Change<'t> {
    fn begin(writing: &'t WriteTransaction) -> Result<Self, BoxError> {
        let total = {
            let total = writing.open_table(TOTAL)?;
            let total = total.get(())?;
            total.map_or(0, |total| total.value())
        };
        Ok(Self {
            records: writing.open_table(RECORDS)?,
            by_time: writing.open_table(BY_TIME)?,
            total,
        })
    }

    fn insert(&mut self, call: &[u8], record: &[u8], now: u64) -> Result<(), BoxError> {
        let before = self.records.insert(call, (now, record))?;
        let before = before.map(|before| before.value().0);
        if let Some(written) = before {
            self.forget(written, call)?;
        }
        let bytes = (call.len() + record.len()) as u64 + OVERHEAD;
        self.by_time.insert((now, call), bytes)?;
        self.total += bytes;
        Ok(())
    }

    fn forget(&mut self, written: u64, call: &[u8]) -> Result<(), BoxError> {
        let bytes = self.by_time.remove((written, call))?;
        let bytes = bytes.map_or(0, |bytes| bytes.value());
        self.total = self.total.saturating_sub(bytes);
        Ok(())
    }

    /// Takes out what is over, and the oldest of what there is no room for. Tells how many those are.
    fn shrink(&mut self, file: &File, now: u64) -> Result<usize, BoxError> {
        let mut evicted = 0;
        for _ in 0..MOST_REMOVED {
            let Some((written, call)) = self.oldest()? else {
                break;
            };
            let is_over = file.is_over(written, now);
            if !is_over && self.total <= file.bytes {
                break;
            }
            self.records.remove(&*call)?;
            self.forget(written, &call)?;
            evicted += usize::from(!is_over);
        }
        Ok(evicted)
    }

    fn oldest(&self) -> Result<Option<(u64, Vec<u8>)>, BoxError> {
        let first = self.by_time.first()?;
        Ok(first.map(|(key, _)| {
            let (written, call) = key.value();
            (written, call.to_vec())
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use proptest::collection::vec;
    use proptest::prelude::*;
    use redb::StorageBackend;
    use redb::backends::InMemoryBackend;

    use super::*;

    const WINDOW: Duration = Duration::from_millis(100);

    fn open(bytes: u64) -> (tempfile::TempDir, File) {
        let folder = tempfile::tempdir().unwrap();
        let file = File::open(&folder.path().join("calls"), WINDOW, bytes).unwrap();
        (folder, file)
    }

    fn keep(file: &File, call: &str, record: &[u8], now: u64) {
        let records = [(call.as_bytes(), record)];
        file.keep(records.into_iter(), now).unwrap();
    }

    fn found(file: &File, call: &str, now: u64) -> Option<Vec<u8>> {
        let record = file.find(call.as_bytes(), now).unwrap();
        record.map(|record| record.to_vec())
    }

    #[test]
    fn a_record_is_found_until_its_window_is_over() {
        let (_folder, file) = open(1 << 20);
        keep(&file, "a", b"1", 1_000);
        assert_eq!(found(&file, "a", 1_100), Some(b"1".to_vec()));
        assert_eq!(found(&file, "a", 1_101), None);
        keep(&file, "b", b"2", 1_200);
        let is_there = file.with(|database| {
            let records = database.begin_read()?.open_table(RECORDS)?;
            Ok(records.get(&b"a"[..])?.is_some())
        });
        assert!(!is_there.unwrap(), "it is still there");
    }

    #[test]
    fn where_there_is_no_room_the_oldest_go() {
        let (_folder, file) = open(1_000);
        for number in 0..20 {
            keep(&file, &number.to_string(), &[0; 200], 1_000 + number);
        }
        assert_eq!(found(&file, "16", 1_020), None);
        assert!(found(&file, "17", 1_020).is_some());
        assert!(found(&file, "19", 1_020).is_some());
    }

    /// A disk that is full now and then.
    #[derive(Clone, Debug, Default)]
    struct Disk {
        content: Arc<InMemoryBackend>,
        full: Arc<AtomicBool>,
    }

    impl Disk {
        fn room(&self) -> std::io::Result<()> {
            match self.full.load(Ordering::Relaxed) {
                true => Err(std::io::ErrorKind::StorageFull.into()),
                false => Ok(()),
            }
        }
    }

    impl StorageBackend for Disk {
        fn len(&self) -> std::io::Result<u64> {
            self.content.len()
        }
        fn read(&self, offset: u64, len: usize) -> std::io::Result<Vec<u8>> {
            self.content.read(offset, len)
        }
        fn set_len(&self, len: u64) -> std::io::Result<()> {
            self.room()?;
            self.content.set_len(len)
        }
        fn sync_data(&self, eventual: bool) -> std::io::Result<()> {
            self.room()?;
            self.content.sync_data(eventual)
        }
        fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
            self.room()?;
            self.content.write(offset, data)
        }
    }

    #[test]
    fn a_disk_that_was_full_is_written_to_again_and_nothing_is_lost_or_half_there() {
        let disk = Disk::default();
        let opened = disk.clone();
        let open = move || Ok(Builder::new().create_with_backend(opened.clone())?);
        let file = File::open_with(Box::new(open), WINDOW, 1 << 20).unwrap();
        keep(&file, "a", b"1", 1_000);
        disk.full.store(true, Ordering::Relaxed);
        for _ in 0..2 {
            let records = [(&b"b"[..], &b"2"[..])];
            assert!(file.keep(records.into_iter(), 1_001).is_err());
        }
        disk.full.store(false, Ordering::Relaxed);
        assert_eq!(found(&file, "a", 1_002), Some(b"1".to_vec()));
        assert_eq!(found(&file, "b", 1_002), None);
        keep(&file, "b", b"2", 1_003);
        assert_eq!(found(&file, "b", 1_004), Some(b"2".to_vec()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]

        /// It finds what a map would, and knows how much there is.
        #[test]
        fn what_was_kept_last_is_found(
            kept in vec((0..6_u8, vec(any::<u8>(), 0..9), 0..60_u64), 1..40)
        ) {
            let (_folder, file) = open(1 << 20);
            let mut model = BTreeMap::new();
            let mut now = 1_000;
            for (call, record, pause) in kept {
                now += pause;
                let name = call.to_string();
                keep(&file, &name, &record, now);
                model.insert(name, (now, record));
                model.retain(|_, (written, _)| *written + 100 >= now);
                for name in (0..6).map(|call| call.to_string()) {
                    let expected = model.get(&name).map(|(_, record)| record.clone());
                    prop_assert_eq!(found(&file, &name, now), expected);
                }
                let total = file.with(|database| {
                    let total = database.begin_read()?.open_table(TOTAL)?.get(())?;
                    Ok(total.map(|total| total.value()))
                });
                let total = total.unwrap().unwrap();
                let bytes = |(name, (_, record)): (&String, &(u64, Vec<u8>))| {
                    (name.len() + record.len()) as u64 + OVERHEAD
                };
                prop_assert_eq!(total, model.iter().map(bytes).sum::<u64>());
            }
        }
    }
}
