use std::time::Duration;

use super::*;

const BACKOFF: Duration = Duration::from_secs(1);

fn postpone(dispatch: &mut Dispatch<i64, i64>, p: PartitionId, offset: i64, due: Instant) {
    let postponed = dispatch.postpone(ticket(p, offset), due, 1, offset);
    assert_eq!(postponed, Ok(()));
}

#[test]
fn a_postponed_call_starts_again_when_it_is_due_and_its_key_waits_for_it() {
    let (mut dispatch, p) = with(LIMITS);
    let due = Instant::now() + BACKOFF;
    dispatch.take_on(p, [keyed(0), keyed(1), call(2), call(3)]);
    assert_eq!(dispatch.start_all(), [0, 2]);
    postpone(&mut dispatch, p, 0, due);
    assert_eq!(dispatch.start_all(), [3], "it takes up no place");
    dispatch.finished(ticket(p, 2));
    dispatch.finished(ticket(p, 3));
    dispatch.wake(due - Duration::from_millis(1));
    assert_eq!(
        dispatch.start_all(),
        [0; 0],
        "it is not due, and its key waits"
    );
    assert_eq!(dispatch.next_due(), Some(due));
    dispatch.wake(due);
    assert_eq!(dispatch.start_all(), [0]);
    dispatch.finished(ticket(p, 0));
    assert_eq!(dispatch.start_all(), [1]);
}

#[test]
fn a_postponed_call_that_is_hastened_is_due_at_once() {
    let (mut dispatch, p) = with(LIMITS);
    let due = Instant::now() + BACKOFF;
    dispatch.take_on(p, [keyed(0), keyed(1)]);
    dispatch.start_all();
    dispatch.hasten(ticket(p, 0));
    postpone(&mut dispatch, p, 0, due);
    dispatch.hasten(ticket(p, 1));
    assert_eq!(dispatch.start_all(), [0; 0], "it was not hastened");
    dispatch.hasten(ticket(p, 0));
    assert_eq!(dispatch.next_due(), None);
    assert_eq!(dispatch.start_all(), [0]);
}

#[test]
fn a_postponed_call_is_cancelled_as_one_that_waits() {
    let (mut dispatch, p) = with(LIMITS);
    let due = Instant::now() + BACKOFF;
    dispatch.take_on(p, [keyed(0), keyed(1)]);
    dispatch.start_all();
    postpone(&mut dispatch, p, 0, due);
    assert_eq!(dispatch.cancel(p, &0), Cancelled::Waiting(0));
    assert_eq!(dispatch.next_due(), None);
    assert_eq!(dispatch.start_all(), [1]);
    dispatch.wake(due);
    assert_eq!(dispatch.start_all(), [0; 0]);
    assert_eq!(dispatch.commit(), [1]);
}

#[test]
fn postponed_calls_count_among_those_that_wait() {
    let (mut dispatch, p) = with(LIMITS);
    let due = Instant::now() + BACKOFF;
    for offset in 0..4 {
        dispatch.take_on(p, [call(offset)]);
        dispatch.start_all();
        postpone(&mut dispatch, p, offset, due);
    }
    assert_eq!(dispatch.flow(), [(p, Flow::Pause)]);
    dispatch.wake(due);
    assert_eq!(dispatch.start_all().len(), 2);
    assert_eq!(dispatch.flow(), [(p, Flow::Resume)]);
}

#[test]
fn what_a_call_holds_after_its_end_pauses_its_partition_until_it_is_settled() {
    let (mut dispatch, p) = with(LIMITS);
    dispatch.take_on(p, [call(0)]);
    dispatch.start_all();
    dispatch.hold(ticket(p, 0), LIMITS.queued_bytes);
    dispatch.finished(ticket(p, 0));
    assert_eq!(dispatch.flow(), [(p, Flow::Pause)]);
    dispatch.settled(ticket(p, 0));
    assert_eq!(dispatch.flow(), [(p, Flow::Resume)]);
}

#[test]
fn a_call_of_a_partition_that_is_given_up_is_not_postponed_but_the_next_owners() {
    let (mut dispatch, p) = with(LIMITS);
    let due = Instant::now() + BACKOFF;
    dispatch.take_on(p, [call(0), call(1)]);
    dispatch.start_all();
    postpone(&mut dispatch, p, 0, due);
    assert_eq!(dispatch.revoke(p), [0]);
    assert_eq!(dispatch.next_due(), None);
    assert_eq!(dispatch.postpone(ticket(p, 1), due, 1, 1), Err(1));
    assert!(dispatch.drained(p) && dispatch.running() == 0);
    assert_eq!(dispatch.release(p), None, "neither is finished");
}
