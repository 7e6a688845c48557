//! One transaction after the other, until each is committed.

use crate::hashing::HashMap;
use crate::transport::{
    CommittedOffset, Failure, PartitionRef, TransactedOffset, TransportError, Unit,
};

/// Why a step of a transaction was not taken.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The transaction has to be aborted, and can be begun anew.
    Abort(TransportError),
    /// A record can't be written, now or later: which one of which unit.
    Refused {
        unit: usize,
        record: usize,
        error: TransportError,
    },
    /// The producer can't go on; a new one has to take its place, and settles what became of the
    /// transaction.
    Fatal(TransportError),
    /// It will never work.
    Hopeless(TransportError),
}

impl Trouble {
    pub(super) fn error(&self) -> &TransportError {
        match self {
            Self::Abort(error)
            | Self::Refused { error, .. }
            | Self::Fatal(error)
            | Self::Hopeless(error) => error,
        }
    }
}

/// Writes transactions; one step after the other.
pub(super) trait Writer {
    /// Who commits offsets: a member of one generation of a group.
    type Membership;

    fn begin(&mut self) -> Result<(), Trouble>;
    /// Returns when all are acknowledged.
    fn write(&mut self, units: &[Unit]) -> Result<(), Trouble>;
    fn membership(&mut self) -> Result<Self::Membership, Trouble>;
    /// Commits the transaction, with these offsets if the membership is of the present generation.
    fn commit(&mut self, by: Self::Membership, offsets: &[TransactedOffset])
    -> Result<(), Trouble>;
    fn abort(&mut self) -> Result<(), Trouble>;
    /// A new producer takes over. When this returns, the last transaction is committed or aborted.
    fn renew(&mut self) -> Result<(), Trouble>;
    /// What is committed for partitions.
    fn committed(
        &mut self,
        partitions: &[PartitionRef],
    ) -> Result<Vec<Option<CommittedOffset>>, Trouble>;
}

/// The group's member, whose records and offsets they are.
pub(super) trait Owner {
    fn owns(&self, token: u128) -> bool;
    fn written(&self, tokens: &[u128]) -> Option<(u64, Vec<TransactedOffset>)>;
    fn unwritable(&self, unit: Unit, index: usize, error: TransportError);
    fn committed(&self, seq: u64);
}

/// The transaction at work.
///
/// It is made of units, and, once all of those are written, of offsets that count them as finished. From
/// then on both stay together and are tried again until they are committed: nobody else may commit these
/// offsets, nor write these units. What is of a partition that was given up leaves both; its next owner
/// handles it again.
#[derive(Default)]
pub(super) struct Turns {
    units: Vec<Unit>,
    offsets: Option<Offsets>,
    /// The broker was asked to commit, and has not answered.
    in_doubt: bool,
    /// What was last committed here.
    before: HashMap<PartitionRef, CommittedOffset>,
}

struct Offsets {
    seq: u64,
    all: Vec<TransactedOffset>,
}

impl Turns {
    /// Whether units may be added: nothing is to be tried again that was counted as finished.
    pub(super) fn takes_more(&self) -> bool {
        self.offsets.is_none() && !self.in_doubt
    }

    pub(super) fn add(&mut self, units: Vec<Unit>) {
        self.units.extend(units);
    }

    /// Tries the transaction. `Ok(false)`: there was nothing to do. What has failed is tried again with
    /// the next turn.
    pub(super) fn turn<W: Writer>(
        &mut self,
        writer: &mut W,
        owner: &impl Owner,
    ) -> Result<bool, Trouble> {
        if self.in_doubt && !self.resolve(writer, owner)? {
            self.in_doubt = false;
        }
        self.forget_lost(owner);
        if self.units.is_empty() && self.offsets.is_none() {
            // What is finished without a record of ours needs a transaction, too.
            self.count(owner);
            if self.offsets.is_none() {
                return Ok(false);
            }
        }
        match self.attempt(writer, owner) {
            Ok(()) => self.committed(owner),
            Err(Trouble::Refused {
                unit,
                record,
                error,
            }) => {
                writer.abort()?;
                if unit < self.units.len() {
                    owner.unwritable(self.units.remove(unit), record, error);
                }
            }
            Err(Trouble::Abort(error)) => {
                self.in_doubt = false;
                writer.abort()?;
                return Err(Trouble::Abort(error));
            }
            Err(trouble) => return Err(trouble),
        }
        Ok(true)
    }

    fn attempt<W: Writer>(&mut self, writer: &mut W, owner: &impl Owner) -> Result<(), Trouble> {
        writer.begin()?;
        writer.write(&self.units)?;
        // What is ours after this was asked for is so in that generation.
        let by = writer.membership()?;
        if self.offsets.is_none() {
            self.count(owner);
        }
        if !self.is_ours(owner) {
            let message = "a partition was given up while its replies were written";
            let error = TransportError::new(Failure::Other, message);
            return Err(Trouble::Abort(error));
        }
        let offsets = self.offsets.as_ref().map(|offsets| &*offsets.all);
        self.in_doubt = true;
        writer.commit(by, offsets.unwrap_or_default())
    }

    /// Has the units counted as finished.
    fn count(&mut self, owner: &impl Owner) {
        let tokens: Vec<u128> = self.units.iter().filter_map(|unit| unit.token).collect();
        let counted = owner.written(&tokens);
        self.offsets = counted.map(|(seq, all)| Offsets { seq, all });
    }

    fn is_ours(&self, owner: &impl Owner) -> bool {
        let of_units = self.units.iter().filter_map(|unit| unit.token);
        let of_offsets = self.offsets.iter().flat_map(|offsets| &offsets.all);
        of_units
            .chain(of_offsets.map(|offset| offset.token))
            .all(|token| owner.owns(token))
    }

    fn forget_lost(&mut self, owner: &impl Owner) {
        self.units
            .retain(|unit| unit.token.is_none_or(|token| owner.owns(token)));
        if let Some(offsets) = &mut self.offsets {
            offsets.all.retain(|offset| owner.owns(offset.token));
        }
    }

    fn committed(&mut self, owner: &impl Owner) {
        self.units.clear();
        self.in_doubt = false;
        if let Some(Offsets { seq, all }) = self.offsets.take() {
            for offset in all {
                self.before.insert(offset.partition, offset.committed);
            }
            owner.committed(seq);
        }
    }

    /// Finds out whether the transaction was committed whose producer could not go on.
    ///
    /// Offsets of partitions that are still ours are committed by nobody else, and those of this
    /// transaction differ from the ones before, since they count more calls as finished.
    fn resolve<W: Writer>(&mut self, writer: &mut W, owner: &impl Owner) -> Result<bool, Trouble> {
        let Some(offsets) = &self.offsets else {
            return Ok(false);
        };
        let new = |at: &&TransactedOffset| self.before.get(&at.partition) != Some(&at.committed);
        let asked: Vec<&TransactedOffset> = offsets.all.iter().filter(new).collect();
        let partitions: Vec<_> = asked.iter().map(|at| at.partition.clone()).collect();
        let found = writer.committed(&partitions)?;
        // What is ours now, was so when that was read.
        let mut telling = asked
            .into_iter()
            .zip(&found)
            .filter(|(at, _)| owner.owns(at.token))
            .peekable();
        let told = telling.peek().is_some();
        let committed = told && telling.all(|(at, found)| found.as_ref() == Some(&at.committed));
        if committed {
            self.committed(owner);
        }
        Ok(committed)
    }
}

#[cfg(test)]
mod tests;
