//! Pages, and the rest of the repository that they speak of.

use std::fs;
use std::path::{Path, PathBuf};

/// A page, by its path from the root of the repository.
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// Every page that is for users, and those at the root of the repository.
pub(crate) fn all() -> Vec<Page> {
    let mut pages: Vec<Page> = ["", "docs/src"]
        .iter()
        .flat_map(|folder| of(folder))
        .collect();
    pages.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(
        pages.len() > 10,
        "the pages are not where they are looked for"
    );
    pages
}

/// The pages of a folder.
pub(crate) fn of(folder: &str) -> Vec<Page> {
    let entries = fs::read_dir(root().join(folder)).expect("a folder of pages");
    entries
        .map(|entry| PathBuf::from(folder).join(entry.expect("an entry").file_name()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .map(|path| Page {
            text: read(&path),
            path,
        })
        .collect()
}

/// The text of a file of the repository.
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Adds the text of all Rust files of a folder and those in it.
pub(crate) fn read_all(folder: impl AsRef<Path>, into: &mut String) {
    let folder = folder.as_ref();
    for entry in fs::read_dir(root().join(folder)).expect("a folder of code") {
        let path = folder.join(entry.expect("an entry").file_name());
        if root().join(&path).is_dir() {
            read_all(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push_str(&read(&path));
        }
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

impl Page {
    /// The lines that are prose, not code.
    pub(crate) fn prose(&self) -> impl Iterator<Item = &str> {
        let mut in_code = false;
        self.text.lines().filter(move |line| {
            let fence = line.starts_with("```");
            in_code ^= fence;
            !in_code && !fence
        })
    }
}
