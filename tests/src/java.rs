//! Whether this machine can run a Kafka.

use std::env;
use std::io::{self, Write};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use crate::{kafka, process};

/// Whether Kafka can be fetched and run here: `java`, and `mvn` where its jars are not there yet. The error names what is
/// missing.
pub fn available() -> Result<(), String> {
    static FOUND: OnceLock<Result<(), String>> = OnceLock::new();
    FOUND.get_or_init(look).clone()
}

fn look() -> Result<(), String> {
    runs("java", "-version")?;
    if kafka::is_fetched() {
        Ok(())
    } else {
        runs("mvn", "--version")
    }
}

fn runs(program: &str, argument: &str) -> Result<(), String> {
    let output = process::run(
        Command::new(program).arg(argument),
        b"",
        Duration::from_secs(60),
    )?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!(
            "`{program} {argument}`: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        ))
    }
}

/// What [`require_java!`](crate::require_java) asks: whether to go on with a test that needs Kafka.
///
/// Where it can't run, this says so on stderr (past the test runner, which hides what passing tests print) and returns false.
///
/// # Panics
/// The same with `CI=true`: a skipped test would look like a passed one.
#[track_caller]
pub fn required(test: &str) -> bool {
    let Err(missing) = available() else {
        return true;
    };
    assert!(
        env::var("CI").as_deref() != Ok("true"),
        "{test} needs Java or Maven, and nothing may be skipped with CI=true: {missing}"
    );
    let _ = writeln!(
        io::stderr(),
        "skipped: Java or Maven is missing: {missing} ({test})"
    );
    false
}

/// Ends the test, visibly skipped, where there is no Java to run Kafka with; fails it with `CI=true`.
///
/// The first line of every test that uses [`kafka`](crate::kafka). The test returns `()`.
#[macro_export]
macro_rules! require_java {
    () => {
        if !$crate::java::required(::core::concat!(
            ::core::module_path!(),
            ", line ",
            ::core::line!()
        )) {
            return;
        }
    };
}
