use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// What a log, its finished calls and the commits look like to someone who writes everything down.
#[derive(Debug, Clone, Default)]
struct Ledger {
    /// What is known to be unfinished, whether it arrived in this life or not.
    unfinished: BTreeSet<i64>,
    claimed: BTreeSet<i64>,
    next: i64,
    position: i64,
}

impl Ledger {
    fn arrive(&mut self, offset: i64) -> Arrival {
        if offset < self.position {
            return Arrival::Repeat;
        }
        self.unfinished
            .retain(|&open| open < self.position || open >= offset);
        self.position = offset + 1;
        if offset >= self.next {
            self.unfinished.insert(offset);
            self.next = offset + 1;
        }
        match self.unfinished.contains(&offset) {
            true => Arrival::Handle,
            false => Arrival::AlreadyDone,
        }
    }

    fn resume(&self) -> Self {
        let position = *self.unfinished.first().unwrap_or(&self.next);
        Self {
            claimed: BTreeSet::new(),
            position,
            ..self.clone()
        }
    }

    fn arrived(&self) -> Vec<i64> {
        self.unfinished.range(..self.position).copied().collect()
    }
}

#[derive(Debug, Clone)]
enum Event {
    Append { gap: i64 },
    Truncate { records: usize },
    Fetch,
    FetchAgain(Index),
    Complete(Index),
    Claim(Index),
    Reopen(Index),
    Take,
    Fail,
    Crash(Index),
}

fn event() -> impl Strategy<Value = Event> {
    let index = any::<Index>;
    prop_oneof![
        10 => prop_oneof![5 => Just(0), 1 => 1..4_i64].prop_map(|gap| Event::Append { gap }),
        1 => (0..4_usize).prop_map(|records| Event::Truncate { records }),
        16 => Just(Event::Fetch),
        1 => index().prop_map(Event::FetchAgain),
        8 => index().prop_map(Event::Complete),
        3 => index().prop_map(Event::Claim),
        1 => index().prop_map(Event::Reopen),
        4 => Just(Event::Take),
        1 => Just(Event::Fail),
        1 => index().prop_map(Event::Crash),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever arrives, finishes and crashes: what was finished when the commit was taken is not
    /// handled again, what was unfinished is, and no commit passes it.
    #[test]
    fn a_commit_tells_exactly_what_is_finished(events in vec(event(), 1..250)) {
        let mut log = BTreeSet::new();
        let mut log_end = 0;
        let mut ledger = Ledger::default();
        let mut progress = Progress::start(0);
        let mut commits = vec![(Commit { offset: 0, metadata: String::new() }, ledger.clone())];
        let mut changed = false;

        for event in events {
            match event {
                Event::Append { gap } => {
                    log.insert(log_end + gap);
                    log_end += gap + 1;
                }
                Event::Truncate { records } => {
                    (0..records).for_each(|_| { log.pop_first(); });
                }
                Event::Fetch => {
                    if let Some(&offset) = log.range(ledger.position..).next() {
                        let lowest = ledger.resume().position;
                        let expected = ledger.arrive(offset);
                        changed |= ledger.resume().position != lowest;
                        prop_assert_eq!(progress.arrive(offset), expected, "offset {}", offset);
                    }
                }
                Event::FetchAgain(index) => {
                    let offset = index.index(ledger.position as usize + 1) as i64 - 1;
                    if offset >= 0 {
                        prop_assert_eq!(progress.arrive(offset), Arrival::Repeat);
                    }
                }
                Event::Complete(index) => {
                    let offset = index.index(ledger.position as usize + 1) as i64;
                    let open = offset < ledger.position && ledger.unfinished.remove(&offset);
                    let claimed = ledger.claimed.remove(&offset);
                    changed |= open;
                    if offset < ledger.position {
                        prop_assert_eq!(progress.complete(offset), open || claimed);
                    }
                }
                Event::Claim(index) => {
                    let arrived = ledger.arrived();
                    if !arrived.is_empty() {
                        let offset = *index.get(&arrived);
                        prop_assert!(progress.claim(offset));
                        ledger.unfinished.remove(&offset);
                        ledger.claimed.insert(offset);
                        changed = true;
                    }
                }
                Event::Reopen(index) => {
                    let claimed: Vec<i64> = ledger.claimed.iter().copied().collect();
                    if !claimed.is_empty() {
                        let offset = *index.get(&claimed);
                        progress.reopen(offset);
                        ledger.claimed.remove(&offset);
                        ledger.unfinished.insert(offset);
                        changed = true;
                    }
                }
                Event::Take => {
                    let taken = progress.take_commit();
                    prop_assert!(taken.is_some() || !changed, "a change was not taken");
                    changed = false;
                    if let Some(commit) = taken {
                        let lowest = ledger.unfinished.first().copied().unwrap_or(ledger.next);
                        prop_assert_eq!(commit.offset, lowest);
                        let heir = Progress::resume(commit.offset, &commit.metadata);
                        for offset in commit.offset..ledger.next {
                            let finished = offset < heir.next && !heir.open.contains(&offset);
                            prop_assert_eq!(finished, !ledger.unfinished.contains(&offset), "offset {} in {:?}", offset, &commit);
                        }
                        commits.push((commit, ledger.clone()));
                    }
                }
                Event::Fail => {
                    progress.commit_failed();
                    changed = true;
                }
                Event::Crash(index) => {
                    let (commit, then) = index.get(&commits);
                    progress = Progress::resume(commit.offset, &commit.metadata);
                    ledger = then.resume();
                    changed = false;
                    prop_assert_eq!(progress.start_offset(), ledger.position);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// As many records as there is room for, and as many more as may overshoot, in rounds that
    /// leave the calls unfinished which cost the most.
    #[test]
    fn a_commit_tells_everything_while_room_is_respected(
        rounds in vec((
            prop_oneof![Just(1), Just(2), 120..140_i64, 300..1_000_i64],
            prop_oneof![20 => Just(0), 1 => Just(200), 1 => Just(20_000), 1 => Just(1_i64 << 40)],
        ), 1..8),
    ) {
        let mut progress = Progress::start(0);
        for (keep, gap) in rounds {
            let mut arrivals = 0;
            while progress.room() && arrivals < 20_000 {
                progress.arrive(progress.position + if arrivals % 7 == 0 { gap } else { 0 });
                arrivals += 1;
                let done = progress.position - 1;
                if arrivals > 2_000 && done % keep != 0 {
                    progress.complete(done);
                }
            }
            let overshoot = if arrivals > 0 { MAX_OVERSHOOT } else { 0 };
            for _ in 0..overshoot {
                progress.arrive(progress.position);
            }
            assert_tells_everything(&progress)?;
            for offset in progress.open.clone() {
                if offset % keep != 0 {
                    progress.complete(offset);
                }
            }
            assert_tells_everything(&progress)?;
        }
    }

    /// The owner that takes over a commit which is as full as can be gets through it, and past it.
    #[test]
    fn a_full_commit_can_be_resumed(keep in 1..4_i64, stride in 1..600_usize) {
        let mut progress = Progress::start(0);
        while progress.room() {
            progress.arrive(progress.position);
            let done = progress.position - 1;
            if done % keep != 0 {
                progress.complete(done);
            }
        }
        (0..MAX_OVERSHOOT).for_each(|_| { progress.arrive(progress.position); });
        progress.complete(0);
        progress.complete(progress.next - 1);
        let commit = progress.take_commit().expect("calls have finished");
        let end = progress.next + 5_000;

        let mut progress = Progress::resume(commit.offset, &commit.metadata);
        let mut running = Vec::new();
        let mut paused = false;
        while progress.position < end {
            paused = if paused { !progress.half_free() } else { !progress.room() };
            if paused {
                prop_assert!(!running.is_empty(), "paused for ever at {}", progress.position);
                running.drain(..running.len().min(stride)).for_each(|offset| { progress.complete(offset); });
            } else if progress.arrive(progress.position) == Arrival::Handle {
                running.push(progress.position - 1);
            }
        }
    }
}

fn assert_tells_everything(progress: &Progress) -> Result<(), TestCaseError> {
    let metadata = metadata::encode(progress.open.iter().copied(), progress.next);
    prop_assert!(metadata.len() <= 4_096, "{} bytes", metadata.len());
    let heir = Progress::resume(progress.unfinished(), &metadata);
    let (told, untold): (VecDeque<i64>, VecDeque<i64>) = progress
        .open
        .iter()
        .copied()
        .partition(|&open| open < heir.next);
    prop_assert_eq!(&heir.open, &told);
    prop_assert_eq!(
        untold.len() as i64,
        progress.next - heir.next,
        "finished offsets past {} were not told",
        heir.next
    );
    Ok(())
}
