use std::collections::VecDeque;
use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Source {
    Stdout,
    Stderr,
}

/// The lines that a child printed, filled by its readers and searched by the test.
#[derive(Default)]
pub(super) struct Printed {
    lines: Mutex<Lines>,
    changed: Condvar,
}

#[derive(Default)]
struct Lines {
    kept: VecDeque<(Source, String)>,
    /// How many lines went away in front of `kept`.
    dropped: usize,
    stdout_closed: bool,
}

const KEPT_LINES: usize = 2_000;

impl Printed {
    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, source: Source, line: String) {
        let mut lines = self.lock();
        if lines.kept.len() == KEPT_LINES {
            lines.kept.pop_front();
            lines.dropped += 1;
        }
        lines.kept.push_back((source, line));
        self.changed.notify_all();
    }

    fn close(&self, source: Source) {
        if source == Source::Stdout {
            self.lock().stdout_closed = true;
            self.changed.notify_all();
        }
    }

    /// The next line of stdout with `text` in it, at or after line `seen`, which moves on.
    pub(super) fn next_line(
        &self,
        seen: &mut usize,
        text: &str,
        limit: Duration,
    ) -> Result<String, String> {
        let deadline = Instant::now() + limit;
        let mut lines = self.lock();
        loop {
            if let Some(line) = lines.next(seen, text) {
                return Ok(line);
            }
            if lines.stdout_closed {
                return Err("its stdout is closed".to_owned());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!("waited for {limit:?}"));
            }
            lines = self
                .changed
                .wait_timeout(lines, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    pub(super) fn text(&self) -> String {
        let lines = self.lock();
        let mut text = format!("It printed {} lines", lines.dropped + lines.kept.len());
        for (_, line) in &lines.kept {
            let _ = write!(text, "\n  {line}");
        }
        text
    }
}

impl Lines {
    fn next(&self, seen: &mut usize, text: &str) -> Option<String> {
        while *seen < self.dropped + self.kept.len() {
            let (source, line) = &self.kept[seen.saturating_sub(self.dropped)];
            *seen = (*seen).max(self.dropped) + 1;
            if *source == Source::Stdout && line.contains(text) {
                return Some(line.clone());
            }
        }
        None
    }
}

/// Reads until everybody who can write has closed or ended.
pub(super) fn read_lines(
    from: impl Read + Send + 'static,
    source: Source,
    output: Arc<Printed>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while matches!(from.read_until(b'\n', &mut line), Ok(1..)) {
            output.push(source, String::from_utf8_lossy(&line).trim_end().to_owned());
            line.clear();
        }
        output.close(source);
    })
}
