use std::hash::Hash;

use crate::hashing::HashMap;

/// Which calls are under way, and who waits for their ends: of calls that are the same, one is at a
/// time. It knows nothing of how calls end, so whoever waited [arrives](Self::arrive) anew.
#[derive(Debug)]
pub(in crate::server) struct UnderWay<K, W>(HashMap<K, Vec<W>>);

/// What a call that arrives is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Turn {
    /// It is under way until its [end](UnderWay::end).
    Begins,
    /// It waits for the end of the one that is under way.
    Waits,
}

impl<K: Eq + Hash + Clone, W> UnderWay<K, W> {
    pub(in crate::server) fn new() -> Self {
        Self(HashMap::default())
    }

    /// A call comes; `waiter` is told if it has to wait.
    pub(in crate::server) fn arrive(&mut self, call: &K, waiter: W) -> Turn {
        match self.0.get_mut(call) {
            Some(waiting) => {
                waiting.push(waiter);
                Turn::Waits
            }
            None => {
                self.0.insert(call.clone(), Vec::new());
                Turn::Begins
            }
        }
    }

    /// The call that was under way has ended. Tells who waited for it.
    pub(in crate::server) fn end(&mut self, call: &K) -> Vec<W> {
        self.0.remove(call).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// What happens next. An index is that of one of the calls that are there.
    #[derive(Debug, Clone)]
    enum Event {
        /// A call with this key comes.
        Call(u8),
        /// One that is under way ends, and this is recorded or not.
        End { index: usize, recorded: bool },
        /// One that waits has nobody any more who wants it.
        Withdraw(usize),
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            4 => (0..4_u8).prop_map(Event::Call),
            3 => (any::<usize>(), any::<bool>())
                .prop_map(|(index, recorded)| Event::End { index, recorded }),
            1 => any::<usize>().prop_map(Event::Withdraw),
        ]
    }

    /// A server with a store: what is done about calls by what [`UnderWay`] says.
    #[derive(Default)]
    struct Server {
        calls: u32,
        running: BTreeMap<u8, u32>,
        waiting: BTreeSet<(u8, u32)>,
        recorded: BTreeMap<u8, u32>,
        answered: BTreeMap<u32, u32>,
        /// How often the effect of a key was recorded, and made.
        effects: BTreeMap<u8, u32>,
    }

    impl Server {
        fn arrive(&mut self, under_way: &mut UnderWay<u8, u32>, key: u8, call: u32) {
            match under_way.arrive(&key, call) {
                Turn::Waits => {
                    assert!(self.running.contains_key(&key), "nothing is waited for");
                    assert!(self.waiting.insert((key, call)), "it waits twice");
                }
                Turn::Begins => match self.recorded.get(&key) {
                    Some(&first) => {
                        self.answered.insert(call, first);
                        self.end(under_way, key);
                    }
                    None => {
                        let other = self.running.insert(key, call);
                        assert_eq!(other, None, "two calls of one key run");
                    }
                },
            }
        }

        fn end(&mut self, under_way: &mut UnderWay<u8, u32>, key: u8) {
            for call in under_way.end(&key) {
                if self.waiting.remove(&(key, call)) {
                    self.arrive(under_way, key, call);
                }
            }
        }
    }

    proptest! {
        /// Of calls with one key one runs at a time, none runs when one has been recorded, and none
        /// waits for nothing: in the end each was answered, ran or was withdrawn.
        #[test]
        fn one_call_of_a_key_is_recorded_and_answers_the_others(events in vec(event(), 1..200)) {
            let mut under_way = UnderWay::new();
            let mut server = Server::default();
            let end = |server: &mut Server, under_way: &mut UnderWay<u8, u32>, key, recorded| {
                let call = server.running.remove(&key).expect("it runs");
                if recorded {
                    server.recorded.insert(key, call);
                    *server.effects.entry(key).or_default() += 1;
                    server.answered.insert(call, call);
                }
                server.end(under_way, key);
            };
            for event in events {
                match event {
                    Event::Call(key) => {
                        server.calls += 1;
                        let call = server.calls;
                        server.arrive(&mut under_way, key, call);
                    }
                    Event::End { index, recorded } => {
                        let running: Vec<u8> = server.running.keys().copied().collect();
                        if !running.is_empty() {
                            end(&mut server, &mut under_way, running[index % running.len()], recorded);
                        }
                    }
                    Event::Withdraw(index) => {
                        let waiting: Vec<_> = server.waiting.iter().copied().collect();
                        if !waiting.is_empty() {
                            server.waiting.remove(&waiting[index % waiting.len()]);
                        }
                    }
                }
            }
            while let Some((&key, _)) = server.running.first_key_value() {
                end(&mut server, &mut under_way, key, true);
            }
            prop_assert!(server.waiting.is_empty(), "{:?} wait for nothing", server.waiting);
            prop_assert!(under_way.0.is_empty(), "something is left");
            prop_assert!(server.effects.values().all(|effects| *effects == 1));
            for (call, first) in &server.answered {
                prop_assert!(first <= call, "a call is answered from a later one");
            }
        }
    }
}
