use std::time::Duration;

use tokio::time::Instant;

use super::probe::Evidence;
use crate::hashing::{HashMap, HashSet};
use crate::transport::PartitionRef;

/// After so long without progress, though there is more to be read, a partition is suspected.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one is left alone after it has been looked at.
const REST: Duration = Duration::from_secs(10);

/// Which of the group's partitions may be stuck. Pure: it is told of errors, positions and time.
#[derive(Debug)]
pub(super) struct Suspects {
    evidence: Evidence,
    /// By a consumer's error: from which offset on.
    accused: HashMap<PartitionRef, i64>,
    /// At which offset a partition has been since when.
    still: HashMap<PartitionRef, (i64, Instant)>,
    resting: HashMap<PartitionRef, Instant>,
    /// Where nothing was found that can't be read: there are records which consumers are not told of,
    /// such as those that end transactions.
    cleared: HashMap<PartitionRef, Place>,
    paused: HashSet<PartitionRef>,
}

/// Where a partition is read, and where it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Place {
    pub(in super::super) partition: PartitionRef,
    /// The next offset that is to be read.
    pub(in super::super) position: i64,
    pub(in super::super) end: i64,
}

impl Suspects {
    pub(super) fn new(evidence: Evidence) -> Self {
        Self {
            evidence,
            accused: HashMap::default(),
            still: HashMap::default(),
            resting: HashMap::default(),
            cleared: HashMap::default(),
            paused: HashSet::default(),
        }
    }

    /// An error says that what is at an offset can't be read.
    pub(super) fn accuse(&mut self, partition: PartitionRef, offset: i64) {
        self.accused.insert(partition, offset);
    }

    /// Whether an error has said so of some partition.
    pub(super) fn any_accused(&self) -> bool {
        !self.accused.is_empty()
    }

    /// Nothing is read of a partition by intention, or it is again.
    pub(super) fn pause(&mut self, partitions: &[PartitionRef], paused: bool) {
        for partition in partitions {
            self.still.remove(partition);
            match paused {
                true => self.paused.insert(partition.clone()),
                false => self.paused.remove(partition),
            };
        }
    }

    /// Takes a look at all partitions, and tells which one is to be probed, if one is.
    pub(super) fn suspect(&mut self, places: &[Place], now: Instant) -> Option<Place> {
        let is_there =
            |partition: &PartitionRef| places.iter().any(|it| it.partition == *partition);
        self.still.retain(|partition, _| is_there(partition));
        self.paused.retain(|partition| is_there(partition));
        self.resting
            .retain(|partition, until| is_there(partition) && *until > now);
        self.cleared.retain(|_, cleared| places.contains(cleared));
        let accused = std::mem::take(&mut self.accused);
        let mut suspect = None;
        for place in places {
            let partition = &place.partition;
            let is_still = self.is_still(place, now) && self.evidence == Evidence::Silence;
            let is_accused = accused
                .get(partition)
                .is_some_and(|offset| *offset <= place.position);
            let is_left_alone = self.paused.contains(partition)
                || self.resting.contains_key(partition)
                || self.cleared.contains_key(partition)
                || place.position >= place.end;
            if (is_still || is_accused) && !is_left_alone && suspect.is_none() {
                self.resting.insert(partition.clone(), now + REST);
                suspect = Some(place.clone());
            }
        }
        suspect
    }

    /// What was to be done about a partition has been done: it need not rest.
    pub(super) fn forget(&mut self, partition: &PartitionRef) {
        self.resting.remove(partition);
        self.still.remove(partition);
    }

    /// Nothing is wrong with a partition, as long as it is there and no record comes.
    pub(super) fn clear(&mut self, place: Place) {
        self.cleared.insert(place.partition.clone(), place);
    }

    fn is_still(&mut self, place: &Place, now: Instant) -> bool {
        let (position, since) = *self
            .still
            .entry(place.partition.clone())
            .and_modify(|still| {
                // Who has read all there is waits for nothing.
                if still.0 != place.position || place.position >= place.end {
                    *still = (place.position, now);
                }
            })
            .or_insert((place.position, now));
        position == place.position && now.duration_since(since) >= PATIENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition() -> PartitionRef {
        PartitionRef {
            topic: "t".into(),
            partition: 0,
        }
    }

    fn at(position: i64, end: i64) -> Vec<Place> {
        vec![Place {
            partition: partition(),
            position,
            end,
        }]
    }

    #[test]
    fn a_partition_that_an_error_names_is_suspected_at_once_and_then_left_alone_for_a_while() {
        let (mut suspects, now) = (Suspects::new(Evidence::Silence), Instant::now());
        suspects.accuse(partition(), 3);
        assert_eq!(suspects.suspect(&at(3, 9), now), at(3, 9).pop());
        suspects.accuse(partition(), 3);
        assert_eq!(suspects.suspect(&at(3, 9), now), None);
        suspects.accuse(partition(), 3);
        assert_eq!(suspects.suspect(&at(3, 9), now + REST), at(3, 9).pop());
    }

    #[test]
    fn an_error_of_what_is_behind_the_records_that_are_read_first_is_no_evidence_yet() {
        let (mut suspects, now) = (Suspects::new(Evidence::Silence), Instant::now());
        suspects.accuse(partition(), 5);
        assert_eq!(suspects.suspect(&at(3, 9), now), None);
    }

    #[test]
    fn a_partition_without_progress_is_suspected_after_a_while() {
        let (mut suspects, now) = (Suspects::new(Evidence::Silence), Instant::now());
        assert_eq!(suspects.suspect(&at(3, 9), now), None);
        let soon = now + PATIENCE / 2;
        assert_eq!(suspects.suspect(&at(3, 9), soon), None);
        assert_eq!(suspects.suspect(&at(3, 9), now + PATIENCE), at(3, 9).pop());
    }

    #[test]
    fn where_errors_alone_are_evidence_a_partition_without_progress_is_not_suspected() {
        let (mut suspects, now) = (Suspects::new(Evidence::Errors), Instant::now());
        suspects.suspect(&at(3, 9), now);
        assert_eq!(suspects.suspect(&at(3, 9), now + PATIENCE * 9), None);
        suspects.accuse(partition(), 3);
        let late = now + PATIENCE * 9;
        assert_eq!(suspects.suspect(&at(3, 9), late), at(3, 9).pop());
    }

    #[test]
    fn a_partition_with_which_nothing_is_wrong_is_not_suspected_again_before_a_record_comes() {
        let (mut suspects, now) = (Suspects::new(Evidence::Silence), Instant::now());
        suspects.suspect(&at(8, 9), now);
        let suspect = suspects.suspect(&at(8, 9), now + PATIENCE).unwrap();
        suspects.forget(&suspect.partition);
        suspects.clear(suspect);
        for times in 2..9 {
            assert_eq!(suspects.suspect(&at(8, 9), now + PATIENCE * times), None);
        }
        suspects.suspect(&at(8, 10), now + PATIENCE * 9);
        let late = now + PATIENCE * 10;
        assert_eq!(suspects.suspect(&at(8, 10), late), at(8, 10).pop());
    }

    #[test]
    fn progress_an_end_and_a_pause_clear_a_partition() {
        let (mut suspects, now) = (Suspects::new(Evidence::Silence), Instant::now());
        suspects.suspect(&at(3, 9), now);
        suspects.suspect(&at(4, 9), now + PATIENCE);
        assert_eq!(suspects.suspect(&at(4, 9), now + PATIENCE * 3 / 2), None);
        suspects.suspect(&at(9, 9), now + PATIENCE * 2);
        assert_eq!(suspects.suspect(&at(9, 9), now + PATIENCE * 4), None);
        assert_eq!(
            suspects.suspect(&at(9, 10), now + PATIENCE * 4),
            None,
            "it has just come"
        );
        suspects.pause(&[partition()], true);
        assert_eq!(suspects.suspect(&at(9, 10), now + PATIENCE * 6), None);
        suspects.pause(&[partition()], false);
        assert_eq!(suspects.suspect(&at(9, 10), now + PATIENCE * 7), None);
        let late = now + PATIENCE * 8;
        assert_eq!(suspects.suspect(&at(9, 10), late), at(9, 10).pop());
    }
}
