use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};

use super::broker::Broker;

/// What becomes of a batch of records on a broker's disk. Brokers hand batches out as they are.
#[derive(Clone, Copy, Debug)]
pub enum Damage {
    /// Its compressed records are garbage.
    Compressed,
    /// Its first record, not compressed, claims to be longer than the batch.
    Length,
}

/// Bytes of a batch before its records.
const HEAD: usize = 61;

impl Broker {
    /// Damages the batch that has the record at an offset.
    ///
    /// # Panics
    /// Where there is no such batch in the partition's first file.
    #[track_caller]
    pub fn damage(&self, topic: &str, partition: i32, offset: i64, damage: Damage) {
        let path = self.segment(topic, partition);
        let log = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let records = records_of(&log, offset)
            .unwrap_or_else(|| panic!("{} has no offset {offset}", path.display()));
        let garbage: Vec<u8> = match damage {
            Damage::Compressed => log[records + 2..records + 12]
                .iter()
                .map(|byte| !byte)
                .collect(),
            Damage::Length => vec![0xff, 0xff, 0xff, 0xff, 0x0f],
        };
        let at = match damage {
            Damage::Compressed => records + 2,
            Damage::Length => records,
        };
        let mut file = OpenOptions::new()
            .write(true)
            .open(&path)
            .expect("the file is there");
        file.seek(SeekFrom::Start(at as u64))
            .expect("it is that long");
        file.write_all(&garbage).expect("it is written");
    }
}

/// Where the records of the batch are that has the one at an offset.
fn records_of(log: &[u8], offset: i64) -> Option<usize> {
    let mut rest = log;
    loop {
        let base = i64::from_be_bytes(rest.get(..8)?.try_into().ok()?);
        let length = i32::from_be_bytes(rest.get(8..12)?.try_into().ok()?);
        let last = i32::from_be_bytes(rest.get(23..27)?.try_into().ok()?);
        if (base..=base + i64::from(last)).contains(&offset) {
            return Some(log.len() - rest.len() + HEAD);
        }
        rest = rest.get(12 + usize::try_from(length).ok()?..)?;
    }
}
