use std::io::{self, IsTerminal as _, Write as _};
use std::time::Instant;

/// One line on stderr that tells what is going on, where that is a terminal.
pub(crate) struct Progress {
    shown: bool,
    runs: usize,
    begun: usize,
    first: Option<Instant>,
}

impl Progress {
    pub(crate) fn new(runs: usize) -> Self {
        Self {
            shown: io::stderr().is_terminal(),
            runs,
            begun: 0,
            first: None,
        }
    }

    /// Before the first run.
    pub(crate) fn says(&self, what: &str) {
        self.show(what);
    }

    /// The next run begins.
    pub(crate) fn begins(&mut self, what: &str) {
        let first = *self.first.get_or_insert_with(Instant::now);
        let left = first.elapsed().as_secs_f64() / self.begun.max(1) as f64
            * (self.runs - self.begun) as f64;
        self.begun += 1;
        let mut line = format!("{}/{} {what}", self.begun, self.runs);
        if self.begun > 1 {
            line.push_str(&format!(", {left:.0} s left"));
        }
        self.show(&line);
    }

    /// Leaves the line to what is printed now.
    pub(crate) fn clear(&self) {
        self.show("");
    }

    pub(crate) fn ends(&self) {
        self.clear();
    }

    fn show(&self, line: &str) {
        if self.shown {
            // To the line's begin, and clear what stood there. Where stderr is gone, nobody looks.
            let _nobody_looks = write!(io::stderr(), "\r\x1b[2K{line}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.ends();
    }
}
