use super::*;

#[test]
fn a_revoked_partition_gives_its_waiting_calls_to_the_next_owner() {
    let (mut dispatch, p) = with(LIMITS);
    dispatch.take_on(p, [keyed(0), keyed(1), at_most_once(2), at_most_once(3)]);
    dispatch.commit();
    assert_eq!(dispatch.start_all(), [0, 2]);

    assert_eq!(dispatch.revoke(p), [1, 3]);
    assert_eq!(
        dispatch.revoke(p),
        [0_i64; 0],
        "they were given back before"
    );
    assert!(!dispatch.drained(p));
    for offset in [0, 2] {
        dispatch.finished(ticket(p, offset));
        dispatch.settled(ticket(p, offset));
    }
    assert!(dispatch.drained(p) && dispatch.partitions[&p].holds_nothing());
    assert_eq!(dispatch.start_all(), [0_i64; 0]);

    let Commit { offset, metadata } = dispatch.release(p).expect("0 has settled");
    let mut heir = Progress::resume(offset, &metadata);
    assert_eq!(offset, 1);
    assert_eq!(heir.arrive(1), Arrival::Handle);
    assert_eq!(heir.arrive(2), Arrival::AlreadyDone);
    assert_eq!(
        heir.arrive(3),
        Arrival::Handle,
        "it never started, so it still may"
    );
}

#[test]
fn a_call_whose_handler_was_lost_is_not_waited_for_and_left_to_the_next_owner() {
    let (mut dispatch, p) = with(LIMITS);
    dispatch.take_on(p, [call(0), call(1)]);
    assert_eq!(dispatch.start_all(), [0, 1]);
    dispatch.abandoned(ticket(p, 0));
    dispatch.finished(ticket(p, 1));
    assert!(!dispatch.drained(p), "the reply of 1 is on its way");
    dispatch.settled(ticket(p, 1));
    assert!(dispatch.drained(p) && dispatch.running() == 0);

    let Commit { offset, metadata } = dispatch.release(p).expect("1 has settled");
    let mut heir = Progress::resume(offset, &metadata);
    assert_eq!(heir.arrive(0), Arrival::Handle);
    assert_eq!(heir.arrive(1), Arrival::AlreadyDone);
}

#[test]
fn a_record_that_meets_a_revoked_partition_is_its_next_owners() {
    let (mut dispatch, p) = with(LIMITS);
    assert_eq!(dispatch.arrive(p, 0), Some(Arrival::Handle));
    dispatch.revoke(p);
    assert_eq!(dispatch.submit(p, 0, at_most_once(0)), Err(0));
    assert_eq!(dispatch.arrive(p, 1), None);
    assert_eq!(dispatch.release(p), None, "nothing is finished");
    assert_eq!(dispatch.submit(p, 0, call(0)), Err(0));
}

#[test]
fn a_stale_ticket_makes_room_and_changes_nothing_else() {
    let (mut dispatch, p) = with(LIMITS);
    dispatch.take_on(p, [keyed(0), call(1)]);
    assert_eq!(dispatch.start_all(), [0, 1]);
    assert_eq!(dispatch.release(p), None);

    let again = dispatch.assign(Progress::start(0));
    dispatch.take_on(again, [keyed(0), keyed(1)]);
    assert_eq!(
        dispatch.start_all(),
        [0_i64; 0],
        "the handlers of the old calls still run"
    );
    assert_eq!(dispatch.cancel(p, &0), Cancelled::Unknown);
    dispatch.finished(ticket(p, 0));
    dispatch.settled(ticket(p, 0));
    assert_eq!(dispatch.start_all(), [0], "one handler has ended");
    dispatch.finished(ticket(p, 0));
    dispatch.settled(ticket(p, 0));
    dispatch.skip(p, 0);
    assert_eq!(dispatch.running(), 2);
    assert!(
        dispatch.take_commits().is_none(),
        "0 is not finished under its new owner"
    );
}

#[test]
fn the_last_commit_is_told_again_while_the_one_before_is_in_flight() {
    let (mut dispatch, p) = with(LIMITS);
    assert_eq!(dispatch.arrive(p, 0), Some(Arrival::Handle));
    dispatch.skip(p, 0);
    let batch = dispatch.take_commits().expect("0 is finished");
    let last = dispatch.release(p);
    assert_eq!(
        last.as_ref(),
        batch.commits.first().map(|(_, commit)| commit)
    );
    dispatch.commit_failed(batch.seq);
    assert!(dispatch.take_commits().is_none());
}
