//! What comes from the brokers: answers to commits, and rebalances.

use super::assignment::Gate;
use super::model::Model;
use super::world::{Batch, Told, World};
use super::*;

impl World {
    pub(super) fn take(&mut self) {
        let batch = self.dispatch.take_commits();
        if self.in_flight.is_some() {
            assert!(batch.is_none(), "two batches in flight");
            return;
        }
        let mut commits = Vec::new();
        let mut taken = batch
            .as_ref()
            .into_iter()
            .flat_map(|batch| &batch.commits)
            .peekable();
        for assignment in self.model.all_owned() {
            let finished = assignment.finished();
            let Some((id, commit)) = taken.next_if(|(id, _)| *id == assignment.id) else {
                assert_eq!(
                    assignment.told.as_ref(),
                    Some(&finished),
                    "a change was not taken"
                );
                continue;
            };
            assignment.assert_tells_what_is_finished(commit);
            assignment.told = Some(finished.clone());
            assignment.move_gates(Gate::Uncommitted, Gate::InCommit);
            commits.push((
                *id,
                Told {
                    commit: commit.clone(),
                    finished,
                },
            ));
        }
        assert!(
            taken.next().is_none(),
            "a commit of a partition that is not owned"
        );
        self.in_flight = batch.map(|batch| Batch {
            seq: batch.seq,
            commits,
        });
    }

    /// The broker answers, or does not; then it may have the commits or not.
    pub(super) fn answer(&mut self, confirmed: bool, applied: bool) {
        let Some(Batch { seq, commits }) = self.in_flight.take() else {
            return;
        };
        self.dispatch.committed(seq + 1);
        self.dispatch.commit_failed(seq.wrapping_sub(1));
        for (id, told) in commits {
            let Some(assignment) = self.model.owned(id) else {
                continue;
            };
            if confirmed || applied {
                self.logs[assignment.log].stored = told;
            }
            if confirmed {
                assignment.move_gates(Gate::InCommit, Gate::Open);
            } else {
                assignment.move_gates(Gate::InCommit, Gate::Uncommitted);
                assignment.told = None;
            }
        }
        match confirmed {
            true => self.dispatch.committed(seq),
            false => self.dispatch.commit_failed(seq),
        }
    }

    pub(super) fn revoke(&mut self, log: usize) {
        if let Some(id) = self.model.last_of(log).map(|assignment| assignment.id) {
            assert_eq!(self.dispatch.revoke(id), self.model.revoke(id));
        }
    }

    /// Gives a partition up if its calls have settled.
    pub(super) fn release_orderly(&mut self, log: usize) {
        self.revoke(log);
        let Some(owner) = self.model.owner_of(log) else {
            return;
        };
        let (id, drained) = (owner.id, owner.is_drained());
        assert_eq!(self.dispatch.drained(id), drained);
        if drained {
            self.answer(true, true);
            self.release(log, true);
        }
    }

    /// Gives a partition up as it is; its last commit may be lost.
    pub(super) fn release_early(&mut self, log: usize, applied: bool) {
        let Some(owner) = self.model.last_of(log) else {
            return;
        };
        if owner.released {
            assert_eq!(self.dispatch.release(owner.id), None);
            return;
        }
        let id = owner.id;
        self.orderly = false;
        for (_, told) in self
            .in_flight
            .iter()
            .flat_map(|batch| &batch.commits)
            .filter(|it| it.0 == id)
        {
            owner.told = None;
            if applied {
                self.logs[log].stored = told.clone();
            }
        }
        self.release(log, applied);
    }

    fn release(&mut self, log: usize, applied: bool) {
        let id = self.model.owner_of(log).expect("it is owned").id;
        let commit = self.dispatch.release(id);
        self.model.revoke(id);
        let owner = self.model.owned(id).expect("it is owned");
        owner.released = true;
        let finished = owner.finished();
        let Some(commit) = commit else {
            assert_eq!(owner.told, Some(finished), "the last commit is missing");
            return;
        };
        owner.assert_tells_what_is_finished(&commit);
        if applied {
            self.logs[log].stored = Told { commit, finished };
        }
    }

    pub(super) fn crash(&mut self) {
        let limits = self.model.limits;
        self.dispatch = Dispatch::new(limits);
        self.model = Model::new(limits);
        self.tickets.clear();
        self.in_flight = None;
        self.orderly = false;
    }
}
