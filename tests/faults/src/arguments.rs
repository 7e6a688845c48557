use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

/// Breaks things under load on three real brokers, and checks what was promised
#[derive(Parser, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) run: RunArguments,
}

#[derive(Args, Debug)]
pub(crate) struct RunArguments {
    /// How long each scenario goes on: 90s, 2m, 1h
    #[arg(long = "for", value_name = "TIME", default_value = "2m", value_parser = time)]
    pub(crate) length: Duration,
    /// What is chosen at random follows from it; how long processes take does not
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Which scenarios, by their names and in this order; `all` for all of them
    #[arg(
        long = "scenario",
        value_name = "NAME",
        value_delimiter = ',',
        default_value = "all"
    )]
    pub(crate) scenarios: Vec<String>,
    /// Where the histories are written; without it they go when all is over
    #[arg(long, value_name = "FOLDER")]
    pub(crate) histories: Option<PathBuf>,
}

/// What the program runs as in a process that it started itself.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    #[command(hide = true)]
    Server { settings: String },
    #[command(hide = true)]
    Client { settings: String },
}

fn time(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits
        .parse()
        .map_err(|_| "a number and a unit, s, m or h".to_owned())?;
    let seconds = match &text[digits.len()..] {
        "s" => number,
        "m" => number * 60,
        "h" => number * 3_600,
        unit => return Err(format!("{unit:?} is none of the units s, m and h")),
    };
    match seconds {
        0 => Err("at least a second".to_owned()),
        1..=604_800 => Ok(Duration::from_secs(seconds)),
        _ => Err("at most a week".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit() {
        assert_eq!(time("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(time("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(time("1h"), Ok(Duration::from_secs(3_600)));
        for text in ["", "5", "m", "0s", "5d", "-1s", "999h"] {
            assert!(time(text).is_err(), "{text:?}");
        }
    }
}
