use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A folder for the data and logs of brokers, removed when this drops and also when this process ends without dropping it.
///
/// Statics are never dropped, and a killed process drops nothing, so the removal is left to a shell that reads from a pipe
/// which closes with this process.
pub(crate) struct DataDir {
    path: PathBuf,
    sweeper: Child,
}

/// Several times, as the brokers are being killed in the same moment and may write a last file.
const SWEEPER: &str = r#"trap '' HUP INT QUIT TERM; read -r _
for _ in 1 2 3 4 5; do rm -rf -- "$0"; sleep 1; [ -e "$0" ] || exit 0; done"#;

impl DataDir {
    pub(crate) fn new() -> io::Result<Self> {
        let dir = tempfile::Builder::new().prefix("kafka-rpc-").tempdir()?;
        let sweeper = Command::new("sh")
            .args(["-c", SWEEPER])
            .arg(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self {
            path: dir.keep(),
            sweeper,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        if fs::remove_dir_all(&self.path).is_ok() {
            let _ = self.sweeper.kill();
        }
        drop(self.sweeper.stdin.take());
        let _ = self.sweeper.wait();
    }
}
