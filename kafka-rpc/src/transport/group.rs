use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::{Record, TransactedOffset, Transactions, TransportError, Unit};

/// How to join a consumer group.
pub(crate) struct GroupConfig {
    pub(crate) group: String,
    pub(crate) topics: Vec<Arc<str>>,
    /// The most records handed over at a time.
    pub(crate) batch: usize,
    /// Static membership.
    pub(crate) instance_id: Option<String>,
    pub(crate) properties: Vec<(String, String)>,
    /// Where the member writes and commits in transactions. Then it commits in no other way but when
    /// it gives partitions up.
    pub(crate) transactions: Option<Transactions>,
}

/// A partition of a topic.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct PartitionRef {
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
}

/// What a group's last commit for a partition says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct CommittedOffset {
    pub(crate) offset: i64,
    pub(crate) metadata: String,
}

/// Where to begin to read a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// At this offset.
    At(i64),
    /// At the earliest record.
    Beginning,
    /// At its present end, settled before the member is told that it has joined.
    End,
}

/// One member of a consumer group: what the transport tells its owner, one thing at a time, on
/// whatever thread. The member is dropped once the group has been left.
pub(crate) trait Member: Send + 'static {
    /// A partition is ours now. Returns where to read from.
    fn assigned(&mut self, partition: &PartitionRef, committed: Option<CommittedOffset>) -> Start;

    /// All partitions of an assignment, maybe none, have been told.
    fn joined(&mut self);

    /// These partitions shall be given up: finish what runs. They stay ours until
    /// [`Member::drained`] says so, or the grace that the owner keeps is over.
    fn revoked(&mut self, partitions: &[PartitionRef]);

    /// Whether all of these revoked partitions can be given up now.
    fn drained(&mut self, partitions: &[PartitionRef]) -> bool;

    /// The last commit of a partition that is given up in good order.
    fn release(&mut self, partition: &PartitionRef) -> Option<CommittedOffset>;

    /// These partitions belong to somebody else already: nothing can be committed.
    fn lost(&mut self, partitions: &[PartitionRef]);

    /// Takes what it needs of the records of a batch, in their order within each partition.
    fn records(&mut self, batch: &mut [Record]);

    /// The records at these offsets can't be fetched or unpacked, and are stepped past; `why` says what
    /// is known. Those behind them come next.
    fn unreadable(&mut self, partition: &PartitionRef, offsets: Range<i64>, why: &str);

    /// Outcome of [`Control::commit`].
    fn committed(&mut self, seq: u64, outcome: Result<(), TransportError>);

    /// Whether the partition is ours still that a record with this token is about.
    fn owns(&self, token: u128) -> bool {
        let _nobody_asks_without_transactions = token;
        true
    }

    /// The records with these tokens, some more than once, are written in the open transaction. Tells
    /// what is to be committed with them, under a number for [`committed`](Self::committed): nothing
    /// that depends on records of later transactions. Another is asked for after that only.
    fn written(&mut self, tokens: &[u128]) -> Option<(u64, Vec<TransactedOffset>)> {
        let _none_without_transactions = tokens;
        None
    }

    /// These records can't be written in any transaction, because of the one with this index.
    fn unwritable(&mut self, unit: Unit, index: usize, error: TransportError) {
        let _none_without_transactions = (unit, index, error);
    }

    /// Called after each batch and at least as often as it asks for: does what is due and says how
    /// long the next wait for records may be. `None` ends the membership.
    fn tick(&mut self, control: &dyn Control) -> Option<Duration>;

    /// Records are read no more, for a reason that will not pass by itself.
    fn failed(&mut self, error: TransportError);
}

/// What a member may ask for while it is ticked.
pub(crate) trait Control {
    /// Begins to commit; [`Member::committed`] brings the outcome unless this fails at once.
    fn commit(
        &self,
        seq: u64,
        offsets: &[(PartitionRef, CommittedOffset)],
    ) -> Result<(), TransportError>;
    /// Stops handing over records of these partitions, also where they are resumed in the same tick.
    fn pause(&self, partitions: &[PartitionRef]);
    /// Hands over records of these partitions again.
    fn resume(&self, partitions: &[PartitionRef]);
    /// The end of a partition as last heard: the offset that its next record will have.
    fn end(&self, partition: &PartitionRef) -> Option<i64>;
}
