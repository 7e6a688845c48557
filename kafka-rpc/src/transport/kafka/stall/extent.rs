use std::ops::Range;

/// What a look at a partition from an offset on shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// Its records are read, or there are none.
    Readable,
    /// They are not: those of the batch that begins here, where that is told.
    Unreadable { batch: Option<i64>, why: String },
    /// Nothing can be said: the brokers do not answer.
    Unknown,
}

/// Which records can't be read, if those at `from` can't: up to where they can be again, or where
/// another batch begins that can't be read, either. `end` is where the partition ends.
///
/// Batches say how many records they have only where they can be read. So the end of one is searched:
/// at steps that grow, and then by halves. Where it is not told which batch it is, each offset is
/// looked at, since there may be good ones between two that are bad.
pub(super) fn unreadable(
    from: i64,
    end: i64,
    mut look: impl FnMut(i64) -> Sight,
) -> Option<(Range<i64>, String)> {
    let Sight::Unreadable { batch, why } = look(from) else {
        return None;
    };
    let mut is_same = |offset| match look(offset) {
        Sight::Readable => Some(false),
        Sight::Unreadable { batch: other, .. } => Some(other == batch),
        Sight::Unknown => None,
    };
    // What is at `last` is of the batch; what is at `next` is not.
    let (mut last, mut next, mut step) = (from, end.max(from + 1), 1);
    while last + step < next {
        match is_same(last + step)? {
            true => last += step,
            false => next = last + step,
        }
        if batch.is_some() {
            step *= 2;
        }
    }
    while last + 1 < next {
        let middle = last + (next - last) / 2;
        match is_same(middle)? {
            true => last = middle,
            false => next = middle,
        }
    }
    Some((from..next, why))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A partition of batches that can be read or not.
    struct Log {
        /// Where each begins, and whether it can be read, and whether it is told where it begins.
        batches: Vec<(i64, bool)>,
        end: i64,
        told: bool,
    }

    impl Log {
        fn new(batches: &[(i64, bool)], told: bool) -> Self {
            let mut log = Self {
                batches: Vec::new(),
                end: 0,
                told,
            };
            for &(records, readable) in batches {
                log.batches.push((log.end, readable));
                log.end += records;
            }
            log
        }

        fn batch(&self, offset: i64) -> usize {
            self.batches.partition_point(|(start, _)| *start <= offset) - 1
        }

        fn look(&self, offset: i64) -> Sight {
            match self.batches[self.batch(offset)] {
                _ if offset >= self.end => Sight::Readable,
                (_, true) => Sight::Readable,
                (start, false) => Sight::Unreadable {
                    batch: self.told.then_some(start),
                    why: "damaged".to_owned(),
                },
            }
        }

        /// Where what can't be read ends that `from` is in.
        fn expected(&self, from: i64) -> i64 {
            let mut batch = self.batch(from) + 1;
            while !self.told
                && self
                    .batches
                    .get(batch)
                    .is_some_and(|(_, readable)| !readable)
            {
                batch += 1;
            }
            self.batches
                .get(batch)
                .map_or(self.end, |(start, _)| *start)
        }
    }

    proptest! {
        #[test]
        fn what_can_not_be_read_is_found_to_its_last_record_and_nothing_else_is(
            batches in prop::collection::vec((1..2_000_i64, prop::bool::weighted(0.5)), 1..20),
            told: bool,
            from: prop::sample::Index,
        ) {
            let log = Log::new(&batches, told);
            let from = from.index(log.end as usize) as i64;
            let mut looks = 0;
            let found = unreadable(from, log.end, |offset| {
                looks += 1;
                assert!((from..=log.end).contains(&offset));
                log.look(offset)
            });
            match log.look(from) {
                Sight::Readable => prop_assert_eq!(found, None),
                _ => prop_assert_eq!(found.map(|(range, _)| range), Some(from..log.expected(from))),
            }
            prop_assert!(!told || looks <= 40, "{} looks", looks);
        }

        #[test]
        fn nothing_is_stepped_past_where_the_brokers_do_not_answer(known in 0..12_usize) {
            let log = Log::new(&[(3, true), (100, false), (3, true)], true);
            let mut looks = 0;
            let found = unreadable(3, log.end, |offset| {
                looks += 1;
                if looks > known { Sight::Unknown } else { log.look(offset) }
            });
            prop_assert!(found.is_none_or(|(range, _)| range == (3..103)));
        }
    }
}
