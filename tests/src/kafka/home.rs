use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::data_dir::DataDir;
use super::distribution::Distribution;
use super::user::{ADMIN, GUEST, User};
use crate::process;

const FORMAT_LIMIT: Duration = Duration::from_secs(60);

/// What the brokers of one cluster have in common: the jars they run and the folder they write to.
pub(crate) struct Home {
    distribution: &'static Distribution,
    data: DataDir,
    cluster_id: String,
    acls: bool,
}

impl Home {
    pub(crate) fn new(acls: bool) -> Result<Self, String> {
        let distribution = Distribution::get()?;
        let data = DataDir::new()
            .map_err(|error| format!("can't make a folder for Kafka's data: {error}"))?;
        // 16 bytes as base64.
        let cluster_id = format!("{:016x}AAAAAA", RandomState::new().build_hasher().finish());
        let home = Self {
            distribution,
            data,
            cluster_id,
            acls,
        };
        for user in [ADMIN, GUEST] {
            home.write(
                &format!("{}.properties", user.name),
                &user.java_properties(),
            )?;
        }
        Ok(home)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.data.path().join(name)
    }

    /// Writes a file and says where it is.
    pub(crate) fn write(&self, name: &str, contents: &str) -> Result<PathBuf, String> {
        let path = self.path(name);
        fs::write(&path, contents)
            .map_err(|error| format!("can't write {}: {error}", path.display()))?;
        Ok(path)
    }

    pub(crate) fn java(&self) -> Command {
        self.distribution.java(self.data.path())
    }

    /// The Java client's configuration for a user, or `None` where everybody may do everything.
    pub(crate) fn client_config(&self, user: User) -> Option<PathBuf> {
        self.acls
            .then(|| self.path(&format!("{}.properties", user.name)))
    }

    /// Prepares the data folder of the broker that a `server.properties` file describes.
    pub(crate) fn format(&self, server_properties: &Path) -> Result<(), String> {
        let mut java = self.java();
        java.args([
            "kafka.tools.StorageTool",
            "format",
            "-t",
            &self.cluster_id,
            "-c",
        ])
        .arg(server_properties);
        let output = process::run(&mut java, b"", FORMAT_LIMIT)?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!(
            "Kafka can't prepare its data folder. It needs Java 17 or later and properties that it knows; it said:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ))
    }
}
