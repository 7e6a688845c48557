//! A group's member whose transactions fail at every step, and whose partitions come and go.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::transport::Outgoing;

const PARTITIONS: i32 = 3;
const CALLS: i64 = 6;

type Call = (i32, i64);

/// What the brokers have, and what the member has of it.
#[derive(Default)]
struct World {
    /// What goes wrong, and when: nothing once these are used up.
    choices: Vec<u8>,
    generation: u32,
    /// What is committed: how often each call has taken effect, and which count as finished.
    effects: BTreeMap<Call, u32>,
    finished: BTreeMap<i32, BTreeSet<i64>>,
    /// Written in the open transaction.
    open: Vec<Call>,
    /// Its producer has gone on to nothing.
    fatal: bool,
    /// The member's partitions: as what it knows them, and what it takes for finished.
    owned: BTreeMap<i32, (u64, BTreeSet<i64>)>,
    next_id: u64,
    next_seq: u64,
    unanswered: Option<u64>,
    refused: BTreeSet<Call>,
}

impl World {
    fn choice(&mut self, of: u8) -> u8 {
        self.choices.pop().map_or(0, |choice| choice % of)
    }

    fn assign(&mut self, partition: i32) {
        let finished = self.finished.entry(partition).or_default().clone();
        self.owned.insert(partition, (self.next_id, finished));
        self.next_id += 1;
    }

    /// A partition goes to another member, which handles all that is to be handled; it may come back.
    fn rebalance(&mut self) {
        let partition = i32::from(self.choice(PARTITIONS as u8));
        self.generation += 1;
        if self.owned.remove(&partition).is_none() {
            return self.assign(partition);
        }
        for offset in 0..CALLS / 2 {
            if self.finished.entry(partition).or_default().insert(offset) {
                *self.effects.entry((partition, offset)).or_default() += 1;
            }
        }
    }

    /// Something may happen at any time.
    fn step(&mut self) -> Result<(), Trouble> {
        if self.fatal {
            return Err(Trouble::Fatal(error()));
        }
        match self.choice(12) {
            1 => {
                self.fatal = true;
                Err(Trouble::Fatal(error()))
            }
            2 => Err(Trouble::Abort(error())),
            3 => {
                self.rebalance();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn apply(&mut self, offsets: &[TransactedOffset]) {
        for call in self.open.drain(..) {
            *self.effects.entry(call).or_default() += 1;
        }
        for TransactedOffset {
            partition,
            committed,
            ..
        } in offsets
        {
            self.finished
                .insert(partition.partition, finished(committed));
        }
    }

    fn tickets(&self, token: u128) -> Option<Call> {
        let id = (token >> 64) as u64;
        let owned = self.owned.iter().find(|(_, (known, _))| *known == id);
        owned.map(|(&partition, _)| (partition, token as i64))
    }
}

fn error() -> TransportError {
    TransportError::new(Failure::Other, "it happens")
}

fn committed(finished: &BTreeSet<i64>) -> CommittedOffset {
    let lowest = (0..).find(|offset| !finished.contains(offset));
    let later: Vec<_> = finished.iter().map(ToString::to_string).collect();
    CommittedOffset {
        offset: lowest.unwrap_or_default(),
        metadata: later.join(","),
    }
}

fn finished(committed: &CommittedOffset) -> BTreeSet<i64> {
    let offsets = committed.metadata.split(',');
    offsets.filter_map(|offset| offset.parse().ok()).collect()
}

fn call_of(record: &Outgoing) -> Call {
    (record.partition.unwrap(), record.value.len() as i64)
}

#[derive(Clone, Default)]
struct Sim(Rc<RefCell<World>>);

impl Writer for Sim {
    type Membership = u32;

    fn begin(&mut self) -> Result<(), Trouble> {
        assert!(self.0.borrow().open.is_empty(), "a transaction is open");
        self.0.borrow_mut().step()
    }

    fn write(&mut self, units: &[Unit]) -> Result<(), Trouble> {
        let mut world = self.0.borrow_mut();
        for (index, unit) in units.iter().enumerate() {
            world.step()?;
            if world.choice(20) == 1 {
                return Err(Trouble::Refused {
                    unit: index,
                    record: 0,
                    error: error(),
                });
            }
            let calls = unit.records.iter().map(call_of);
            world.open.extend(calls);
        }
        Ok(())
    }

    fn membership(&mut self) -> Result<u32, Trouble> {
        let mut world = self.0.borrow_mut();
        world.step()?;
        let generation = world.generation;
        world.step().map(|()| generation)
    }

    fn commit(&mut self, by: u32, offsets: &[TransactedOffset]) -> Result<(), Trouble> {
        let mut world = self.0.borrow_mut();
        world.step()?;
        if by != world.generation && !offsets.is_empty() {
            return Err(Trouble::Abort(error()));
        }
        let choice = world.choice(4);
        if choice != 1 {
            world.apply(offsets);
        }
        if choice == 0 || choice == 3 {
            return Ok(());
        }
        // Nobody hears of it.
        world.fatal = true;
        Err(Trouble::Fatal(error()))
    }

    fn abort(&mut self) -> Result<(), Trouble> {
        let mut world = self.0.borrow_mut();
        // What can't be aborted is aborted by the next producer.
        world.step().map_err(|_| {
            world.fatal = true;
            Trouble::Fatal(error())
        })?;
        world.open.clear();
        Ok(())
    }

    fn renew(&mut self) -> Result<(), Trouble> {
        let mut world = self.0.borrow_mut();
        world.open.clear();
        world.fatal = false;
        Ok(())
    }

    fn committed(
        &mut self,
        partitions: &[PartitionRef],
    ) -> Result<Vec<Option<CommittedOffset>>, Trouble> {
        let mut world = self.0.borrow_mut();
        world.step()?;
        let found = |partition: &PartitionRef| {
            let finished = world.finished.get(&partition.partition)?;
            Some(committed(finished))
        };
        Ok(partitions.iter().map(found).collect())
    }
}

impl Owner for Sim {
    fn owns(&self, token: u128) -> bool {
        self.0.borrow().tickets(token).is_some()
    }

    fn written(&self, tokens: &[u128]) -> Option<(u64, Vec<TransactedOffset>)> {
        let mut world = self.0.borrow_mut();
        assert_eq!(world.unanswered, None, "the last one has no answer");
        for token in tokens {
            if let Some((partition, offset)) = world.tickets(*token)
                && let Some((_, finished)) = world.owned.get_mut(&partition)
            {
                finished.insert(offset);
            }
        }
        let changed: Vec<_> = world
            .owned
            .iter()
            .filter(|(partition, (_, ours))| world.finished.get(partition) != Some(ours))
            .map(|(&partition, (id, ours))| TransactedOffset {
                token: u128::from(*id) << 64,
                partition: PartitionRef {
                    topic: Arc::from("calls"),
                    partition,
                },
                committed: committed(ours),
            })
            .collect();
        if changed.is_empty() {
            return None;
        }
        let seq = world.next_seq;
        world.next_seq += 1;
        world.unanswered = Some(seq);
        Some((seq, changed))
    }

    fn unwritable(&self, unit: Unit, _: usize, _: TransportError) {
        let calls = unit.records.iter().map(call_of);
        self.0.borrow_mut().refused.extend(calls);
    }

    fn committed(&self, seq: u64) {
        let mut world = self.0.borrow_mut();
        assert_eq!(world.unanswered.take(), Some(seq));
    }
}

/// Handles what is to be handled, once in each assignment, in two portions.
fn handle(world: &World, handled: &mut HashMap<u64, i64>, turns: &mut Turns, until: i64) {
    for (&partition, (id, finished)) in &world.owned {
        let from = handled.entry(*id).or_default();
        for offset in *from..until {
            if !finished.contains(&offset) && !world.refused.contains(&(partition, offset)) {
                let record = Outgoing {
                    partition: Some(partition),
                    value: vec![0; offset as usize].into(),
                    ..Outgoing::default()
                };
                turns.add(vec![Unit {
                    records: vec![record],
                    token: Some(u128::from(*id) << 64 | offset as u128),
                }]);
            }
        }
        *from = until.max(*from);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn every_call_takes_effect_once_and_counts_as_finished_with_it(choices in vec(any::<u8>(), 0..400)) {
        let sim = Sim::default();
        sim.0.borrow_mut().choices = choices;
        for partition in 0..PARTITIONS {
            sim.0.borrow_mut().assign(partition);
        }
        let mut turns = Turns::default();
        let mut writer = sim.clone();
        let mut handled = HashMap::new();
        let mut quiet = 0;
        while quiet < 3 {
            if turns.takes_more() {
                let mut world = sim.0.borrow_mut();
                let until = if world.choices.len() > 100 { CALLS / 2 } else { CALLS };
                if world.choices.is_empty() {
                    // All come back in the end.
                    for partition in 0..PARTITIONS {
                        if !world.owned.contains_key(&partition) {
                            world.assign(partition);
                        }
                    }
                }
                handle(&world, &mut handled, &mut turns, until);
            }
            match turns.turn(&mut writer, &sim) {
                Ok(true) => quiet = 0,
                Ok(false) => {
                    let mut world = sim.0.borrow_mut();
                    quiet += usize::from(world.choices.is_empty());
                    if world.choice(4) == 1 {
                        world.rebalance();
                    }
                }
                Err(Trouble::Fatal(_)) => while writer.renew().is_err() {},
                Err(_) => {}
            }
            for effects in sim.0.borrow().effects.values() {
                prop_assert_eq!(*effects, 1);
            }
        }
        let world = sim.0.borrow();
        for partition in 0..PARTITIONS {
            for offset in 0..CALLS {
                let call = (partition, offset);
                let done = world.effects.contains_key(&call);
                let counted = world.finished.get(&partition).is_some_and(|all| all.contains(&offset));
                let refused = world.refused.contains(&call);
                prop_assert!(done || refused, "{:?} is lost", call);
                prop_assert!(counted || !done, "{:?} is done, and would be again", call);
            }
        }
    }
}
