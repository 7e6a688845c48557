mod intake;
mod owned;
mod unreadable;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use self::intake::Intake;
use self::owned::OwnedPartitions;
use super::calls::{Calls, Queue, ticket_of, token_of};
use super::dispatch::PartitionId;
use super::handler::Handler;
use super::lifecycle::Lifecycle;
use super::progress::Progress;
use super::router::{Now, Router, SpareCalls, StreamFrame, Verdict};
use super::streams::{Ending, Frames};
use crate::Error;
use crate::chunks::Pieces;
use crate::telemetry;
use crate::transport::{
    CommittedOffset, Control, Member, PartitionRef, Record, Start, TransactedOffset,
    TransportError, Unit,
};

/// The longest wait for records while nothing else is due: how late a shutdown may be noticed.
const IDLE: Duration = Duration::from_millis(100);
/// While partitions are paused, so that they are resumed soon after their calls are done.
const PAUSED: Duration = Duration::from_millis(1);
/// While partitions are given up.
const DRAINING: Duration = Duration::from_millis(2);
/// How often streams are looked at: whether their callers are there.
const KEEP_INTERVAL: Duration = Duration::from_millis(500);
/// How often the lag is told.
const LAG_INTERVAL: Duration = Duration::from_secs(1);

/// What a member needs to know of time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) commit_interval: Duration,
    pub(super) revoke_grace: Duration,
    pub(super) drain_time: Duration,
    /// Whether only what comes while the member is there is its business: it commits nothing.
    pub(super) follows: bool,
}

/// One consumer group of a server: between the transport's thread and the calls.
pub(super) struct GroupMember<S> {
    calls: Arc<Calls<S>>,
    router: Arc<Router>,
    /// Of messages in pieces that wait for their last.
    pieces: Pieces<PartitionId>,
    spare: SpareCalls,
    lifecycle: Arc<Lifecycle>,
    pace: Pace,
    owned: OwnedPartitions,
    joined: bool,
    commit_due: Instant,
    lag_due: Instant,
    keep_due: Instant,
    /// When revoked partitions are given up at the latest.
    grace_until: Option<Instant>,
    /// When the server ends at the latest, once it shall.
    drain_until: Option<Instant>,
    error: Option<TransportError>,
    ended: Option<oneshot::Sender<Result<(), Error>>>,
}

impl<S> GroupMember<S> {
    /// `ended` is told once the group has been left.
    pub(super) fn new(
        group: String,
        calls: Arc<Calls<S>>,
        router: Arc<Router>,
        pieces: Pieces<PartitionId>,
        lifecycle: Arc<Lifecycle>,
        pace: Pace,
        ended: oneshot::Sender<Result<(), Error>>,
    ) -> Self {
        Self {
            calls,
            router,
            pieces,
            spare: SpareCalls::default(),
            lifecycle,
            pace,
            owned: OwnedPartitions::new(group),
            joined: false,
            commit_due: Instant::now(),
            lag_due: Instant::now(),
            keep_due: Instant::now(),
            grace_until: None,
            drain_until: None,
            error: None,
            ended: Some(ended),
        }
    }

    /// Begins to end: nothing new starts, and what runs may finish. True when all has.
    fn drain(&mut self, control: &dyn Control) -> bool {
        let now = Instant::now();
        let until = *self.drain_until.get_or_insert_with(|| {
            // Streams go on where their callers must be heard: their frames are still taken.
            self.calls.streams().hand_over(false);
            if self.calls.streams().is_empty() {
                control.pause(&self.owned.all());
            }
            self.calls
                .forget_waiting(self.calls.dispatch.lock().revoke_all());
            now + self.pace.drain_time
        });
        let dispatch = self.calls.dispatch.lock();
        let drained = dispatch.all_drained()
            && self.calls.streams().is_empty()
            && !(self.calls.transacted().is_some() && dispatch.is_committing_any());
        if !drained && now >= until {
            let unfinished = dispatch.running() + dispatch.unsettled();
            tracing::warn!(
                unfinished,
                "the drain time is over: the next owner handles the rest"
            );
            telemetry::drain_timed_out();
            return true;
        }
        drained
    }

    fn regulate(&mut self, control: &dyn Control) {
        let changes = self.calls.dispatch.lock().flow();
        self.owned.regulate(changes, control);
    }

    fn commit(&mut self, control: &dyn Control) {
        let now = Instant::now();
        if now < self.commit_due || self.pace.follows {
            return;
        }
        if let Some(transacted) = self.calls.transacted() {
            if self.calls.dispatch.lock().has_commits() {
                self.commit_due = now + self.pace.commit_interval;
                transacted.nudge();
            }
            return;
        }
        let Some(batch) = self.calls.dispatch.lock().take_commits() else {
            return;
        };
        self.commit_due = now + self.pace.commit_interval;
        let offsets: Vec<(PartitionRef, CommittedOffset)> = batch
            .commits
            .into_iter()
            .filter_map(|(id, commit)| Some((self.owned.partition(id)?.clone(), commit.into())))
            .collect();
        if let Err(error) = control.commit(batch.seq, &offsets) {
            self.commit_failed(batch.seq, &error);
        }
    }

    /// Whether what is finished of a partition is in a transaction that may not be committed.
    fn is_in_doubt(&self, dispatch: &Queue, id: PartitionId) -> bool {
        self.calls.transacted().is_some() && dispatch.is_committing(id)
    }

    fn commit_failed(&self, seq: u64, error: &TransportError) {
        tracing::warn!(%error, "a commit failed; the next one covers the same");
        telemetry::commit_failed();
        self.calls.dispatch.lock().commit_failed(seq);
    }

    fn tell_lag(&mut self, control: &dyn Control) {
        let now = Instant::now();
        if now >= self.lag_due {
            self.lag_due = now + LAG_INTERVAL;
            self.owned.tell_lag(&self.calls.dispatch.lock(), control);
        }
    }

    /// Takes what callers say to streams that go on while the server ends. All else is the next
    /// owner's.
    fn frames(&mut self, batch: &mut [Record]) {
        let now = Now::read();
        let mut frames = Frames::new(self.calls.streams(), now.instant);
        for record in batch {
            let Some(id) = self.owned.id(&record.partition_ref()) else {
                continue;
            };
            match self.router.verdict(record, now, &mut self.spare) {
                Verdict::Frame(StreamFrame {
                    id: call,
                    frame,
                    value,
                    ..
                }) => {
                    frames.take(id, call, frame, value, None);
                }
                Verdict::Cancel(call) => {
                    self.calls.streams().end(id, &call, Ending::Cancelled);
                }
                _ => {}
            }
        }
    }

    fn keep_streams(&mut self) {
        let now = Instant::now();
        if now >= self.keep_due {
            self.keep_due = now + KEEP_INTERVAL;
            for (id, pieces) in self.pieces.expire(now) {
                let mut dispatch = self.calls.dispatch.lock();
                for piece in pieces {
                    dispatch.skip(id, piece);
                }
            }
            let owned = &self.owned;
            self.calls.streams().keep(now, |id| owned.is_read(id));
        }
    }

    /// How long the next wait for records may be.
    fn wait(&self) -> Duration {
        if self.grace_until.is_some() {
            return DRAINING;
        }
        if self.owned.any_paused() {
            return PAUSED;
        }
        let dispatch = self.calls.dispatch.lock();
        let now = Instant::now();
        let busy = dispatch.waiting() > 0 || !dispatch.all_drained();
        let wait = match busy || now < self.commit_due {
            true => self.pace.commit_interval,
            false => IDLE,
        };
        match dispatch.next_due() {
            Some(due) => wait.min(due.saturating_duration_since(now)),
            None => wait,
        }
    }
}

impl<S: Handler> Member for GroupMember<S> {
    fn assigned(&mut self, partition: &PartitionRef, committed: Option<CommittedOffset>) -> Start {
        let committed = committed.filter(|_| !self.pace.follows);
        let mut dispatch = self.calls.dispatch.lock();
        // An earlier assignment that was not given up in good order is over now.
        if let Some(stale) = self.owned.remove(partition) {
            drop(dispatch.release(stale));
            self.calls.streams().release(stale);
            self.pieces.forget_place(stale);
        }
        let resumed = committed.map(|at| Progress::resume(at.offset, &at.metadata));
        let start = match &resumed {
            Some(progress) => Start::At(progress.start_offset()),
            None if self.pace.follows => Start::End,
            None => Start::Beginning,
        };
        let id = dispatch.assign(resumed.unwrap_or_else(|| Progress::start(0)));
        self.owned.add(partition, id);
        start
    }

    fn joined(&mut self) {
        if !std::mem::replace(&mut self.joined, true) {
            self.lifecycle.joined();
        }
    }

    fn revoked(&mut self, partitions: &[PartitionRef]) {
        self.grace_until = Some(Instant::now() + self.pace.revoke_grace);
        let mut dispatch = self.calls.dispatch.lock();
        for id in self.owned.known(partitions) {
            let waiting = dispatch.revoke(id);
            self.calls.forget_waiting(waiting);
        }
    }

    fn drained(&mut self, partitions: &[PartitionRef]) -> bool {
        if self.grace_until.is_none_or(|until| Instant::now() >= until) {
            return true;
        }
        let dispatch = self.calls.dispatch.lock();
        self.owned
            .known(partitions)
            .into_iter()
            .all(|id| dispatch.drained(id) && !self.is_in_doubt(&dispatch, id))
    }

    fn release(&mut self, partition: &PartitionRef) -> Option<CommittedOffset> {
        self.grace_until = None;
        let id = self.owned.remove(partition)?;
        let mut dispatch = self.calls.dispatch.lock();
        // What is in a transaction counts as finished, and is not yet: its commit says so, or nobody does.
        let in_doubt = self.is_in_doubt(&dispatch, id);
        let commit = dispatch.release(id);
        drop(dispatch);
        // Not before the release, or a handler that was ended would count as finished.
        self.calls.abort_where(|ticket| ticket.partition == id);
        self.calls.streams().release(id);
        self.pieces.forget_place(id);
        commit
            .filter(|_| !self.pace.follows && !in_doubt)
            .map(Into::into)
    }

    fn lost(&mut self, partitions: &[PartitionRef]) {
        for partition in partitions {
            drop(self.release(partition));
        }
    }

    fn records(&mut self, batch: &mut [Record]) {
        if self.drain_until.is_some() {
            return self.frames(batch);
        }
        self.calls.spare_into(&mut self.spare);
        let cancelled = {
            let now = Now::read();
            let mut intake = Intake {
                router: &self.router,
                owned: &mut self.owned,
                dispatch: &mut self.calls.dispatch.lock(),
                now,
                last: None,
                cancelled: Vec::new(),
                pieces: &mut self.pieces,
                streams: self.calls.streams(),
                frames: Frames::new(self.calls.streams(), now.instant),
                spare: &mut self.spare,
            };
            for record in batch {
                intake.take(record);
            }
            intake.cancelled
        };
        for ticket in cancelled {
            self.calls.abort(ticket);
        }
        self.calls.start_ready();
    }

    fn unreadable(&mut self, partition: &PartitionRef, offsets: Range<i64>, why: &str) {
        tracing::error!(
            ?partition,
            ?offsets,
            why,
            "records can't be read; they are stepped past"
        );
        if self.drain_until.is_some() {
            return;
        }
        if let Some(id) = self.owned.id(partition) {
            let letters = self.router.dead_letters(&partition.topic);
            let mut dispatch = self.calls.dispatch.lock();
            unreadable::step_past(&mut dispatch, (id, partition), offsets, why, letters);
        }
        self.calls.start_ready();
    }

    fn committed(&mut self, seq: u64, outcome: Result<(), TransportError>) {
        match outcome {
            Ok(()) => self.calls.dispatch.lock().committed(seq),
            Err(error) => self.commit_failed(seq, &error),
        }
        self.calls.start_ready();
    }

    fn owns(&self, token: u128) -> bool {
        self.calls.dispatch.lock().owns(ticket_of(token).partition)
    }

    fn written(&mut self, tokens: &[u128]) -> Option<(u64, Vec<TransactedOffset>)> {
        let mut tickets = tokens.iter().copied().map(ticket_of).collect();
        self.calls.settle(&mut tickets);
        let batch = self.calls.dispatch.lock().take_commits()?;
        let offsets = batch.commits.into_iter().filter_map(|(id, commit)| {
            Some(TransactedOffset {
                token: token_of(id),
                partition: self.owned.partition(id)?.clone(),
                committed: commit.into(),
            })
        });
        Some((batch.seq, offsets.collect()))
    }

    fn unwritable(&mut self, unit: Unit, index: usize, error: TransportError) {
        self.calls.unwritable(unit, index, error);
    }

    fn tick(&mut self, control: &dyn Control) -> Option<Duration> {
        if self.error.is_some() {
            return None;
        }
        if self.lifecycle.shall_end() {
            if self.drain(control) {
                return None;
            }
            self.keep_streams();
            self.commit(control);
            return Some(DRAINING);
        }
        self.calls.start_ready();
        self.keep_streams();
        self.regulate(control);
        self.commit(control);
        self.tell_lag(control);
        Some(self.wait())
    }

    fn failed(&mut self, error: TransportError) {
        tracing::error!(%error, "the server can't read requests any more");
        self.error = Some(error);
    }
}

impl<S> Drop for GroupMember<S> {
    /// The group has been left.
    fn drop(&mut self) {
        self.calls.set_producer(None);
        let outcome = match self.error.take() {
            Some(error) => Err(error.into()),
            None => Ok(()),
        };
        if let Some(ended) = self.ended.take() {
            let _nobody_waits = ended.send(outcome);
        }
    }
}
