use super::*;

#[test]
fn no_more_calls_run_than_the_limit() {
    let (mut dispatch, p) = with(LIMITS);
    dispatch.take_on(p, (0..4).map(call));
    assert_eq!(dispatch.start_all(), [0, 1]);
    dispatch.finished(ticket(p, 1));
    assert_eq!(dispatch.start_all(), [2]);
    dispatch.finished(ticket(p, 1));
    assert_eq!(
        dispatch.start_all(),
        [0_i64; 0],
        "a call that ended twice made room twice"
    );
}

#[test]
fn calls_with_one_key_run_in_order_one_at_a_time() {
    let (mut dispatch, p) = with(LIMITS);
    dispatch.take_on(p, [keyed(0), keyed(1), call(2), keyed(3)]);
    assert_eq!(dispatch.start_all(), [0, 2]);
    dispatch.finished(ticket(p, 2));
    assert_eq!(dispatch.start_all(), [0_i64; 0]);
    dispatch.finished(ticket(p, 0));
    assert_eq!(
        dispatch.start_all(),
        [1],
        "the reply to 0 need not be acknowledged"
    );
    dispatch.finished(ticket(p, 1));
    assert_eq!(dispatch.start_all(), [3]);
}

#[test]
fn one_key_in_two_partitions_is_two_keys() {
    let (mut dispatch, p) = with(LIMITS);
    let q = dispatch.assign(Progress::start(10));
    dispatch.take_on(p, [keyed(0)]);
    dispatch.take_on(q, [keyed(10)]);
    assert_eq!(dispatch.start_all(), [0, 10]);
}

#[test]
fn the_call_that_came_first_starts_first_whatever_its_partition() {
    let (mut dispatch, p) = with(LIMITS);
    let q = dispatch.assign(Progress::start(10));
    dispatch.take_on(p, [call(0)]);
    dispatch.take_on(q, [call(10), keyed(11), keyed(12)]);
    dispatch.take_on(p, [call(1)]);
    assert_eq!(dispatch.start_all(), [0, 10]);
    dispatch.finished(ticket(p, 0));
    assert_eq!(dispatch.start_all(), [11]);
    dispatch.finished(ticket(q, 11));
    assert_eq!(
        dispatch.start_all(),
        [12],
        "it came before 1, and its key is free"
    );
}

#[test]
fn a_limit_of_nothing_counts_as_one() {
    let (mut dispatch, p) = with(Limits {
        concurrency: 0,
        queued_calls: 0,
        queued_bytes: 0,
    });
    assert_eq!(dispatch.arrive(p, 0), Some(Arrival::Handle));
    assert_eq!(dispatch.flow(), []);
    dispatch
        .submit(p, 0, call(0))
        .expect("the partition is owned");
    assert_eq!(dispatch.start_all(), [0]);
}
