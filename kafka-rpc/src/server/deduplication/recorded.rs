//! What is kept of a call: as a protobuf message, which the wire contract describes.

use bytes::Bytes;
use prost::Message;

use crate::call::{
    Body, BoxError, Code, Extensions, Metadata, MetadataValue, Recorded, Response, Status,
};

/// The most bytes of a reply that are recorded. Of a larger one it is recorded that it was.
pub(super) const REPLY_LIMIT: usize = 1024 * 1024;

/// Of the form of records.
const VERSION: u32 = 1;

/// What a call came to.
#[derive(Clone, PartialEq, Message)]
#[prost(prost_path = "::prost")]
struct Record {
    #[prost(uint32, tag = "1")]
    code: u32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(bytes = "bytes", tag = "3")]
    details: Bytes,
    #[prost(message, repeated, tag = "4")]
    metadata: Vec<Entry>,
    #[prost(bytes = "bytes", tag = "5")]
    value: Bytes,
    #[prost(fixed32, tag = "6")]
    request_crc32: u32,
    #[prost(uint64, tag = "7")]
    request_bytes: u64,
    /// Never 0, so no record is empty: in a compacted topic that is none.
    #[prost(uint32, tag = "8")]
    version: u32,
}

#[derive(Clone, PartialEq, Message)]
#[prost(prost_path = "::prost")]
struct Entry {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(bytes = "bytes", tag = "2")]
    value: Bytes,
}

/// The record of a call with this request.
pub(super) fn encode(request: &Bytes, outcome: Result<&Response<Body>, &Status>) -> Bytes {
    let unrecorded;
    let outcome = match outcome {
        Ok(response) if response.get_ref().len() > REPLY_LIMIT => {
            unrecorded = too_large(response.get_ref().len());
            Err(&unrecorded)
        }
        outcome => outcome,
    };
    let mut record = Record {
        request_crc32: crc32fast::hash(request),
        request_bytes: request.len() as u64,
        version: VERSION,
        ..Record::default()
    };
    match outcome {
        Ok(response) => {
            record.metadata = entries(response.metadata());
            record.value = Bytes::copy_from_slice(response.get_ref().as_bytes());
        }
        Err(status) => {
            record.code = status.code() as u32;
            record.message = status.message().to_owned();
            record.details = Bytes::copy_from_slice(status.details());
            record.metadata = entries(status.metadata());
        }
    }
    record.encode_to_vec().into()
}

/// The same record, where there is no room for its reply.
///
/// # Errors
/// Where it is no record.
pub(super) fn without_reply(record: Bytes) -> Result<Bytes, BoxError> {
    let record = Record::decode(record)?;
    let status = too_large(record.value.len());
    let small = Record {
        code: status.code() as u32,
        message: status.message().to_owned(),
        request_crc32: record.request_crc32,
        request_bytes: record.request_bytes,
        version: VERSION,
        ..Record::default()
    };
    Ok(small.encode_to_vec().into())
}

fn too_large(bytes: usize) -> Status {
    Status::resource_exhausted(format!(
        "the call took effect; its reply has {bytes} bytes, of which no record is kept for repeats"
    ))
}

/// What a record says to a repeat with this request.
///
/// # Errors
/// `INVALID_ARGUMENT` where the request was another one, `DATA_LOSS` where the record can't be read.
pub(super) fn decode(record: Bytes, request: &Bytes) -> Result<Recorded, Status> {
    let record = Record::decode(record).map_err(|error| {
        Status::data_loss(format!(
            "what is recorded of the call can't be read: {error}"
        ))
    })?;
    let same = record.request_crc32 == crc32fast::hash(request)
        && record.request_bytes == request.len() as u64;
    if !same {
        return Err(Status::invalid_argument(
            "the idempotency key belongs to a call with another message: take a new key for a new \
             call",
        ));
    }
    let metadata = metadata(record.metadata);
    Ok(match i32::try_from(record.code).map(Code::from) {
        Ok(Code::Ok) => {
            let body = Body::new(record.value);
            Ok(Response::from_parts(metadata, body, Extensions::new()))
        }
        code => Err(Status::with_details_and_metadata(
            code.unwrap_or(Code::Unknown),
            record.message,
            record.details,
            metadata,
        )),
    })
}

fn entries(metadata: &Metadata) -> Vec<Entry> {
    let entry = |(key, value): (&crate::MetadataKey, &MetadataValue)| Entry {
        key: key.as_str().to_owned(),
        value: value.to_bytes(),
    };
    metadata.iter().map(entry).collect()
}

fn metadata(entries: Vec<Entry>) -> Metadata {
    let mut metadata = Metadata::new();
    for Entry { key, value } in entries {
        // Written from metadata, so each can be one.
        let _taken = metadata.append(&*key, MetadataValue::from_bytes(&value));
    }
    metadata
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn request() -> Bytes {
        Bytes::from_static(b"4.00 EUR")
    }

    fn round_trip(outcome: &Recorded) -> Recorded {
        let record = encode(&request(), outcome.as_ref());
        decode(record, &request()).expect("it is the same request")
    }

    #[test]
    fn a_repeat_with_another_message_is_refused() {
        let record = encode(&request(), Ok(&Response::new(Body::new(&b"paid"[..]))));
        let status = decode(record, &Bytes::from_static(b"5.00 EUR")).unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    }

    #[test]
    fn a_reply_that_is_too_large_is_recorded_as_one_that_was() {
        let large = Body::new(vec![0; REPLY_LIMIT + 1]);
        let record = encode(&request(), Ok(&Response::new(large)));
        assert!(record.len() < 1_000);
        let status = decode(record, &request()).unwrap().unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert!(status.message().contains("took effect"), "{status}");
    }

    #[test]
    fn a_record_may_lose_its_reply() {
        let record = encode(&request(), Ok(&Response::new(Body::new(&b"paid"[..]))));
        let small = without_reply(record).unwrap();
        let status = decode(small.clone(), &request()).unwrap().unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert!(
            decode(small, &Bytes::new()).is_err(),
            "it is of one request"
        );
    }

    #[test]
    fn a_record_is_never_empty() {
        let record = encode(&Bytes::new(), Ok(&Response::new(Body::default())));
        assert!(!record.is_empty());
    }

    #[test]
    fn what_is_no_record_is_data_loss() {
        let status = decode(Bytes::from_static(b"\xff\xff"), &request()).unwrap_err();
        assert_eq!(status.code(), Code::DataLoss);
    }

    fn some_metadata() -> impl Strategy<Value = Metadata> {
        vec(("x-[a-z]{1,5}", "[ -~]{0,9}", any::<Vec<u8>>()), 0..4).prop_map(|entries| {
            let mut metadata = Metadata::new();
            for (key, text, bytes) in entries {
                let text = MetadataValue::from_bytes(text.as_bytes());
                metadata.append(&*key, text).unwrap();
                let key = format!("{key}-bin");
                let bytes = MetadataValue::from_bytes(&bytes);
                metadata.append_bin(&*key, bytes).unwrap();
            }
            metadata
        })
    }

    proptest! {
        #[test]
        fn a_reply_is_read_as_it_was_written(
            metadata in some_metadata(),
            value in any::<Vec<u8>>(),
        ) {
            let body = Body::new(value.clone());
            let outcome = Ok(Response::from_parts(metadata.clone(), body, Extensions::new()));
            let read = round_trip(&outcome).unwrap();
            prop_assert_eq!(read.metadata(), &metadata);
            prop_assert_eq!(read.get_ref().as_bytes(), &value);
        }

        #[test]
        fn a_status_is_read_as_it_was_written(
            metadata in some_metadata(),
            code in 1..17,
            message: String,
            details in any::<Vec<u8>>(),
        ) {
            let status = Status::with_details_and_metadata(
                Code::from(code), message.clone(), details.clone().into(), metadata.clone(),
            );
            let read = round_trip(&Err(status)).unwrap_err();
            prop_assert_eq!(read.code(), Code::from(code));
            prop_assert_eq!(read.message(), message);
            prop_assert_eq!(read.details(), &details);
            prop_assert_eq!(read.metadata(), &metadata);
        }
    }
}
