//! Records that belong to a call: they are finished when it is.

use super::*;

#[test]
fn pieces_of_a_request_are_finished_with_it() {
    let (mut dispatch, id) = with(LIMITS);
    for piece in 0..3 {
        assert_eq!(dispatch.arrive(id, piece), Some(Arrival::Handle));
    }
    assert_eq!(dispatch.arrive(id, 3), Some(Arrival::Handle));
    dispatch.attach(id, 3, vec![0, 1, 2]);
    dispatch.submit(id, 3, call(3)).expect("it is owned");
    assert_eq!(dispatch.start_all(), [3]);
    dispatch.finished(ticket(id, 3));
    assert_eq!(dispatch.unfinished(id), Some(0));
    dispatch.settled(ticket(id, 3));
    assert_eq!(dispatch.unfinished(id), Some(4));
}

#[test]
fn what_is_said_to_a_call_that_waits_is_finished_with_it_and_at_once_afterwards() {
    let (mut dispatch, id) = with(LIMITS);
    dispatch.take_on(id, [call(0)]);
    for frame in 1..3 {
        assert_eq!(dispatch.arrive(id, frame), Some(Arrival::Handle));
        dispatch.skip_with(id, frame, 0);
    }
    assert_eq!(dispatch.unfinished(id), Some(0));
    assert_eq!(dispatch.start_all(), [0]);
    dispatch.settled(ticket(id, 0));
    dispatch.finished(ticket(id, 0));
    assert_eq!(dispatch.unfinished(id), Some(3));
    assert_eq!(dispatch.arrive(id, 3), Some(Arrival::Handle));
    dispatch.skip_with(id, 3, 0);
    assert_eq!(dispatch.unfinished(id), Some(4));
}

#[test]
fn pieces_of_what_is_said_go_with_it() {
    let (mut dispatch, id) = with(LIMITS);
    dispatch.take_on(id, [call(0)]);
    for record in 1..4 {
        assert_eq!(dispatch.arrive(id, record), Some(Arrival::Handle));
    }
    dispatch.attach(id, 3, vec![1, 2]);
    dispatch.skip_with(id, 3, 0);
    assert_eq!(dispatch.start_all(), [0]);
    dispatch.settled(ticket(id, 0));
    assert_eq!(dispatch.unfinished(id), Some(4));
}

#[test]
fn they_are_the_next_owners_where_the_call_never_started() {
    let (mut dispatch, id) = with(LIMITS);
    dispatch.take_on(id, [call(0)]);
    assert_eq!(dispatch.arrive(id, 1), Some(Arrival::Handle));
    dispatch.skip_with(id, 1, 0);
    drop(dispatch.revoke(id));
    let commit = dispatch.release(id);
    let resumed = commit.map_or_else(
        || Progress::start(0),
        |commit| Progress::resume(commit.offset, &commit.metadata),
    );
    let next = dispatch.assign(resumed);
    for offset in 0..2 {
        assert_eq!(dispatch.arrive(next, offset), Some(Arrival::Handle));
    }
}

#[test]
fn they_are_finished_with_a_call_that_is_cancelled() {
    let (mut dispatch, id) = with(LIMITS);
    dispatch.take_on(id, [call(0)]);
    assert_eq!(dispatch.arrive(id, 1), Some(Arrival::Handle));
    dispatch.skip_with(id, 1, 0);
    assert_eq!(dispatch.cancel(id, &0), Cancelled::Waiting(0));
    assert_eq!(dispatch.unfinished(id), Some(2));
}
