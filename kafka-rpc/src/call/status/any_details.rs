use bytes::Bytes;
use prost::{DecodeError, Message};
use prost_types::Any;

use super::{Code, Status};

/// `google.rpc.Status`, the message that gRPC's details are by convention.
#[derive(Clone, PartialEq, Message)]
struct DetailedStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

impl Status {
    /// A status with detail messages, encoded as a `google.rpc.Status`: the form that gRPC's
    /// libraries read.
    ///
    /// ```
    /// use kafka_rpc::prost_types::{Any, Duration};
    /// use kafka_rpc::{Code, Status};
    ///
    /// let pause = Duration { seconds: 5, nanos: 0 };
    /// let status = Status::with_any_details(Code::Unavailable, "try later", vec![Any::from_msg(&pause)?]);
    ///
    /// let details = status.any_details()?;
    /// assert_eq!(details[0].to_msg::<Duration>()?, pause);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_any_details(code: Code, message: impl Into<String>, details: Vec<Any>) -> Self {
        let detailed = DetailedStatus {
            code: code.into(),
            message: message.into(),
            details,
        };
        let encoded = Bytes::from(detailed.encode_to_vec());
        Self::with_details(code, detailed.message, encoded)
    }

    /// The detail messages; none if the status has no details.
    ///
    /// # Errors
    /// If [`details`](Self::details) are not an encoded `google.rpc.Status`.
    pub fn any_details(&self) -> Result<Vec<Any>, DecodeError> {
        DetailedStatus::decode(self.details()).map(|detailed| detailed.details)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn any(value: &[u8]) -> Any {
        Any {
            type_url: "type.googleapis.com/shop.v1.Reason".into(),
            value: value.into(),
        }
    }

    #[test]
    fn details_repeat_code_and_message() {
        let status =
            Status::with_any_details(Code::NotFound, "no order", vec![any(b"1"), any(b"2")]);
        assert_eq!(
            (status.code(), status.message()),
            (Code::NotFound, "no order")
        );

        let decoded = DetailedStatus::decode(status.details()).unwrap();
        assert_eq!((decoded.code, decoded.message.as_str()), (5, "no order"));
        assert_eq!(status.any_details().unwrap(), [any(b"1"), any(b"2")]);
    }

    #[test]
    fn the_encoding_is_that_of_google_rpc_status() {
        let status = Status::with_any_details(
            Code::NotFound,
            "no",
            vec![Any {
                type_url: "t".into(),
                value: vec![7],
            }],
        );
        assert_eq!(
            status.details(),
            b"\x08\x05\x12\x02no\x1a\x06\x0a\x01t\x12\x01\x07"
        );
    }

    #[test]
    fn a_status_without_details_has_no_messages() {
        assert_eq!(Status::not_found("").any_details(), Ok(vec![]));
    }

    #[test]
    fn details_of_another_form_are_an_error() {
        let status = Status::with_details(Code::NotFound, "", Bytes::from_static(b"free text"));
        assert!(status.any_details().is_err());
    }
}
