use super::*;

#[test]
fn a_partition_is_paused_at_its_limit_and_resumed_at_half_of_it() {
    let (mut dispatch, p) = with(LIMITS);
    dispatch.take_on(p, (0..5).map(keyed));
    dispatch.start_all();
    assert_eq!(dispatch.flow(), [(p, Flow::Pause)]);
    assert_eq!(dispatch.flow(), [], "it was told");
    dispatch.cancel(p, &4);
    assert_eq!(dispatch.flow(), [], "three wait");
    dispatch.cancel(p, &3);
    assert_eq!(dispatch.flow(), [(p, Flow::Resume)]);
}

#[test]
fn a_partition_is_paused_for_the_bytes_that_wait() {
    let (mut dispatch, p) = with(LIMITS);
    let large = Submission {
        bytes: 5_000,
        ..at_most_once(0)
    };
    dispatch.take_on(p, [large]);
    assert_eq!(dispatch.flow(), [(p, Flow::Pause)]);
    dispatch.commit();
    assert_eq!(dispatch.flow(), []);
    dispatch.start_all();
    assert_eq!(dispatch.flow(), [(p, Flow::Resume)]);
}

#[test]
fn a_burst_that_can_run_at_once_pauses_nothing() {
    let (mut dispatch, p) = with(Limits {
        concurrency: 100,
        ..LIMITS
    });
    dispatch.take_on(p, (0..100).map(call));
    dispatch.start_all();
    assert_eq!(dispatch.flow(), []);
}

#[test]
fn a_partition_is_paused_while_too_many_replies_are_unacknowledged() {
    for delivery in [Delivery::AtLeastOnce, Delivery::AtMostOnce] {
        let (mut dispatch, p) = with(LIMITS);
        let mut paused = None;
        for offset in 0..5_000 {
            dispatch.take_on(
                p,
                [Submission {
                    delivery,
                    ..call(offset)
                }],
            );
            if delivery == Delivery::AtMostOnce {
                dispatch.commit();
            }
            assert_eq!(dispatch.start_all(), [offset]);
            dispatch.finished(ticket(p, offset));
            if dispatch.flow() == [(p, Flow::Pause)] {
                paused = Some(offset);
                break;
            }
        }
        let last = paused.unwrap_or_else(|| panic!("{delivery:?} is never paused"));
        for offset in 0..=last {
            dispatch.settled(ticket(p, offset));
        }
        assert_eq!(dispatch.flow(), [(p, Flow::Resume)]);
    }
}
