//! How a call ended, when not well: code, message, details, metadata.

mod any_details;
mod by_code;
mod convert;

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

pub use convert::BoxError;

use super::{Code, Metadata};

/// Why a call failed: a [`Code`], a message for people, and where wanted details and metadata.
///
/// A handler returns one as its error and its caller gets it, without the source. It is one pointer
/// wide, so a `Result<T, Status>` stays small.
///
/// ```
/// use kafka_rpc::{Code, Status};
///
/// let status = Status::not_found("no order 17");
/// assert_eq!(status.code(), Code::NotFound);
/// assert_eq!(status.message(), "no order 17");
/// assert_eq!(status.to_string(), r#"code: 'Some requested entity was not found', message: "no order 17""#);
/// ```
#[derive(Clone)]
pub struct Status(Box<Content>);

#[derive(Clone)]
struct Content {
    code: Code,
    message: String,
    details: Bytes,
    metadata: Metadata,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Status {
    /// A status without details and metadata.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self::with_details(code, message, Bytes::new())
    }

    /// A status with encoded details: as a rule a `google.rpc.Status`, which
    /// [`Status::with_any_details`] encodes.
    pub fn with_details(code: Code, message: impl Into<String>, details: Bytes) -> Self {
        Self::with_details_and_metadata(code, message, details, Metadata::new())
    }

    /// A status with metadata, which the caller gets beside it.
    pub fn with_metadata(code: Code, message: impl Into<String>, metadata: Metadata) -> Self {
        Self::with_details_and_metadata(code, message, Bytes::new(), metadata)
    }

    /// A status with encoded details and metadata.
    pub fn with_details_and_metadata(
        code: Code,
        message: impl Into<String>,
        details: Bytes,
        metadata: Metadata,
    ) -> Self {
        Self(Box::new(Content {
            code,
            message: message.into(),
            details,
            metadata,
            source: None,
        }))
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The message for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The encoded details; empty without any.
    pub fn details(&self) -> &[u8] {
        &self.0.details
    }

    /// The metadata beside the status.
    pub fn metadata(&self) -> &Metadata {
        &self.0.metadata
    }

    /// The metadata, to change it.
    pub fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.0.metadata
    }

    /// Keeps the error that led to this status as its [source](Error::source). It is not sent to a
    /// caller.
    pub fn set_source(&mut self, source: Arc<dyn Error + Send + Sync>) -> &mut Self {
        self.0.source = Some(source);
        self
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Status");
        shown.field("code", &self.0.code);
        if !self.0.message.is_empty() {
            shown.field("message", &self.0.message);
        }
        if !self.0.details.is_empty() {
            shown.field("details", &self.0.details);
        }
        if !self.0.metadata.is_empty() {
            shown.field("metadata", &self.0.metadata);
        }
        shown.field("source", &self.0.source).finish()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "code: '{}'", self.code())?;
        if !self.message().is_empty() {
            write!(f, ", message: {:?}", self.message())?;
        }
        if let Some(source) = self.source() {
            write!(f, ", source: {source:?}")?;
        }
        Ok(())
    }
}

impl Error for Status {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0
            .source
            .as_ref()
            .map(|source| &**source as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_with_a_status_is_as_small_as_a_pointer() {
        assert_eq!(size_of::<Result<(), Status>>(), size_of::<usize>());
    }

    #[test]
    fn display_leaves_out_what_is_not_there() {
        assert_eq!(
            Status::new(Code::Aborted, "").to_string(),
            "code: 'The operation was aborted'"
        );

        let mut status = Status::internal("disk \"a\"");
        status.set_source(Arc::new(fmt::Error));
        assert_eq!(
            status.to_string(),
            r#"code: 'Internal error', message: "disk \"a\"", source: Error"#
        );
    }

    #[test]
    fn debug_shows_details_and_metadata() {
        let mut status = Status::with_details(Code::Internal, "m", Bytes::from_static(b"d"));
        status
            .metadata_mut()
            .insert("k", "v".parse().unwrap())
            .unwrap();
        assert_eq!(
            format!("{status:?}"),
            r#"Status { code: Internal, message: "m", details: b"d", metadata: {"k": "v"}, source: None }"#
        );
    }

    #[test]
    fn a_changed_clone_leaves_the_first_as_it_was() {
        let status = Status::with_metadata(Code::Internal, "m", Metadata::new());
        status
            .clone()
            .metadata_mut()
            .insert("k", "v".parse().unwrap())
            .unwrap();
        assert!(status.metadata().is_empty());
    }
}
