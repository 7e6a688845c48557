//! Random events against a model.

mod assignment;
mod kafka;
mod model;
mod promises;
mod world;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use self::assignment::Record;
use self::world::{LOGS, World};
use super::*;

#[derive(Debug, Clone)]
enum Event {
    Append {
        log: usize,
        record: Record,
    },
    Assign {
        log: usize,
    },
    Fetch {
        log: usize,
    },
    FetchAgain {
        log: usize,
        index: Index,
    },
    Start,
    Finish(Index),
    Settle(Index),
    Postpone {
        index: Index,
        millis: u64,
    },
    Hasten(Index),
    Pass {
        millis: u64,
    },
    Hold {
        index: Index,
        bytes: usize,
    },
    /// The next call that was started ends and settles: most do.
    Serve,
    Cancel {
        log: usize,
        id: u8,
    },
    Take,
    Answer {
        confirmed: bool,
        applied: bool,
    },
    Flow,
    Revoke {
        log: usize,
    },
    Release {
        log: usize,
        orderly: bool,
        applied: bool,
    },
    Crash,
}

fn record() -> impl Strategy<Value = Record> {
    let delivery = prop_oneof![Just(Delivery::AtLeastOnce), Just(Delivery::AtMostOnce)];
    let key = proptest::option::of(0..3_u8);
    (
        key,
        0..6_u8,
        0..40_usize,
        delivery,
        prop::bool::weighted(0.1),
    )
        .prop_map(|(key, id, bytes, delivery, poison)| Record {
            key,
            id,
            bytes,
            delivery,
            poison,
        })
}

fn event() -> impl Strategy<Value = Event> {
    let log = || 0..LOGS;
    let index = any::<Index>;
    let coin = any::<bool>;
    prop_oneof![
        20 => (log(), record()).prop_map(|(log, record)| Event::Append { log, record }),
        4 => log().prop_map(|log| Event::Assign { log }),
        20 => log().prop_map(|log| Event::Fetch { log }),
        1 => (log(), index()).prop_map(|(log, index)| Event::FetchAgain { log, index }),
        16 => Just(Event::Start),
        6 => index().prop_map(Event::Finish),
        6 => index().prop_map(Event::Settle),
        4 => (index(), 0..20_u64).prop_map(|(index, millis)| Event::Postpone { index, millis }),
        3 => index().prop_map(Event::Hasten),
        4 => (0..10_u64).prop_map(|millis| Event::Pass { millis }),
        2 => (index(), 0..40_usize).prop_map(|(index, bytes)| Event::Hold { index, bytes }),
        8 => Just(Event::Serve),
        3 => (log(), 0..6_u8).prop_map(|(log, id)| Event::Cancel { log, id }),
        6 => Just(Event::Take),
        6 => (prop::bool::weighted(0.7), coin()).prop_map(|(confirmed, applied)| Event::Answer { confirmed, applied }),
        4 => Just(Event::Flow),
        1 => log().prop_map(|log| Event::Revoke { log }),
        2 => (log(), prop::bool::weighted(0.7), coin()).prop_map(|(log, orderly, applied)| Event::Release { log, orderly, applied }),
        1 => prop::bool::weighted(0.2).prop_map(|crash| if crash { Event::Crash } else { Event::Flow }),
    ]
}

fn step(world: &mut World, event: Event) {
    match event {
        Event::Append { log, record } => world.append(log, record),
        Event::Assign { log } => world.assign(log),
        Event::Fetch { log } => {
            world.fetch(log);
        }
        Event::FetchAgain { log, index } => world.fetch_again(log, |below| index.index(below)),
        Event::Start => {
            world.start();
        }
        Event::Finish(index) => world
            .ticket(|all| index.index(all))
            .into_iter()
            .for_each(|ticket| world.finish(ticket)),
        Event::Settle(index) => world
            .ticket(|all| index.index(all))
            .into_iter()
            .for_each(|ticket| world.settle(ticket)),
        Event::Postpone { index, millis } => world
            .ticket(|all| index.index(all))
            .into_iter()
            .for_each(|ticket| world.postpone(ticket, millis)),
        Event::Hasten(index) => world
            .ticket(|all| index.index(all))
            .into_iter()
            .for_each(|ticket| world.hasten(ticket)),
        Event::Pass { millis } => world.pass(millis),
        Event::Hold { index, bytes } => world
            .ticket(|all| index.index(all))
            .into_iter()
            .for_each(|ticket| world.hold(ticket, bytes)),
        Event::Serve => world.serve(),
        Event::Cancel { log, id } => world.cancel(log, id),
        Event::Take => world.take(),
        Event::Answer { confirmed, applied } => world.answer(confirmed, applied),
        Event::Flow => world.flow(),
        Event::Revoke { log } => world.revoke(log),
        Event::Release {
            log, orderly: true, ..
        } => world.release_orderly(log),
        Event::Release {
            log,
            orderly: false,
            applied,
        } => world.release_early(log, applied),
        Event::Crash => world.crash(),
    }
    world.assert_counts();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Whatever comes in whatever order, what starts, what is committed and what is paused is what
    /// the model says; in the end every call has been handled as its delivery promises, and nothing
    /// is left behind.
    #[test]
    fn every_call_is_handled_as_its_delivery_promises(
        events in vec(event(), 1..300),
        concurrency in 1..6_usize,
        queued_calls in 1..8_usize,
        queued_bytes in 1..200_usize,
    ) {
        let mut world = World::new(Limits { concurrency, queued_calls, queued_bytes });
        for event in events {
            step(&mut world, event);
        }
        world.run_out();
        world.assert_promises_are_kept();
        world.assert_nothing_is_left();
    }
}
