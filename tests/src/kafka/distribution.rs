use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use crate::process;

const POM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/java/pom.xml");
const LOGGING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/java/log4j2.xml");
const FETCH_LIMIT: Duration = Duration::from_secs(300);

/// The jars of the Kafka under test.
pub(crate) struct Distribution {
    dir: PathBuf,
}

/// Whether the jars are there, so that Maven is not needed.
pub(crate) fn is_fetched() -> bool {
    is_complete(&dir())
}

impl Distribution {
    /// The jars, fetched where they are not there yet.
    pub(crate) fn get() -> Result<&'static Self, String> {
        static FETCHED: OnceLock<Result<Distribution, String>> = OnceLock::new();
        FETCHED
            .get_or_init(|| fetch_into(dir()))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// `java` with the jars on its class path and logging to stderr. Temporary files of the JVM go to `temp`.
    pub(crate) fn java(&self, temp: &Path) -> Command {
        let mut command = Command::new("java");
        // Tests boot many short-lived JVMs: the first compiler alone starts them in two thirds of the time.
        command.args(["-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]);
        command.arg(format!("-Djava.io.tmpdir={}", temp.display()));
        command.arg(format!("-Dlog4j2.configurationFile={LOGGING}"));
        command.arg("-cp").arg(self.dir.join("*"));
        command
    }
}

fn version() -> &'static str {
    let after = include_str!("../../java/pom.xml")
        .split_once("<kafka.version>")
        .expect("the pom says which version")
        .1;
    after.split_once('<').expect("the element has an end").0
}

fn dir() -> PathBuf {
    match env::var_os("KAFKA_RPC_KAFKA_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => target_dir().join(format!("kafka-{}", version())),
    }
}

/// Cargo marks the folder that this test binary was built into, wherever it was told to build.
fn target_dir() -> PathBuf {
    let binary = env::current_exe().unwrap_or_default();
    let marked = binary
        .ancestors()
        .find(|dir| dir.join("CACHEDIR.TAG").is_file());
    marked.map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"),
        Path::to_path_buf,
    )
}

fn is_complete(dir: &Path) -> bool {
    let version = version();
    [
        format!("kafka_2.13-{version}.jar"),
        format!("kafka-tools-{version}.jar"),
    ]
    .iter()
    .all(|jar| dir.join(jar).is_file())
}

fn fetch_into(dir: PathBuf) -> Result<Distribution, String> {
    if !is_complete(&dir) {
        let _lock = lock(&beside(&dir, "lock"))?;
        // Another test binary may have fetched them while this one waited.
        if !is_complete(&dir) {
            fetch(&dir)?;
        }
    }
    Ok(Distribution { dir })
}

/// Copies the jars to a folder beside and renames it at the end, so that the folder is complete whenever it is there.
fn fetch(dir: &Path) -> Result<(), String> {
    if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!(
            "{} holds something else than the jars of Apache Kafka {}: remove it, or set KAFKA_RPC_KAFKA_DIR to another folder",
            dir.display(),
            version()
        ));
    }
    let partial = beside(dir, "partial");
    let _ = fs::remove_dir_all(&partial);
    let mut maven = Command::new("mvn");
    maven.args(["-q", "-B", "-f", POM, "dependency:copy-dependencies"]);
    maven.arg(format!("-DoutputDirectory={}", partial.display()));
    let output = process::run(&mut maven, b"", FETCH_LIMIT)?;
    if !output.status.success() || !is_complete(&partial) {
        return Err(format!(
            "Maven can't fetch Apache Kafka {}: is its repository reachable, and does ~/.m2/settings.xml name a proxy where \
             one is needed? `{maven:?}` said:\n{}",
            version(),
            String::from_utf8_lossy(&output.stdout)
        ));
    }
    fs::rename(&partial, dir).map_err(|error| {
        format!(
            "can't move the jars of Apache Kafka to {}: {error}",
            dir.display()
        )
    })
}

fn beside(dir: &Path, suffix: &str) -> PathBuf {
    let mut path = dir.as_os_str().to_owned();
    path.push(".");
    path.push(suffix);
    PathBuf::from(path)
}

/// One process at a time; the kernel gives the lock back when the file is closed, however the process ends.
fn lock(path: &Path) -> Result<File, String> {
    let failed = |error: std::io::Error| format!("can't lock {}: {error}", path.display());
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    let file = File::create(path).map_err(failed)?;
    let deadline = Instant::now() + FETCH_LIMIT + FETCH_LIMIT / 10;
    while let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
        if Instant::now() >= deadline {
            return Err(failed(error.into()));
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_at_the_same_time_gets_the_same_complete_folder() {
        crate::require_java!();
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("kafka");
        thread::scope(|scope| {
            let fetches =
                [(); 3].map(|()| scope.spawn(|| fetch_into(dir.clone()).map(|kafka| kafka.dir)));
            for fetched in fetches {
                assert_eq!(fetched.join().unwrap(), Ok(dir.clone()));
            }
        });
        assert!(is_complete(&dir));
        assert!(!beside(&dir, "partial").exists());
    }

    #[test]
    fn a_folder_with_something_else_in_it_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("work");
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("thesis.txt"), "precious").unwrap();
        let why = fetch_into(dir.clone())
            .err()
            .expect("it does not overwrite");
        assert!(why.contains("KAFKA_RPC_KAFKA_DIR"), "{why}");
        assert_eq!(
            fs::read_to_string(dir.join("thesis.txt")).unwrap(),
            "precious"
        );
    }
}
