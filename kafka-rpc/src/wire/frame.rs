//! What a record is to its call.

/// What a record on a request topic is to its call: the value of `rpc-frame`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Frame {
    /// The request itself. Written by leaving the header out.
    #[default]
    Request,
    /// The caller no longer waits: the call is to be dropped where it is.
    Cancel,
}

/// A value that is no frame that we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the one known frame is \"cancel\"; a request has none")]
pub(crate) struct UnknownFrame;

impl Frame {
    /// Reads the header's value.
    ///
    /// # Errors
    /// When it is no frame that we know.
    pub(crate) fn parse(value: &[u8]) -> Result<Self, UnknownFrame> {
        match value {
            b"cancel" => Ok(Self::Cancel),
            _ => Err(UnknownFrame),
        }
    }

    /// The header's value; `None` where the header is left out.
    pub(crate) fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Request => None,
            Self::Cancel => Some("cancel"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancel_is_written_and_read() {
        assert_eq!(Frame::Cancel.as_str(), Some("cancel"));
        assert_eq!(Frame::parse(b"cancel"), Ok(Frame::Cancel));
    }

    #[test]
    fn a_request_has_no_header_and_other_frames_are_unknown() {
        assert_eq!(Frame::Request.as_str(), None);
        assert_eq!(Frame::parse(b"Cancel"), Err(UnknownFrame));
        assert_eq!(Frame::parse(b""), Err(UnknownFrame));
    }
}
