//! What went wrong, as a user reads it.

mod compiler;
mod problem;

use std::fmt;
use std::io;
use std::path::Path;

pub(crate) use problem::{Place, Position, Problem, Words, nearest};

/// Why `.proto` files could not be made into code.
///
/// Both `Display` and `Debug` show every problem that was found, each with its place in the `.proto`
/// and what to do about it, so that a build script's `main` can return the error as it is.
pub struct Error {
    problems: Vec<Problem>,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub(crate) fn io(doing: &str, path: &Path, cause: io::Error) -> Self {
        Self {
            problems: vec![Problem::new(format!("{doing} {}: {cause}", path.display()))],
            cause: Some(Box::new(cause)),
        }
    }

    pub(crate) fn with_cause(
        problem: Problem,
        cause: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self {
            problems: vec![problem],
            cause: Some(Box::new(cause)),
        }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::from(vec![problem])
    }
}

impl From<Vec<Problem>> for Error {
    fn from(problems: Vec<Problem>) -> Self {
        Self {
            problems,
            cause: None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\nerror: ")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
