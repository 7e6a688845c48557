use super::*;

fn commit(offset: i64, metadata: &str) -> Option<Commit> {
    Some(Commit {
        offset,
        metadata: metadata.to_owned(),
    })
}

#[test]
fn calls_that_finish_in_order_move_the_offset_alone() {
    let mut progress = Progress::start(10);
    assert_eq!(progress.take_commit(), None, "nothing has happened");
    for offset in 10..13 {
        assert_eq!(progress.arrive(offset), Arrival::Handle);
    }
    assert_eq!(progress.take_commit(), None, "nothing is finished");
    assert!(progress.complete(10));
    assert_eq!(progress.take_commit(), commit(11, ""));
    assert_eq!(progress.take_commit(), None, "nothing has changed since");
    assert!(progress.complete(11) && progress.complete(12));
    assert!(!progress.complete(12), "it was finished before");
    assert_eq!(progress.take_commit(), commit(13, ""));
}

#[test]
fn a_call_that_finished_out_of_order_is_not_handled_after_a_crash() {
    let mut progress = Progress::start(10);
    for offset in 10..14 {
        progress.arrive(offset);
    }
    progress.complete(11);
    let taken = progress.take_commit().expect("a call has finished");
    assert_eq!(taken.offset, 10);

    let mut progress = Progress::resume(taken.offset, &taken.metadata);
    assert_eq!(progress.start_offset(), 10);
    let arrivals = (10..15).map(|offset| progress.arrive(offset));
    use Arrival::{AlreadyDone, Handle};
    assert!(arrivals.eq([Handle, AlreadyDone, Handle, Handle, Handle]));
}

#[test]
fn a_record_that_comes_again_is_a_repeat_finished_or_not() {
    let mut progress = Progress::start(0);
    progress.arrive(0);
    progress.arrive(1);
    progress.complete(0);
    assert_eq!(progress.arrive(0), Arrival::Repeat);
    assert_eq!(progress.arrive(1), Arrival::Repeat);
}

#[test]
fn a_failed_commit_is_taken_again() {
    let mut progress = Progress::start(0);
    progress.arrive(0);
    progress.complete(0);
    assert_eq!(progress.take_commit(), commit(1, ""));
    progress.commit_failed();
    assert_eq!(progress.take_commit(), commit(1, ""));
}

#[test]
fn unfinished_calls_whose_records_are_gone_hold_nothing_back() {
    // 0 and 3 are unfinished; retention has removed the log up to 4.
    let metadata = metadata::encode([0, 3].into_iter(), 5);
    let mut progress = Progress::resume(0, &metadata);
    assert_eq!(progress.arrive(4), Arrival::AlreadyDone);
    assert_eq!(progress.take_commit(), commit(5, ""));
}

#[test]
fn a_claimed_call_counts_as_finished_until_it_is_reopened() {
    let mut progress = Progress::start(0);
    progress.arrive(0);
    assert!(progress.claim(0));
    assert!(!progress.claim(0), "it is claimed");
    assert_eq!(progress.take_commit(), commit(1, ""));
    progress.reopen(0);
    assert_eq!(progress.take_commit(), commit(0, ""));

    progress.claim(0);
    assert!(progress.complete(0));
    progress.reopen(0);
    assert_eq!(
        progress.take_commit(),
        commit(1, ""),
        "a finished call stays finished"
    );
}

#[test]
fn a_claimed_call_takes_up_room_until_it_is_completed() {
    let mut progress = Progress::start(0);
    for offset in 0..10_000 {
        progress.arrive(offset);
        progress.claim(offset);
    }
    assert!(!progress.room() && !progress.half_free());
    for offset in 0..10_000 {
        progress.complete(offset);
    }
    assert!(progress.half_free());
}

#[test]
fn one_call_that_never_ends_leaves_room_for_others() {
    let mut progress = Progress::start(0);
    progress.arrive(0);
    for offset in (1_000_000_000..).take(100_000) {
        assert!(
            progress.room() && progress.half_free(),
            "no room at {offset}"
        );
        progress.arrive(offset);
        progress.complete(offset - 100);
    }
}

#[test]
fn damaged_metadata_only_makes_calls_repeat() {
    let mut progress = Progress::resume(-5, "kr1:!");
    assert_eq!(progress.start_offset(), 0);
    assert_eq!(progress.arrive(0), Arrival::Handle);
}
