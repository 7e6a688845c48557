use std::error::Error;
use std::io;
use std::sync::Arc;

use super::{Code, Status};
use crate::call::InvalidMetadata;

/// An error of any type, as `tower` services give them.
pub type BoxError = Box<dyn Error + Send + Sync>;

impl Status {
    /// The status that is in an error: the error itself, or the first one down its chain of
    /// sources.
    ///
    /// An error without a status in it becomes [`Code::Unknown`] with the error's text. The error
    /// is kept as the source, unless it was the status itself.
    ///
    /// ```
    /// use kafka_rpc::{Code, Status};
    ///
    /// let status = Status::from_error(Box::new(Status::not_found("no order 17")));
    /// assert_eq!(status.code(), Code::NotFound);
    ///
    /// let status = Status::from_error("the disk is gone".into());
    /// assert_eq!((status.code(), status.message()), (Code::Unknown, "the disk is gone"));
    /// ```
    pub fn from_error(error: BoxError) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(status) => return *status,
            Err(error) => error,
        };
        let mut status = first_status(&*error).unwrap_or_else(|| Self::unknown(error.to_string()));
        status.set_source(Arc::from(error));
        status
    }
}

fn first_status(error: &(dyn Error + 'static)) -> Option<Status> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(status) = error.downcast_ref::<Status>() {
            return Some(status.clone());
        }
        next = error.source();
    }
    None
}

/// The code that fits the kind of the error, with the error's text.
impl From<io::Error> for Status {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::*;
        let code = match error.kind() {
            NotFound => Code::NotFound,
            AlreadyExists => Code::AlreadyExists,
            PermissionDenied => Code::PermissionDenied,
            TimedOut => Code::DeadlineExceeded,
            InvalidInput => Code::InvalidArgument,
            InvalidData => Code::DataLoss,
            UnexpectedEof => Code::OutOfRange,
            ConnectionAborted => Code::Aborted,
            ConnectionRefused | ConnectionReset | NotConnected | AddrInUse | AddrNotAvailable => {
                Code::Unavailable
            }
            BrokenPipe | WouldBlock | WriteZero | Interrupted => Code::Internal,
            _ => Code::Unknown,
        };
        let mut status = Self::new(code, error.to_string());
        status.set_source(Arc::new(error));
        status
    }
}

/// [`Code::Internal`]: the program itself made metadata that can't be sent.
impl From<InvalidMetadata> for Status {
    fn from(error: InvalidMetadata) -> Self {
        Self::internal(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::MetadataKey;

    #[derive(Debug, thiserror::Error)]
    #[error("layer {name} failed")]
    struct Layer {
        name: &'static str,
        source: BoxError,
    }

    fn layered(error: impl Into<BoxError>) -> BoxError {
        let inner = Layer {
            name: "inner",
            source: error.into(),
        };
        Box::new(Layer {
            name: "outer",
            source: Box::new(inner),
        })
    }

    #[test]
    fn a_status_comes_out_of_its_box_as_it_was() {
        let mut status = Status::with_details(Code::NotFound, "m", bytes::Bytes::from_static(b"d"));
        status
            .metadata_mut()
            .insert("k", "v".parse().unwrap())
            .unwrap();
        let found = Status::from_error(Box::new(status.clone()));
        assert_eq!(format!("{found:?}"), format!("{status:?}"));
    }

    #[test]
    fn a_status_is_found_down_the_chain_and_the_chain_is_kept() {
        let status = Status::from_error(layered(Status::aborted("conflict")));
        assert_eq!(
            (status.code(), status.message()),
            (Code::Aborted, "conflict")
        );
        assert_eq!(status.source().unwrap().to_string(), "layer outer failed");
    }

    #[test]
    fn an_error_without_a_status_is_unknown_and_kept() {
        let status = Status::from_error(layered("disk"));
        assert_eq!(
            (status.code(), status.message()),
            (Code::Unknown, "layer outer failed")
        );
        assert_eq!(status.source().unwrap().to_string(), "layer outer failed");
    }

    #[test]
    fn an_io_error_gets_the_code_of_its_kind() {
        let code = |kind: io::ErrorKind| Status::from(io::Error::from(kind)).code();
        assert_eq!(code(io::ErrorKind::NotFound), Code::NotFound);
        assert_eq!(code(io::ErrorKind::ConnectionRefused), Code::Unavailable);
        assert_eq!(code(io::ErrorKind::TimedOut), Code::DeadlineExceeded);
        assert_eq!(code(io::ErrorKind::Other), Code::Unknown);
    }

    #[test]
    fn bad_metadata_is_an_internal_error_that_says_why() {
        let status = Status::from(MetadataKey::try_from("").unwrap_err());
        assert_eq!(
            (status.code(), status.message()),
            (Code::Internal, "a metadata key is empty; give it a name")
        );
    }
}
