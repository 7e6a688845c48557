use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::call::Deadline;
use crate::stream::StreamSettings;
use crate::transport::Outgoing;
use crate::wire::{
    CorrelationId, Headers, RequestHead, Whole, encode_request, mark_piece, mark_whole,
};

const ID: u128 = 7;

fn request(frame: Frame) -> Headers {
    let head = RequestHead {
        correlation_id: Some(CorrelationId::from_uuid(ID)),
        frame,
        ..RequestHead::default()
    };
    encode_request(&head, &HeaderLimits::default()).unwrap()
}

/// What becomes of a call when a record with these headers is not delivered.
fn fate_after(headers: Headers) -> Option<Fate> {
    let open = OpenCalls::new(10, StreamSettings::default());
    let deadline = Deadline::after(Duration::from_secs(9));
    let mut fate = open.waiting.add(ID, deadline).unwrap();
    let record = Outgoing {
        topic: "t".into(),
        partition: Some(0),
        patient: false,
        key: None,
        value: Bytes::new(),
        headers,
    };
    let error = TransportError::new(Failure::Unreachable, "away").unwritten();
    let outcome = Err(Box::new(Undelivered { record, error }));
    let token = None;
    Requests::new(open).delivered(&mut vec![Delivery { token, outcome }]);
    fate.try_recv().ok()
}

#[tokio::test]
async fn a_request_that_is_not_delivered_is_given_back_whole() {
    let Some(Fate::Undelivered(undelivered)) = fate_after(request(Frame::Request)) else {
        panic!("it is not given back");
    };
    assert!(undelivered.error.unwritten);
    assert_eq!(undelivered.record.headers, request(Frame::Request));
}

#[tokio::test]
async fn a_piece_of_a_request_that_is_not_delivered_ends_the_call() {
    let mut last = request(Frame::Request);
    let whole = Whole {
        pieces: 1,
        bytes: 9,
        checksum: 0,
    };
    mark_whole(&mut last, whole);
    for headers in [mark_piece(&request(Frame::Request), 1), last] {
        let fate = fate_after(headers).expect("the call ends");
        assert!(matches!(fate, Fate::Ended(Err(_))), "{fate:?}");
    }
}

#[tokio::test]
async fn a_cancel_that_is_not_delivered_ends_nothing() {
    assert!(fate_after(request(Frame::Cancel)).is_none());
}
