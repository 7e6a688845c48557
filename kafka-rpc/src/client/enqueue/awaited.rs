use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use crate::hashing::HashMap;

/// So long without a record, and nothing more is expected to come of a search: behind the last record of
/// a partition there may be some that readers are not told of, such as those that end transactions.
const QUIET: Duration = Duration::from_millis(250);

/// Whose replies are waited for in one partition, and from where on each may be. Pure.
///
/// The partition is read in its order, and now and then goes back, as far as anybody needs. Whoever
/// waits while it is read from where his reply may be, or from before that, misses nothing from then on:
/// it never goes forward.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    /// From where on each reply may be.
    from: HashMap<u128, i64>,
    /// Those of them that have been read past, by offset: who waits for one may have missed it.
    behind: BTreeSet<(i64, u128)>,
    /// What is read next; `None` where that is not known.
    cursor: Option<i64>,
    search: Option<Search>,
}

/// What is being read since it last went back.
#[derive(Debug)]
struct Search {
    /// Where the partition ended then.
    end: i64,
    /// When something was last read.
    progress: Instant,
}

/// What somebody who waits has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing more: it is read from where his reply may be, or was since he waits.
    Done,
    /// Have it read from there.
    ReadFrom(i64),
    /// Let others find theirs first: to look again after something was read, or then.
    Wait(Instant),
}

impl Awaited {
    /// Somebody waits whom replies find that are read from now on. False where one waits already for
    /// the same reply.
    pub(super) fn add(&mut self, id: u128, from: i64) -> bool {
        if self.from.contains_key(&id) {
            return false;
        }
        self.from.insert(id, from);
        if self.cursor.is_none_or(|cursor| from < cursor) {
            self.behind.insert((from, id));
        }
        true
    }

    /// Nobody waits for it any more.
    pub(super) fn remove(&mut self, id: u128) {
        if let Some(from) = self.from.remove(&id) {
            self.behind.remove(&(from, id));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.from.len()
    }

    /// What is to be done for one who waits. Where a search is for somebody still, it goes on to its end
    /// before the next begins, for all who have come since: else those who come again and again would
    /// keep it from getting anywhere.
    pub(super) fn step(&self, id: u128, now: Instant) -> Step {
        let is_behind = self
            .from
            .get(&id)
            .is_some_and(|from| self.behind.contains(&(*from, id)));
        let first = self.behind.first().filter(|_| is_behind);
        let Some((from, _)) = first else {
            return Step::Done;
        };
        let is_for_some = self.from.len() > self.behind.len();
        match (&self.search, self.cursor) {
            (Some(search), Some(cursor))
                if is_for_some && cursor < search.end && now < search.progress + QUIET =>
            {
                Step::Wait(search.progress + QUIET)
            }
            _ => Step::ReadFrom(*from),
        }
    }

    /// What is read from now on is from an offset on. `end` is where the partition ends.
    pub(super) fn moved(&mut self, to: i64, end: i64, now: Instant) {
        if self.cursor.is_none_or(|cursor| cursor < to) {
            self.suspect_all();
        }
        let _found = self.behind.split_off(&(to, 0));
        self.cursor = Some(to);
        self.search = Some(Search { end, progress: now });
    }

    /// Records are about to be handed over, up to before an offset.
    pub(super) fn read(&mut self, next: i64, now: Instant) {
        if let Some(cursor) = &mut self.cursor {
            *cursor = next;
        }
        if let Some(search) = &mut self.search {
            search.progress = now;
        }
    }

    /// It could not be read from where it should be; nobody knows from where it is.
    pub(super) fn failed(&mut self) {
        self.cursor = None;
        self.search = None;
        self.suspect_all();
    }

    fn suspect_all(&mut self) {
        let all = self.from.iter().map(|(id, from)| (*from, *id));
        self.behind.extend(all);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, VecDeque};

    use proptest::prelude::*;

    use super::*;

    /// Has it read from where `id` needs it, and says from where.
    fn search(awaited: &mut Awaited, id: u128, end: i64, now: Instant) -> Option<i64> {
        match awaited.step(id, now) {
            Step::ReadFrom(from) => {
                awaited.moved(from, end, now);
                Some(from)
            }
            _ => None,
        }
    }

    #[test]
    fn one_search_is_for_all_who_wait_when_it_is_made() {
        let (mut awaited, now) = (Awaited::default(), Instant::now());
        assert!(awaited.add(1, 70) && awaited.add(2, 30) && awaited.add(3, 50));
        assert_eq!(search(&mut awaited, 1, 90, now), Some(30));
        assert_eq!([1, 2, 3].map(|id| awaited.step(id, now)), [Step::Done; 3]);
    }

    #[test]
    fn who_comes_before_what_he_waits_for_is_read_needs_no_search() {
        let (mut awaited, now) = (Awaited::default(), Instant::now());
        awaited.add(1, 30);
        search(&mut awaited, 1, 90, now);
        awaited.read(60, now);
        awaited.add(2, 60);
        assert_eq!(awaited.step(2, now), Step::Done);
    }

    #[test]
    fn a_search_ends_before_the_next_and_goes_no_further_back_than_it_has_to() {
        let (mut awaited, now) = (Awaited::default(), Instant::now());
        awaited.add(1, 10);
        search(&mut awaited, 1, 90, now);
        awaited.read(60, now);
        awaited.add(2, 40);
        assert_eq!(awaited.step(2, now), Step::Wait(now + QUIET));
        awaited.read(90, now);
        assert_eq!(awaited.step(2, now), Step::ReadFrom(40));
    }

    #[test]
    fn a_search_behind_which_nothing_is_told_of_ends_after_a_while() {
        let (mut awaited, now) = (Awaited::default(), Instant::now());
        awaited.add(1, 10);
        search(&mut awaited, 1, 90, now);
        awaited.read(88, now);
        awaited.add(2, 40);
        assert_eq!(awaited.step(2, now + QUIET), Step::ReadFrom(40));
    }

    #[test]
    fn a_search_for_somebody_who_is_gone_keeps_nobody() {
        let (mut awaited, now) = (Awaited::default(), Instant::now());
        awaited.add(1, 10);
        search(&mut awaited, 1, 90, now);
        awaited.read(60, now);
        awaited.remove(1);
        awaited.add(2, 40);
        assert_eq!(awaited.step(2, now), Step::ReadFrom(40));
    }

    #[test]
    fn a_reply_is_waited_for_once_at_a_time() {
        let mut awaited = Awaited::default();
        assert!(awaited.add(1, 70));
        assert!(!awaited.add(1, 70));
        awaited.remove(1);
        assert!(awaited.add(1, 70));
    }

    #[derive(Clone, Debug)]
    enum Event {
        /// Another one waits.
        Wait { from: i64 },
        /// One of those who wait does what he has to.
        Step(prop::sample::Index),
        /// The reader goes where it was first asked to go, or can't.
        Go { fails: bool },
        /// One of those who wait gives up.
        GiveUp(prop::sample::Index),
        /// So many records are read.
        Read(i64),
    }

    const END: i64 = 40;

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            (0..END).prop_map(|from| Event::Wait { from }),
            any::<prop::sample::Index>().prop_map(Event::Step),
            prop::bool::weighted(0.1).prop_map(|fails| Event::Go { fails }),
            any::<prop::sample::Index>().prop_map(Event::GiveUp),
            (1..10_i64).prop_map(Event::Read),
        ]
    }

    /// A partition, and what each of those has seen of it who wait.
    struct Partition {
        awaited: Awaited,
        now: Instant,
        /// Where the reader was asked to go, and has not gone yet.
        asked: VecDeque<i64>,
        position: Option<i64>,
        seen: BTreeMap<u128, (i64, Vec<bool>)>,
    }

    impl Partition {
        fn step(&mut self, id: u128) -> bool {
            match self.awaited.step(id, self.now) {
                Step::Done => false,
                Step::ReadFrom(from) => {
                    self.asked.push_back(from);
                    true
                }
                Step::Wait(until) => {
                    self.now = until;
                    true
                }
            }
        }

        fn go(&mut self, fails: bool) {
            match self.asked.pop_front() {
                Some(_) if fails => {
                    // Wherever it is now.
                    self.position = Some(END / 2);
                    self.awaited.failed();
                }
                Some(to) => {
                    self.position = Some(to);
                    self.awaited.moved(to, END, self.now);
                }
                None => {}
            }
        }

        fn read(&mut self, records: i64) {
            let Some(position) = &mut self.position else {
                return;
            };
            let next = END.min(*position + records);
            self.awaited.read(next, self.now);
            for offset in std::mem::replace(position, next)..next {
                for (_, seen) in self.seen.values_mut() {
                    seen[offset as usize] = true;
                }
            }
        }
    }

    proptest! {
        #[test]
        fn whoever_waits_sees_all_from_where_his_reply_may_be(
            events in prop::collection::vec(event(), 1..80),
        ) {
            let mut partition = Partition {
                awaited: Awaited::default(),
                now: Instant::now(),
                asked: VecDeque::new(),
                position: None,
                seen: BTreeMap::new(),
            };
            let mut next = 0;
            for event in events {
                let pick = |seen: &BTreeMap<u128, _>, index: prop::sample::Index| {
                    let ids: Vec<u128> = seen.keys().copied().collect();
                    (!ids.is_empty()).then(|| *index.get(&ids))
                };
                match event {
                    Event::Wait { from } => {
                        prop_assert!(partition.awaited.add(next, from));
                        partition.seen.insert(next, (from, vec![false; END as usize]));
                        next += 1;
                    }
                    Event::Step(index) => {
                        if let Some(id) = pick(&partition.seen, index) {
                            partition.step(id);
                        }
                    }
                    Event::Go { fails } => partition.go(fails),
                    Event::GiveUp(index) => {
                        if let Some(id) = pick(&partition.seen, index) {
                            partition.awaited.remove(id);
                            partition.seen.remove(&id);
                        }
                    }
                    Event::Read(records) => partition.read(records),
                }
            }
            while !partition.asked.is_empty() {
                partition.go(false);
            }
            let mut steps = 0;
            for id in partition.seen.keys().copied().collect::<Vec<_>>() {
                while partition.step(id) {
                    partition.go(false);
                    steps += 1;
                    prop_assert!(steps < 200, "it goes on searching");
                }
            }
            partition.read(END);
            for (from, seen) in partition.seen.values() {
                prop_assert!(seen[*from as usize..].iter().all(|seen| *seen), "from {}: {:?}", from, seen);
            }
            prop_assert_eq!(partition.awaited.len(), partition.seen.len());
        }

        #[test]
        fn those_who_come_later_keep_nobody_from_what_he_waits_for(
            batch in 1..50_i64,
            back in 1..100_i64,
        ) {
            const LAST: i64 = 1_000;
            let (mut awaited, now) = (Awaited::default(), Instant::now());
            awaited.add(0, 0);
            search(&mut awaited, 0, LAST, now);
            let (mut position, mut batches) = (0, 0);
            while position < LAST {
                position = LAST.min(position + batch);
                batches += 1;
                awaited.read(position, now);
                let late = batches as u128;
                awaited.add(late, (position - back).max(0));
                if search(&mut awaited, late, LAST, now).is_some() {
                    prop_assert_eq!(position, LAST, "it was not read to the end");
                }
            }
            prop_assert_eq!(batches, (LAST + batch - 1) / batch);
        }
    }
}
