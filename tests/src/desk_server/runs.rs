use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::process;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One run of a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The order's number.
    pub order: u32,
    /// When it began, in milliseconds since the Unix epoch.
    pub begun: Duration,
    /// The process that ran it.
    pub server: u32,
}

/// What servers have appended to their file.
#[derive(Clone, Debug, Default)]
pub struct Runs(Vec<Run>);

impl Runs {
    /// Reads a file; nothing has run where there is none yet.
    ///
    /// # Panics
    /// When it can't be read or understood.
    #[track_caller]
    pub fn read(file: &Path) -> Self {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::default(),
            Err(error) => panic!("can't read {}: {error}", file.display()),
        };
        let run = |line: &str| {
            parse(line).unwrap_or_else(|| panic!("{}: no run: {line:?}", file.display()))
        };
        Self(text.lines().map(run).collect())
    }

    /// All of them. Those of one process are in the order in which they began.
    pub fn iter(&self) -> impl Iterator<Item = &Run> {
        self.0.iter()
    }

    /// The runs of each order.
    pub fn by_order(&self) -> BTreeMap<u32, Vec<Run>> {
        let mut orders: BTreeMap<u32, Vec<Run>> = BTreeMap::new();
        for run in &self.0 {
            orders.entry(run.order).or_default().push(*run);
        }
        orders
    }

    /// The orders that ran more than once, with all of their runs.
    pub fn repeated(&self) -> BTreeMap<u32, Vec<Run>> {
        let mut orders = self.by_order();
        orders.retain(|_, runs| runs.len() > 1);
        orders
    }

    /// How many orders a process has begun with.
    pub fn of(&self, server: u32) -> usize {
        self.0.iter().filter(|run| run.server == server).count()
    }
}

fn parse(line: &str) -> Option<Run> {
    let mut fields = line.split(' ');
    let mut next = || fields.next();
    Some(Run {
        order: next()?.parse().ok()?,
        begun: Duration::from_millis(next()?.parse().ok()?),
        server: next()?.parse().ok()?,
    })
}

/// Appends to a file that several processes may append to.
pub(super) struct RunLog(File);

impl RunLog {
    pub(super) fn open(file: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(file)?;
        Ok(Self(file))
    }

    /// One write, so lines of several processes do not mix, and what was written survives the process.
    pub(super) fn append(&self, order: u32) -> io::Result<()> {
        let begun = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        let line = format!("{order} {begun} {}\n", process::id());
        (&self.0).write_all(line.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_read_as_they_were_appended() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runs");
        assert_eq!(Runs::read(&file).iter().count(), 0);
        let log = RunLog::open(&file).unwrap();
        for order in [1, 2, 1] {
            log.append(order).unwrap();
        }
        let runs = Runs::read(&file);
        assert_eq!(runs.of(process::id()), 3);
        assert_eq!(runs.by_order().keys().copied().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(runs.repeated()[&1].len(), 2);
        assert!(!runs.repeated().contains_key(&2));
    }
}
