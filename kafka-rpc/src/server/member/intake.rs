//! From records to calls that wait for their turn.

use super::owned::OwnedPartitions;
use crate::Status;
use crate::call::Code;
use crate::chunks::{Pieces, Taken};
use crate::descriptor::Delivery;
use crate::server::calls::{Queue, Work};
use crate::server::dead_letters::Letter;
use crate::server::dispatch::{Cancelled, PartitionId, Submission, Ticket};
use crate::server::progress::{Arrival, Progress};
use crate::server::router::{Call, Now, Router, SpareCalls, StreamFrame, Verdict};
use crate::server::streams::{Ending, Frames, Streams};
use crate::telemetry::{self, Refused};
use crate::transport::{PartitionRef, Record};
use crate::wire::{CorrelationId, Frame, LetterCause};

/// Takes a batch of records in.
pub(super) struct Intake<'a> {
    pub(super) router: &'a Router,
    pub(super) owned: &'a mut OwnedPartitions,
    pub(super) dispatch: &'a mut Queue,
    pub(super) now: Now,
    /// The partition of the last record.
    pub(super) last: Option<(PartitionRef, PartitionId)>,
    /// Handlers that are to be ended.
    pub(super) cancelled: Vec<Ticket>,
    pub(super) pieces: &'a mut Pieces<PartitionId>,
    pub(super) streams: &'a Streams,
    pub(super) frames: Frames<'a>,
    pub(super) spare: &'a mut SpareCalls,
}

impl Intake<'_> {
    /// Takes a record, or what is needed of it.
    pub(super) fn take(&mut self, record: &mut Record) {
        let offset = record.offset;
        let Some(id) = self.arrive(record) else {
            return;
        };
        let Some((verdict, bytes)) = self.verdict(id, record) else {
            return;
        };
        let submission = match verdict {
            Verdict::Handle(call) if call.method.descriptor().is_streaming() => {
                self.open(id, offset, call, bytes)
            }
            Verdict::Handle(call) => handle(call, bytes),
            Verdict::Refuse(reason, status, to) => {
                telemetry::refused_request(reason, true);
                self.refused(id, offset, &status);
                refuse(Work::Refuse(Box::new((status, to))))
            }
            Verdict::StepPast(reason, status) => {
                telemetry::refused_request(reason, false);
                self.refused(id, offset, &status);
                match self.router.dead_letters(&record.topic) {
                    Some(topic) => bury(Letter::unhandled(
                        topic,
                        LetterCause::Refused,
                        status,
                        std::mem::take(record),
                    )),
                    None => return self.dispatch.skip(id, offset),
                }
            }
            Verdict::Cancel(call) => {
                self.dispatch.skip(id, offset);
                return self.cancel(id, &call);
            }
            Verdict::Frame(StreamFrame {
                id: call,
                frame,
                value,
                reply,
            }) => {
                let request = self.frames.take(id, call, frame, value, reply.as_ref());
                return match request {
                    // Where the stream has not begun, its next owner needs them, too.
                    Some(request) if !matches!(frame, Frame::Credit(_)) => {
                        self.dispatch.skip_with(id, offset, request);
                    }
                    _ => self.dispatch.skip(id, offset),
                };
            }
            Verdict::Break(call, status, reply) => {
                self.refused(id, offset, &status);
                let is_open = self.streams.end(id, &call, Ending::Broken(status.clone()));
                if is_open {
                    telemetry::broken_stream();
                }
                match reply {
                    Some(to) if !is_open => {
                        telemetry::refused_request(Refused::Malformed, true);
                        refuse(Work::Refuse(Box::new((status, to))))
                    }
                    _ => {
                        if !is_open {
                            telemetry::stray_frame();
                        }
                        return self.dispatch.skip(id, offset);
                    }
                }
            }
        };
        // Given back only where the partition is being given up, and then it is the next owner's.
        if let Err(Work::Handle(call)) = self.dispatch.submit(id, offset, submission) {
            self.streams.forget(&call);
        }
    }

    /// What a record is, once its message is whole, which takes the place of its last piece; `None`
    /// where that has to wait.
    fn verdict(&mut self, id: PartitionId, record: &mut Record) -> Option<(Verdict, usize)> {
        let mut refused = None;
        if self.pieces.are_taken() {
            let (offset, now) = (record.offset, self.now.instant);
            let parts = match self.pieces.take(id, std::mem::take(record), now) {
                Taken::Whole(whole, parts) => {
                    *record = whole;
                    parts
                }
                Taken::Refused(last, status, parts) => {
                    *record = last;
                    refused = Some(status);
                    parts
                }
                Taken::Piece => return None,
            };
            // They are finished with the record that they belong to.
            self.dispatch.attach(id, offset, parts);
        }
        let bytes = record.value.len();
        match refused {
            None => Some((self.router.verdict(record, self.now, self.spare), bytes)),
            Some(status) => Some((self.router.refuse_whole(record, status), 0)),
        }
    }

    fn open(
        &mut self,
        id: PartitionId,
        offset: i64,
        mut call: Box<Call>,
        bytes: usize,
    ) -> Submission<Work, CorrelationId> {
        let Some(to) = call.reply.clone() else {
            return handle(call, bytes);
        };
        // What was said to a stream of the same id comes before.
        match self.streams.open((id, offset), &mut call, to.clone()) {
            Ok(()) => handle(call, bytes),
            Err(status) => {
                let reason = match status.code() {
                    Code::ResourceExhausted => Refused::TooMany,
                    _ => Refused::Malformed,
                };
                telemetry::refused_request(reason, true);
                self.refused(id, offset, &status);
                refuse(Work::Refuse(Box::new((status, to))))
            }
        }
    }

    /// The partition of a record that is to be handled.
    fn arrive(&mut self, record: &Record) -> Option<PartitionId> {
        let id = self.partition(record)?;
        match self.dispatch.arrive(id, record.offset)? {
            Arrival::Handle => Some(id),
            Arrival::AlreadyDone => {
                telemetry::repeated_record();
                None
            }
            Arrival::Repeat => {
                self.last = None;
                let id = self.begin_again(&record.partition_ref(), record.offset);
                self.dispatch.arrive(id, record.offset)?;
                Some(id)
            }
        }
    }

    /// Runs of records of one partition are usual, so the last one found is tried first.
    fn partition(&mut self, record: &Record) -> Option<PartitionId> {
        if let Some((last, id)) = &self.last
            && last.partition == record.partition
            && last.topic == record.topic
        {
            return Some(*id);
        }
        let partition = record.partition_ref();
        let id = self.owned.id(&partition)?;
        self.last = Some((partition, id));
        Some(id)
    }

    /// Offsets went back: the topic was made anew, or the log was cut by an election. What we know
    /// of the partition is of other records.
    fn begin_again(&mut self, partition: &PartitionRef, offset: i64) -> PartitionId {
        tracing::warn!(
            topic = &*partition.topic,
            partition = partition.partition,
            offset,
            "offsets went back: the partition is taken as new from there"
        );
        if let Some(old) = self.owned.remove(partition) {
            drop(self.dispatch.release(old));
            self.streams.release(old);
            self.pieces.forget_place(old);
        }
        let id = self.dispatch.assign(Progress::start(offset));
        self.owned.add(partition, id);
        id
    }

    fn refused(&self, id: PartitionId, offset: i64, status: &Status) {
        let partition = self.owned.partition(id);
        tracing::warn!(?partition, offset, %status, "a request is refused");
    }

    fn cancel(&mut self, id: PartitionId, call: &CorrelationId) {
        for piece in self.pieces.forget(id, *call) {
            self.dispatch.skip(id, piece);
        }
        match self.dispatch.cancel(id, call) {
            Cancelled::Running(ticket) => self.cancelled.push(ticket),
            Cancelled::Waiting(Work::Handle(call)) => {
                self.streams.forget(&call);
                call.metrics.cancelled();
                call.metrics.end(Code::Cancelled, call.arrived.elapsed());
            }
            // Over before the cancel came.
            Cancelled::Waiting(Work::Refuse(..) | Work::Bury(..)) => {}
            Cancelled::Unknown => {
                self.streams.end(id, call, Ending::Cancelled);
            }
        }
    }
}

fn handle(call: Box<Call>, bytes: usize) -> Submission<Work, CorrelationId> {
    Submission {
        key: call.key.clone(),
        id: call.reply.as_ref().map(|reply| reply.id),
        bytes,
        delivery: call.method.descriptor().delivery,
        call: Work::Handle(call),
    }
}

fn refuse(work: Work) -> Submission<Work, CorrelationId> {
    Submission {
        key: None,
        id: None,
        bytes: 0,
        delivery: Delivery::AtLeastOnce,
        call: work,
    }
}

/// What its letter takes up counts while it waits, too.
pub(super) fn bury(letter: Letter) -> Submission<Work, CorrelationId> {
    Submission {
        bytes: letter.bytes(),
        ..refuse(Work::Bury(Box::new(letter)))
    }
}
