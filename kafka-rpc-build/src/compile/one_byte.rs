//! Files read with a single byte for each byte of every letter.

use std::fs;
use std::path::{Path, PathBuf};

use protox::file::{File, FileResolver, IncludeFileResolver};

/// Finds the files of a folder and puts a `?` in place of each byte beyond ASCII.
///
/// The compiler counts columns in bytes but shows its errors by letters. In these files both are the
/// same, so what it says of them is true of the files on disk.
pub(super) struct OneByteLetters {
    include: PathBuf,
    by_path: IncludeFileResolver,
}

impl OneByteLetters {
    pub(super) fn new(include: PathBuf) -> Self {
        Self {
            by_path: IncludeFileResolver::new(include.clone()),
            include,
        }
    }
}

impl FileResolver for OneByteLetters {
    fn resolve_path(&self, path: &Path) -> Option<String> {
        self.by_path.resolve_path(path)
    }

    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let text = fs::read_to_string(self.include.join(name))
            .map_err(|_| protox::Error::file_not_found(name))?;
        let ascii: String = text
            .bytes()
            .map(|byte| {
                if byte.is_ascii() {
                    char::from(byte)
                } else {
                    '?'
                }
            })
            .collect();
        File::from_source(name, &ascii)
    }
}
