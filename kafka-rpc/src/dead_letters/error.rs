use super::LetterId;
use crate::Error;
use crate::transport::TransportError;

/// Why something could not be done about dead letters.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeadLettersError {
    /// There is no letter of this id: it was purged, its topic's retention is over, or there never was.
    #[error("there is no dead letter {0}")]
    Missing(LetterId),
    /// The letter does not have all of its request, so that can't be replayed.
    #[error(
        "dead letter {0} can't be replayed: it does not have all of its request, which was too large \
         for the topic or could not be read"
    )]
    Incomplete(LetterId),
    /// The request was replayed twice and came back each time.
    #[error(
        "dead letter {0} is not replayed again: its request was twice and came back; find out why \
         it fails, and send it anew"
    )]
    Replayed(LetterId),
    /// The cluster can't be used, or refused.
    #[error("{0}")]
    Cluster(#[from] Error),
}

impl From<TransportError> for DeadLettersError {
    fn from(error: TransportError) -> Self {
        Self::Cluster(error.into())
    }
}
