use crate::hashing::HashMap;

/// Whose replies are waited for in one partition, and from where on each may be. Pure.
///
/// Now and then the partition is read anew, from where the first of all those may be. Who waits by then
/// misses nothing from then on, so he need not have it read anew himself.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    waiting: HashMap<u128, Want>,
    /// The number of the next one who waits.
    next: u64,
    /// Those with a lower number miss nothing.
    served: u64,
}

#[derive(Debug)]
struct Want {
    number: u64,
    from: i64,
}

/// From where on a partition is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Search {
    pub(super) from: i64,
    /// Those with a lower number are served, once it is read from there.
    before: u64,
}

impl Awaited {
    /// Somebody waits whom replies find that are read from now on. False where one waits already for
    /// the same reply.
    pub(super) fn add(&mut self, id: u128, from: i64) -> bool {
        if self.waiting.contains_key(&id) {
            return false;
        }
        let number = self.next;
        self.next += 1;
        self.waiting.insert(id, Want { number, from });
        true
    }

    /// From where on it has to be read for somebody; `None` where it has been since he waits.
    pub(super) fn search(&self, id: u128) -> Option<Search> {
        self.waiting
            .get(&id)
            .filter(|want| want.number >= self.served)?;
        Some(Search {
            // Also of those who are served: what they wait for may not have been read yet.
            from: self.waiting.values().map(|want| want.from).min()?,
            before: self.next,
        })
    }

    /// The partition is read from there.
    pub(super) fn searched(&mut self, search: Search) {
        self.served = self.served.max(search.before);
    }

    /// Nobody waits for it any more.
    pub(super) fn remove(&mut self, id: u128) {
        self.waiting.remove(&id);
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_search_is_for_all_who_wait_when_it_is_made() {
        let mut awaited = Awaited::default();
        assert!(awaited.add(1, 70) && awaited.add(2, 30) && awaited.add(3, 50));
        let search = awaited.search(1).unwrap();
        assert_eq!(search.from, 30);
        assert!(awaited.add(4, 10));
        awaited.searched(search);
        assert_eq!([1, 2, 3].map(|id| awaited.search(id)), [None; 3]);
        assert_eq!(awaited.search(4).map(|search| search.from), Some(10));
    }

    #[test]
    fn a_search_that_failed_serves_nobody() {
        let mut awaited = Awaited::default();
        awaited.add(1, 70);
        assert!(awaited.search(1).is_some());
        assert!(awaited.search(1).is_some());
    }

    #[test]
    fn a_reply_is_waited_for_once_at_a_time() {
        let mut awaited = Awaited::default();
        assert!(awaited.add(1, 70));
        assert!(!awaited.add(1, 70));
        awaited.remove(1);
        assert!(awaited.add(1, 70));
        assert!(awaited.search(1).is_some());
    }

    #[derive(Clone, Debug)]
    enum Step {
        /// Another one waits.
        Wait { from: i64 },
        /// One of those who wait has the partition read from where he needs it.
        Search(prop::sample::Index),
        /// One of them gives up.
        GiveUp(prop::sample::Index),
        /// So many records are read.
        Read(i64),
    }

    const END: i64 = 40;

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..END).prop_map(|from| Step::Wait { from }),
            any::<prop::sample::Index>().prop_map(Step::Search),
            any::<prop::sample::Index>().prop_map(Step::GiveUp),
            (1..10_i64).prop_map(Step::Read),
        ]
    }

    /// A partition, and what each of those has seen of it who wait.
    #[derive(Default)]
    struct Partition {
        awaited: Awaited,
        position: Option<i64>,
        seen: BTreeMap<u128, (i64, Vec<bool>)>,
    }

    impl Partition {
        fn search(&mut self, id: u128) {
            let Some(search) = self.awaited.search(id) else {
                return;
            };
            self.position = Some(search.from);
            self.awaited.searched(search);
        }

        fn read(&mut self, records: i64) {
            let Some(position) = &mut self.position else {
                return;
            };
            let until = END.min(*position + records);
            for offset in std::mem::replace(position, until)..until {
                for (_, seen) in self.seen.values_mut() {
                    seen[offset as usize] = true;
                }
            }
        }
    }

    proptest! {
        #[test]
        fn whoever_waits_sees_all_from_where_his_reply_may_be(
            steps in prop::collection::vec(step(), 1..60),
        ) {
            let mut partition = Partition::default();
            let mut next = 0;
            for step in steps {
                let pick = |seen: &BTreeMap<u128, _>, index: prop::sample::Index| {
                    let ids: Vec<u128> = seen.keys().copied().collect();
                    (!ids.is_empty()).then(|| *index.get(&ids))
                };
                match step {
                    Step::Wait { from } => {
                        prop_assert!(partition.awaited.add(next, from));
                        partition.seen.insert(next, (from, vec![false; END as usize]));
                        next += 1;
                    }
                    Step::Search(index) => {
                        if let Some(id) = pick(&partition.seen, index) {
                            partition.search(id);
                        }
                    }
                    Step::GiveUp(index) => {
                        if let Some(id) = pick(&partition.seen, index) {
                            partition.awaited.remove(id);
                            partition.seen.remove(&id);
                        }
                    }
                    Step::Read(records) => partition.read(records),
                }
            }
            for id in partition.seen.keys().copied().collect::<Vec<_>>() {
                partition.search(id);
            }
            partition.read(END);
            for (from, seen) in partition.seen.values() {
                prop_assert!(seen[*from as usize..].iter().all(|seen| *seen), "from {}: {:?}", from, seen);
            }
            prop_assert_eq!(partition.awaited.len(), partition.seen.len());
        }
    }
}
