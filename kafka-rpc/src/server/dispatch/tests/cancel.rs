use super::*;

#[test]
fn a_cancelled_call_that_waits_never_starts_and_is_finished() {
    let (mut dispatch, p) = with(LIMITS);
    dispatch.take_on(p, [keyed(0), keyed(1), keyed(2)]);
    assert_eq!(dispatch.cancel(p, &1), Cancelled::Waiting(1));
    assert_eq!(dispatch.cancel(p, &0), Cancelled::Waiting(0));
    assert_eq!(dispatch.cancel(p, &0), Cancelled::Unknown);
    assert_eq!(dispatch.commit(), [2]);
    assert_eq!(dispatch.start_all(), [2]);
}

#[test]
fn a_cancel_that_comes_after_the_handler_has_ended_is_too_late() {
    let (mut dispatch, p) = with(LIMITS);
    dispatch.take_on(p, [call(0)]);
    dispatch.start_all();
    assert_eq!(dispatch.cancel(p, &0), Cancelled::Running(ticket(p, 0)));
    dispatch.finished(ticket(p, 0));
    assert_eq!(dispatch.cancel(p, &0), Cancelled::Unknown);
}

#[test]
fn a_cancel_reaches_the_last_call_with_its_id_only() {
    let (mut dispatch, p) = with(LIMITS);
    let same_id = |offset| Submission {
        id: Some(0),
        ..call(offset)
    };
    dispatch.take_on(p, [same_id(0), same_id(1)]);
    assert_eq!(dispatch.start_all(), [0, 1]);
    dispatch.finished(ticket(p, 0));
    assert_eq!(dispatch.cancel(p, &0), Cancelled::Running(ticket(p, 1)));
}

#[test]
fn a_call_cancelled_while_commits_fail_leaves_nothing_behind() {
    let (mut dispatch, p) = with(LIMITS);
    for offset in 0..10 {
        dispatch.take_on(p, [at_most_once(offset)]);
        let batch = dispatch.take_commits().expect("a call is claimed");
        if offset % 2 == 0 {
            dispatch.commit_failed(batch.seq);
        }
        assert_eq!(dispatch.cancel(p, &offset), Cancelled::Waiting(offset));
        assert!(dispatch.partitions[&p].holds_nothing(), "after {offset}");
        dispatch.commit_failed(batch.seq);
    }
}
