use std::io::{IsTerminal as _, Write as _, stderr};

const WIDTH: usize = 40;

/// A bar on the terminal, and nothing where there is none.
pub struct Progress {
    whole: u64,
    terminal: bool,
    percent: Option<u64>,
}

impl Progress {
    pub fn new(whole: u64) -> Self {
        Self {
            whole,
            terminal: stderr().is_terminal(),
            percent: None,
        }
    }

    /// So many bytes are on their way.
    pub fn show(&mut self, bytes: u64) {
        let percent = (100 * bytes)
            .checked_div(self.whole)
            .unwrap_or(100)
            .min(100);
        if self.terminal && self.percent.replace(percent) != Some(percent) {
            // A terminal that is gone is no reason to stop.
            let _unseen = write!(stderr(), "\r{}", bar(percent));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.percent.is_some() && self.terminal {
            let _unseen = writeln!(stderr());
        }
    }
}

fn bar(percent: u64) -> String {
    let full = WIDTH * percent as usize / 100;
    format!("[{:<WIDTH$}] {percent:>3} %", "#".repeat(full))
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn the_bar_is_as_wide_at_the_begin_as_at_the_end() {
        assert_eq!(bar(0), format!("[{}]   0 %", " ".repeat(40)));
        assert_eq!(
            bar(50),
            format!("[{}{}]  50 %", "#".repeat(20), " ".repeat(20))
        );
        assert_eq!(bar(100), format!("[{}] 100 %", "#".repeat(40)));
    }
}
