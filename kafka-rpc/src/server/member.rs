use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::oneshot;
use tokio::time::Instant;
use tower_service::Service;

use super::calls::{Calls, Queue, Work};
use super::dispatch::{Cancelled, Flow, PartitionId, Submission};
use super::lifecycle::Lifecycle;
use super::progress::{Arrival, Progress};
use super::router::{Now, Router, Verdict};
use crate::Error;
use crate::call::{Body, BoxError, Code, Request, Response};
use crate::descriptor::{Delivery, Method};
use crate::telemetry::{self, PartitionLag, ServerMetrics};
use crate::transport::{CommittedOffset, Control, Member, PartitionRef, Record, TransportError};
use crate::wire::CorrelationId;

/// The longest wait for records while nothing else is due: how late a shutdown may be noticed.
const IDLE: Duration = Duration::from_millis(100);
/// While partitions are paused, so that they are resumed soon after their calls are done.
const PAUSED: Duration = Duration::from_millis(1);
/// While partitions are given up.
const DRAINING: Duration = Duration::from_millis(2);

/// How often the lag is told.
const LAG_INTERVAL: Duration = Duration::from_secs(1);

/// What a member needs to know of time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) commit_interval: Duration,
    pub(super) revoke_grace: Duration,
    pub(super) drain_time: Duration,
}

/// One consumer group of a server: between the transport's thread and the calls.
pub(super) struct GroupMember<S> {
    group: String,
    calls: Arc<Calls<S>>,
    router: Arc<Router>,
    lifecycle: Arc<Lifecycle>,
    pace: Pace,
    ids: HashMap<PartitionRef, PartitionId>,
    partitions: HashMap<PartitionId, PartitionRef>,
    lags: HashMap<PartitionId, PartitionLag>,
    lag_due: Instant,
    paused: HashSet<PartitionId>,
    /// Just assigned: a partition may come back paused as it was when it went.
    fresh: Vec<PartitionRef>,
    joined: bool,
    commit_due: Instant,
    /// When revoked partitions are given up at the latest.
    grace_until: Option<Instant>,
    /// When the server ends at the latest, once it shall.
    drain_until: Option<Instant>,
    error: Option<TransportError>,
    ended: Option<oneshot::Sender<Result<(), Error>>>,
}

impl<S> GroupMember<S> {
    pub(super) fn new(
        group: String,
        calls: Arc<Calls<S>>,
        router: Arc<Router>,
        lifecycle: Arc<Lifecycle>,
        pace: Pace,
        ended: oneshot::Sender<Result<(), Error>>,
    ) -> Self {
        Self {
            group,
            calls,
            router,
            lifecycle,
            pace,
            ids: HashMap::new(),
            partitions: HashMap::new(),
            lags: HashMap::new(),
            lag_due: Instant::now(),
            paused: HashSet::new(),
            fresh: Vec::new(),
            joined: false,
            commit_due: Instant::now(),
            grace_until: None,
            drain_until: None,
            error: None,
            ended: Some(ended),
        }
    }

    fn know(&mut self, partition: &PartitionRef, id: PartitionId) {
        let lag = PartitionLag::of(&self.group, &partition.topic, partition.partition);
        self.lags.insert(id, lag);
        self.ids.insert(partition.clone(), id);
        self.partitions.insert(id, partition.clone());
        self.fresh.push(partition.clone());
    }

    fn forget(&mut self, partition: &PartitionRef) -> Option<PartitionId> {
        let id = self.ids.remove(partition)?;
        self.partitions.remove(&id);
        self.lags.remove(&id);
        self.paused.remove(&id);
        Some(id)
    }

    fn known(&self, partitions: &[PartitionRef]) -> Vec<PartitionId> {
        partitions
            .iter()
            .filter_map(|partition| self.ids.get(partition).copied())
            .collect()
    }

    /// Begins to end: nothing new starts, and what runs may finish. True when all has.
    fn drain(&mut self, control: &dyn Control) -> bool {
        let now = Instant::now();
        let until = *self.drain_until.get_or_insert_with(|| {
            let all: Vec<PartitionRef> = self.ids.keys().cloned().collect();
            if let Err(error) = control.pause(&all) {
                tracing::warn!(%error, "draining");
            }
            drop(self.calls.dispatch.lock().revoke_all());
            now + self.pace.drain_time
        });
        let dispatch = self.calls.dispatch.lock();
        if !dispatch.all_drained() && now >= until {
            let unfinished = dispatch.running() + dispatch.unsettled();
            tracing::warn!(
                unfinished,
                "the drain time is over: the next owner handles the rest"
            );
            telemetry::drain_timed_out();
            return true;
        }
        dispatch.all_drained()
    }

    fn regulate(&mut self, control: &dyn Control) {
        let changes = self.calls.dispatch.lock().flow();
        let (mut pause, mut resume) = (Vec::new(), std::mem::take(&mut self.fresh));
        for (id, flow) in changes {
            let Some(partition) = self.partitions.get(&id) else {
                continue;
            };
            match flow {
                Flow::Pause => {
                    self.paused.insert(id);
                    pause.push(partition.clone());
                }
                Flow::Resume => {
                    self.paused.remove(&id);
                    resume.push(partition.clone());
                }
            }
        }
        // Fresh ones may have to be paused at once, so that comes last.
        let resumed = if resume.is_empty() {
            Ok(())
        } else {
            control.resume(&resume)
        };
        let paused = if pause.is_empty() {
            Ok(())
        } else {
            control.pause(&pause)
        };
        if let Err(error) = resumed.and(paused) {
            tracing::warn!(%error, "regulating the flow of requests");
        }
    }

    fn commit(&mut self, control: &dyn Control) {
        let now = Instant::now();
        if now < self.commit_due {
            return;
        }
        let Some(batch) = self.calls.dispatch.lock().take_commits() else {
            return;
        };
        self.commit_due = now + self.pace.commit_interval;
        let offsets: Vec<(PartitionRef, CommittedOffset)> = batch
            .commits
            .into_iter()
            .filter_map(|(id, commit)| {
                let partition = self.partitions.get(&id)?.clone();
                let at = CommittedOffset {
                    offset: commit.offset,
                    metadata: commit.metadata,
                };
                Some((partition, at))
            })
            .collect();
        if let Err(error) = control.commit(batch.seq, &offsets) {
            self.commit_failed(batch.seq, &error);
        }
    }

    fn tell_lag(&mut self, control: &dyn Control) {
        let now = Instant::now();
        if now < self.lag_due {
            return;
        }
        self.lag_due = now + LAG_INTERVAL;
        let dispatch = self.calls.dispatch.lock();
        for (id, lag) in &self.lags {
            let end = self
                .partitions
                .get(id)
                .and_then(|partition| control.end(partition));
            if let (Some(end), Some(unfinished)) = (end, dispatch.unfinished(*id)) {
                lag.set(end - unfinished);
            }
        }
    }

    fn commit_failed(&self, seq: u64, error: &TransportError) {
        tracing::warn!(%error, "a commit failed; the next one covers the same");
        telemetry::commit_failed();
        self.calls.dispatch.lock().commit_failed(seq);
    }
}

impl<S> GroupMember<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    fn take(&mut self, dispatch: &mut Queue, record: Record, now: Now) {
        let partition = PartitionRef {
            topic: Arc::clone(&record.topic),
            partition: record.partition,
        };
        let (offset, bytes) = (record.offset, record.value.len());
        let Some(&id) = self.ids.get(&partition) else {
            return;
        };
        match dispatch.arrive(id, offset) {
            Some(Arrival::Handle) => {}
            Some(Arrival::AlreadyDone) => return telemetry::repeated_record(),
            Some(Arrival::Repeat) => {
                self.begin_again(dispatch, &partition, offset);
                return self.take(dispatch, record, now);
            }
            None => return,
        }
        let submission = match self.router.verdict(record, now) {
            Verdict::Handle(call) => Submission {
                key: call.key.clone(),
                id: call.reply.as_ref().map(|reply| reply.id),
                bytes,
                delivery: call.method.descriptor().delivery,
                call: Work::Handle(call),
            },
            Verdict::Refuse(reason, status, to) => {
                telemetry::refused_request(reason, true);
                refused(&partition, offset, &status);
                Submission {
                    key: None,
                    id: None,
                    bytes: 0,
                    delivery: Delivery::AtLeastOnce,
                    call: Work::Refuse(status, to),
                }
            }
            Verdict::StepPast(reason, status) => {
                telemetry::refused_request(reason, false);
                refused(&partition, offset, &status);
                dispatch.skip(id, offset);
                return;
            }
            Verdict::Cancel(call) => {
                dispatch.skip(id, offset);
                self.cancel(dispatch, id, &call);
                return;
            }
        };
        // Given back only where the partition is being given up, and then it is the next owner's.
        let _next_owners = dispatch.submit(id, offset, submission);
    }

    /// Offsets went back: the topic was made anew, or the log was cut by an election. What we know
    /// of the partition is of other records.
    fn begin_again(&mut self, dispatch: &mut Queue, partition: &PartitionRef, offset: i64) {
        tracing::warn!(
            topic = &*partition.topic,
            partition = partition.partition,
            offset,
            "offsets went back: the partition is taken as new from there"
        );
        if let Some(old) = self.forget(partition) {
            drop(dispatch.release(old));
        }
        self.know(partition, dispatch.assign(Progress::start(offset)));
    }

    fn cancel(&self, dispatch: &mut Queue, id: PartitionId, call: &CorrelationId) {
        match dispatch.cancel(id, call) {
            Cancelled::Running(ticket) => self.calls.abort(ticket),
            Cancelled::Waiting(Work::Handle(call)) => cancelled(call.method, call.arrived),
            // Over before the cancel came.
            Cancelled::Waiting(Work::Refuse(..)) | Cancelled::Unknown => {}
        }
    }
}

fn cancelled(method: Method, arrived: Instant) {
    let metrics = ServerMetrics::of(method);
    metrics.cancelled();
    metrics.end(Code::Cancelled, arrived.elapsed());
}

fn refused(partition: &PartitionRef, offset: i64, status: &crate::Status) {
    tracing::warn!(
        topic = &*partition.topic,
        partition = partition.partition,
        offset,
        %status,
        "a request is refused"
    );
}

impl<S> Member for GroupMember<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    fn assigned(
        &mut self,
        partition: &PartitionRef,
        committed: Option<CommittedOffset>,
    ) -> Option<i64> {
        // An earlier assignment that was not given up in good order is over now.
        if let Some(stale) = self.forget(partition) {
            drop(self.calls.dispatch.lock().release(stale));
        }
        let resumed = committed.map(|at| Progress::resume(at.offset, &at.metadata));
        let start = resumed.as_ref().map(Progress::start_offset);
        let progress = resumed.unwrap_or_else(|| Progress::start(0));
        let id = self.calls.dispatch.lock().assign(progress);
        self.know(partition, id);
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
        for id in self.known(partitions) {
            drop(dispatch.revoke(id));
        }
    }

    fn drained(&mut self, partitions: &[PartitionRef]) -> bool {
        let dispatch = self.calls.dispatch.lock();
        let over = self.grace_until.is_none_or(|until| Instant::now() >= until);
        over || self
            .known(partitions)
            .into_iter()
            .all(|id| dispatch.drained(id))
    }

    fn release(&mut self, partition: &PartitionRef) -> Option<CommittedOffset> {
        self.grace_until = None;
        let id = self.forget(partition)?;
        let commit = self.calls.dispatch.lock().release(id);
        // Not before the release, or a handler that was ended would count as finished.
        self.calls.abort_where(|ticket| ticket.partition == id);
        commit.map(|commit| CommittedOffset {
            offset: commit.offset,
            metadata: commit.metadata,
        })
    }

    fn lost(&mut self, partitions: &[PartitionRef]) {
        for partition in partitions {
            drop(self.release(partition));
        }
    }

    fn records(&mut self, batch: &mut Vec<Record>) {
        let now = Now {
            wall: SystemTime::now(),
            instant: Instant::now(),
        };
        let calls = Arc::clone(&self.calls);
        {
            let mut dispatch = calls.dispatch.lock();
            for record in batch.drain(..) {
                self.take(&mut dispatch, record, now);
            }
        }
        calls.start_ready();
    }

    fn committed(&mut self, seq: u64, outcome: Result<(), TransportError>) {
        match outcome {
            Ok(()) => self.calls.dispatch.lock().committed(seq),
            Err(error) => self.commit_failed(seq, &error),
        }
        self.calls.start_ready();
    }

    fn tick(&mut self, control: &dyn Control) -> Option<Duration> {
        if self.error.is_some() {
            return None;
        }
        if self.lifecycle.shall_end() {
            if self.drain(control) {
                return None;
            }
            self.commit(control);
            return Some(DRAINING);
        }
        self.calls.start_ready();
        self.regulate(control);
        self.commit(control);
        self.tell_lag(control);
        if self.grace_until.is_some() {
            return Some(DRAINING);
        }
        if !self.paused.is_empty() {
            return Some(PAUSED);
        }
        let busy = {
            let dispatch = self.calls.dispatch.lock();
            dispatch.waiting() > 0 || !dispatch.all_drained()
        };
        if busy || Instant::now() < self.commit_due {
            return Some(self.pace.commit_interval);
        }
        Some(IDLE)
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
