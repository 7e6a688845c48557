use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::process::{Command, Output};
use std::time::Duration;

use super::Tethered;

/// Runs a command to its end, with `input` on its stdin, for no longer than `limit`.
///
/// The error is an operating system's or says that the time was up, with what the command had printed. Whether its exit
/// status is good is for the caller to judge.
pub(crate) fn run(command: &mut Command, input: &[u8], limit: Duration) -> Result<Output, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    match run_to_end(command, input, limit) {
        Ok(Ended::InTime(output)) => Ok(output),
        Ok(Ended::Killed { stdout, stderr }) => Err(format!(
            "`{name}` had not ended after {limit:?} and was killed.\nIts output:\n{}\n{}",
            String::from_utf8_lossy(&stdout),
            String::from_utf8_lossy(&stderr)
        )),
        Err(error) => Err(format!("can't run `{name}`: {error}")),
    }
}

enum Ended {
    InTime(Output),
    Killed { stdout: Vec<u8>, stderr: Vec<u8> },
}

fn run_to_end(command: &mut Command, input: &[u8], limit: Duration) -> io::Result<Ended> {
    // Files, not pipes: nothing has to be read while the command runs, and nobody waits for a full pipe.
    let mut stdin = tempfile::tempfile()?;
    stdin.write_all(input)?;
    stdin.rewind()?;
    let stdout = tempfile::tempfile()?;
    let stderr = tempfile::tempfile()?;
    command
        .stdin(stdin)
        .stdout(stdout.try_clone()?)
        .stderr(stderr.try_clone()?);

    let mut process = Tethered::spawn(command)?;
    let status = process.wait(limit)?;
    drop(process);

    let (stdout, stderr) = (contents(stdout)?, contents(stderr)?);
    Ok(match status {
        Some(status) => Ended::InTime(Output {
            status,
            stdout,
            stderr,
        }),
        None => Ended::Killed { stdout, stderr },
    })
}

fn contents(mut file: File) -> io::Result<Vec<u8>> {
    file.rewind()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_command_reads_its_input_and_answers() {
        let output = run(
            &mut sh("cat; echo problem >&2; exit 4"),
            b"hello",
            Duration::from_secs(10),
        )
        .unwrap();
        assert_eq!(output.stdout, b"hello");
        assert_eq!(output.stderr, b"problem\n");
        assert_eq!(output.status.code(), Some(4));
    }

    #[test]
    fn a_command_that_takes_too_long_is_killed_and_its_output_shown() {
        let error = run(
            &mut sh("echo so far; sleep 300"),
            b"",
            Duration::from_millis(300),
        )
        .unwrap_err();
        assert!(error.contains("`sh` had not ended after 300ms"), "{error}");
        assert!(error.contains("so far"), "{error}");
    }
}
