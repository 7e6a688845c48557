//! Holds the README and the book against themselves and against the code.

mod agreement;
mod links;
mod page;
mod shown;
