use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::transport::{Failure, PartitionRef, TransportError};

/// A partition that is to be read from an offset on.
pub(super) struct Move {
    pub(super) partition: PartitionRef,
    pub(super) to: i64,
    /// Where the partition ends.
    pub(super) end: i64,
    pub(super) told: oneshot::Sender<Result<(), TransportError>>,
}

/// Asks the reader for moves. It alone makes them, between batches: so no record of before comes after
/// one of them.
pub(super) struct Moves(UnboundedSender<Move>);

/// Each who asks waits for the answer, so what is on its way is bounded by those.
pub(super) fn channel() -> (Moves, UnboundedReceiver<Move>) {
    let (asked, wanted) = unbounded_channel();
    (Moves(asked), wanted)
}

impl Moves {
    pub(super) async fn make(
        &self,
        partition: PartitionRef,
        to: i64,
        end: i64,
    ) -> Result<(), TransportError> {
        let ended = || TransportError::new(Failure::Other, "nothing is read any more");
        let (told, outcome) = oneshot::channel();
        let asked = Move {
            partition,
            to,
            end,
            told,
        };
        self.0.send(asked).map_err(|_| ended())?;
        outcome.await.map_err(|_| ended())?
    }
}
