//! The text of `.proto` files, and where in it things are.

mod locate;
mod tokens;

use std::fs;
use std::path::PathBuf;

pub(crate) use locate::Site;
pub(crate) use tokens::{Token, tokens};

use crate::error::{Place, Position, Words};

/// The folders that `.proto` files are read from; none for a ready descriptor set.
pub(crate) struct Sources {
    includes: Vec<PathBuf>,
}

impl Sources {
    pub(crate) fn new(includes: Vec<PathBuf>) -> Self {
        Self { includes }
    }

    /// What the user calls a file: its path, or its name where it is not on disk.
    pub(crate) fn display(&self, name: &str) -> String {
        self.path(name)
            .map_or_else(|| name.to_owned(), |path| path.display().to_string())
    }

    /// The text of a file, where it is on disk.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path(name)?).ok()
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.includes
            .iter()
            .map(|include| include.join(name))
            .find(|path| path.is_file())
    }
}

/// The place of the bytes from `start` to `end` of a text; underlines what is on the first line.
pub(crate) fn place_in_text(
    file: String,
    element: String,
    text: &str,
    start: usize,
    end: usize,
) -> Place {
    let before = text.get(..start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let rest = text.get(line_start..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    let column = before[line_start..].chars().count() + 1;
    Place {
        file,
        element,
        position: Some(Position {
            line: before.matches('\n').count() + 1,
            column,
            words: Some(Words {
                line: line.to_owned(),
                start: before.len() - line_start,
                end: end.saturating_sub(line_start).min(line.len()),
            }),
        }),
    }
}
