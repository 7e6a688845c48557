//! A folder of `.proto` files for one test.

use std::fs;
use std::path::Path;

use kafka_rpc_build::{Builder, Error};
use tempfile::TempDir;

pub(crate) struct Folder {
    root: TempDir,
}

impl Folder {
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().expect("a file in a folder")).expect("its folder");
            fs::write(path, text).expect("a file");
        }
        Self { root }
    }

    pub(crate) fn path(&self) -> &Path {
        self.root.path()
    }

    /// Compiles `file` with settings that keep everything inside of the folder.
    pub(crate) fn compile(&self, builder: Builder, file: &str) -> Result<(), Error> {
        builder
            .out_dir(self.path())
            .emit_rerun_if_changed(false)
            .compile_protos(&[self.path().join(file)], &[self.path().to_path_buf()])
    }

    /// The error as a user reads it, with paths from this folder on.
    pub(crate) fn show(&self, error: &Error) -> String {
        let folder = format!("{}/", self.path().display());
        error.to_string().replace(&folder, "")
    }
}

/// The error of a single file, `shop.proto`.
pub(crate) fn error_of(text: &str) -> String {
    let folder = Folder::with(&[("shop.proto", text)]);
    match folder.compile(kafka_rpc_build::configure(), "shop.proto") {
        Ok(()) => "no error".to_owned(),
        Err(error) => folder.show(&error),
    }
}
