use std::collections::BTreeMap;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn at(start: Instant, millis: u64) -> Instant {
    start + Duration::from_millis(millis)
}

#[test]
fn a_full_table_gives_the_waiter_back() {
    let now = Instant::now();
    let mut calls = PendingCalls::new(2);
    assert_eq!(calls.insert(1, now, "one"), Ok(true));
    assert_eq!(calls.insert(2, now, "two"), Ok(false));
    assert_eq!(calls.insert(3, now, "three"), Err("three"));

    assert_eq!(calls.complete(1), Some("one"));
    assert_eq!(calls.insert(3, now, "three"), Ok(false));
    assert_eq!(calls.len(), 2);
}

#[test]
fn an_id_that_is_pending_keeps_its_first_waiter() {
    let start = Instant::now();
    let mut calls = PendingCalls::new(8);
    assert_eq!(calls.insert(7, at(start, 20), "first"), Ok(true));
    assert_eq!(calls.insert(7, at(start, 10), "second"), Err("second"));
    assert_eq!(calls.next_deadline(), Some(at(start, 20)));
    assert_eq!(calls.complete(7), Some("first"));
    assert_eq!(calls.complete(7), None);
}

#[test]
fn deadlines_of_calls_that_completed_are_swept_up() {
    let start = Instant::now();
    let mut calls = PendingCalls::new(8);
    assert_eq!(calls.insert(0, at(start, 9), ()), Ok(true));
    for id in 1..10_000_u128 {
        let deadline = at(start, 10 + id as u64 % 7);
        assert_eq!(calls.insert(id, deadline, ()), Ok(false));
        assert_eq!(calls.complete(id), Some(()));
        assert!(calls.deadlines.len() <= 2 + LEFT_BEHIND);
    }
    assert_eq!(calls.next_deadline(), Some(at(start, 9)));
    let mut expired = Vec::new();
    calls.expire(at(start, 60), &mut expired);
    assert_eq!((expired.len(), calls.next_deadline()), (1, None));
}

#[test]
fn only_a_deadline_before_all_others_is_the_earliest() {
    let start = Instant::now();
    let mut calls = PendingCalls::new(8);
    assert_eq!(calls.insert(1, at(start, 20), ()), Ok(true));
    assert_eq!(calls.insert(2, at(start, 20), ()), Ok(false));
    assert_eq!(calls.insert(3, at(start, 30), ()), Ok(false));
    assert_eq!(calls.insert(4, at(start, 10), ()), Ok(true));
}

#[test]
fn a_reply_after_the_deadline_finds_no_waiter() {
    let start = Instant::now();
    let mut calls = PendingCalls::new(8);
    calls
        .insert(1, at(start, 5), "late")
        .expect("there is room");
    let mut expired = Vec::new();
    calls.expire(at(start, 4), &mut expired);
    assert!(expired.is_empty(), "expired a millisecond early");
    calls.expire(at(start, 5), &mut expired);
    assert_eq!(expired, ["late"]);
    assert_eq!(calls.complete(1), None);
}

#[test]
fn the_ids_of_uuids_differ_in_every_part_of_their_hash() {
    let hashes: Vec<u64> = (0..1_000)
        .map(|_| {
            let mut hasher = IdHasher::default();
            hasher.write_u128(uuid::Uuid::new_v4().as_u128());
            hasher.finish()
        })
        .collect();
    for bit in 0..64 {
        let ones = hashes.iter().filter(|&hash| hash >> bit & 1 == 1).count();
        assert!(
            (350..650).contains(&ones),
            "bit {bit} is set in {ones} of 1,000 hashes"
        );
    }
}

#[derive(Debug, Clone)]
enum Event {
    Insert { id: u128, timeout: u64 },
    Complete { id: u128 },
    Pass { millis: u64 },
    Drain,
}

fn event() -> impl Strategy<Value = Event> {
    let id = 0..24_u128;
    prop_oneof![
        8 => (id.clone(), 0..40_u64).prop_map(|(id, timeout)| Event::Insert { id, timeout }),
        5 => id.prop_map(|id| Event::Complete { id }),
        4 => (0..15_u64).prop_map(|millis| Event::Pass { millis }),
        1 => Just(Event::Drain),
    ]
}

proptest! {
    /// The table against a plain map that is searched from end to end. A waiter is a number of its
    /// own, so one that left twice or never would show.
    #[test]
    fn every_waiter_leaves_exactly_once_and_never_early(events in vec(event(), 1..200)) {
        const LIMIT: usize = 12;
        let mut now = Instant::now();
        let mut calls = PendingCalls::new(LIMIT);
        let mut model: BTreeMap<u128, (Instant, usize)> = BTreeMap::new();
        // When the owner looks next.
        let mut timer = None;

        for (waiter, event) in events.into_iter().enumerate() {
            match event {
                Event::Insert { id, timeout } => {
                    let deadline = now + Duration::from_millis(timeout);
                    let refused = model.len() == LIMIT || model.contains_key(&id);
                    let inserted = calls.insert(id, deadline, waiter);
                    match inserted {
                        Ok(true) => timer = Some(deadline),
                        Ok(false) => {}
                        Err(back) => prop_assert_eq!(back, waiter),
                    }
                    prop_assert_eq!(inserted.is_err(), refused);
                    if !refused {
                        model.insert(id, (deadline, waiter));
                    }
                }
                Event::Complete { id } => {
                    prop_assert_eq!(calls.complete(id), model.remove(&id).map(|(_, waiter)| waiter));
                }
                Event::Pass { millis } => {
                    now += Duration::from_millis(millis);
                    let mut due: Vec<_> = model.iter().map(|(&id, &(deadline, waiter))| (deadline, id, waiter)).collect();
                    due.retain(|&(deadline, ..)| deadline <= now);
                    due.sort_unstable();
                    model.retain(|_, &mut (deadline, _)| deadline > now);
                    let mut expired = Vec::new();
                    calls.expire(now, &mut expired);
                    timer = calls.next_deadline();
                    prop_assert_eq!(expired, due.into_iter().map(|(.., waiter)| waiter).collect::<Vec<_>>());
                }
                Event::Drain => {
                    let mut drained = calls.drain();
                    drained.sort_unstable();
                    let mut expected: Vec<_> = std::mem::take(&mut model).into_values().map(|(_, waiter)| waiter).collect();
                    expected.sort_unstable();
                    prop_assert_eq!(drained, expected);
                }
            }
            prop_assert_eq!(calls.len(), model.len());
            prop_assert!(calls.deadlines.len() >= model.len());
            // Early is no harm, late is.
            let first = model.values().map(|&(deadline, _)| deadline).min();
            prop_assert!(first.is_none_or(|first| timer.is_some_and(|timer| timer <= first)));
        }
    }
}
