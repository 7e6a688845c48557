use super::*;

#[test]
fn a_call_is_committed_when_its_reply_is_acknowledged() {
    let (mut dispatch, p) = with(LIMITS);
    dispatch.take_on(p, [call(0)]);
    dispatch.start_all();
    dispatch.finished(ticket(p, 0));
    assert_eq!(dispatch.unsettled(), 1);
    assert!(dispatch.take_commits().is_none());
    dispatch.settled(ticket(p, 0));
    assert_eq!(dispatch.commit(), [1]);
}

#[test]
fn a_reply_may_be_acknowledged_before_the_end_of_its_handler_is_reported() {
    let (mut dispatch, p) = with(LIMITS);
    dispatch.take_on(p, [keyed(0), keyed(1)]);
    dispatch.start_all();
    dispatch.settled(ticket(p, 0));
    assert_eq!(dispatch.commit(), [1]);
    assert_eq!(dispatch.start_all(), [0_i64; 0], "0 still runs");
    assert!(!dispatch.drained(p));
    dispatch.finished(ticket(p, 0));
    assert_eq!(dispatch.unsettled(), 0);
    assert_eq!(dispatch.start_all(), [1]);
}

#[test]
fn an_at_most_once_call_starts_when_a_later_commit_is_confirmed() {
    let (mut dispatch, p) = with(LIMITS);
    dispatch.take_on(p, [at_most_once(0)]);
    let first = dispatch.take_commits().expect("0 is claimed");
    dispatch.take_on(p, [at_most_once(1)]);
    assert!(dispatch.take_commits().is_none(), "one batch at a time");
    assert_eq!(dispatch.start_all(), [0_i64; 0]);

    dispatch.committed(first.seq);
    assert_eq!(
        dispatch.start_all(),
        [0],
        "1 came after the commit was taken"
    );
    assert_eq!(dispatch.commit(), [2]);
    assert_eq!(dispatch.start_all(), [1]);
}

#[test]
fn an_at_most_once_call_waits_until_a_commit_succeeds() {
    let (mut dispatch, p) = with(LIMITS);
    dispatch.take_on(p, [at_most_once(0)]);
    for _ in 0..3 {
        let batch = dispatch.take_commits().expect("the last commit failed");
        dispatch.commit_failed(batch.seq);
        dispatch.committed(batch.seq);
        assert_eq!(dispatch.start_all(), [0_i64; 0]);
    }
    dispatch.commit();
    assert_eq!(dispatch.start_all(), [0]);
}

#[test]
fn a_call_that_waits_for_a_commit_holds_its_key_and_nothing_else() {
    let (mut dispatch, p) = with(LIMITS);
    let held = Submission {
        delivery: Delivery::AtMostOnce,
        ..keyed(0)
    };
    dispatch.take_on(p, [held, keyed(1), call(2)]);
    assert_eq!(dispatch.start_all(), [2]);
    dispatch.commit();
    assert_eq!(dispatch.start_all(), [0]);
    dispatch.finished(ticket(p, 0));
    assert_eq!(dispatch.start_all(), [1]);
}
