//! What client and server tell each other of a call's attempts.

use std::time::Duration;

use super::metadata::{PREVIOUS_ATTEMPTS, PUSHBACK};
use super::{Metadata, MetadataKey, MetadataValue, Status};

/// When a call that failed may be made again: what a server tells the retry or hedging policy of its
/// caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushback {
    /// After so long, instead of the policy's own pause.
    After(Duration),
    /// Not at all.
    Never,
}

impl Pushback {
    /// As gRPC has it: what is not a number of milliseconds is never.
    fn read(value: &MetadataValue) -> Self {
        match value
            .to_str()
            .ok()
            .and_then(|text| text.parse::<u32>().ok())
        {
            Some(millis) => Self::After(Duration::from_millis(millis.into())),
            None => Self::Never,
        }
    }

    fn value(self) -> MetadataValue {
        match self {
            Self::After(time) => u32::try_from(time.as_millis()).unwrap_or(u32::MAX).into(),
            Self::Never => (-1).into(),
        }
    }
}

impl Status {
    /// Tells the caller's retry or hedging policy when the call may be made again; a caller without
    /// one is not concerned. It goes as `grpc-retry-pushback-ms` in the status's metadata.
    ///
    /// ```
    /// use std::time::Duration;
    /// use kafka_rpc::{Pushback, Status};
    ///
    /// let mut status = Status::unavailable("the database restarts");
    /// status.set_pushback(Pushback::After(Duration::from_secs(2)));
    /// assert_eq!(status.metadata().get("grpc-retry-pushback-ms").unwrap(), "2000");
    /// ```
    pub fn set_pushback(&mut self, pushback: Pushback) -> &mut Self {
        let key = MetadataKey::known(PUSHBACK);
        self.metadata_mut().set(key, pushback.value());
        self
    }

    /// What the server said of when the call may be made again.
    pub fn pushback(&self) -> Option<Pushback> {
        self.metadata().get(PUSHBACK).map(Pushback::read)
    }
}

/// Says in a request's metadata how many attempts at its call came before.
pub(crate) fn set_previous_attempts(metadata: &mut Metadata, count: u32) {
    let key = MetadataKey::known(PREVIOUS_ATTEMPTS);
    metadata.set(key, count.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pushback_is_read_back_as_it_was_set() {
        let mut status = Status::unavailable("");
        assert_eq!(status.pushback(), None);
        for (pushback, read) in [
            (Pushback::Never, Pushback::Never),
            (
                Pushback::After(Duration::ZERO),
                Pushback::After(Duration::ZERO),
            ),
            (
                Pushback::After(Duration::MAX),
                Pushback::After(Duration::from_millis(u32::MAX.into())),
            ),
        ] {
            status.set_pushback(pushback);
            assert_eq!(status.pushback(), Some(read));
            assert_eq!(status.metadata().len(), 1);
        }
    }

    #[test]
    fn what_is_no_number_of_milliseconds_is_never() {
        for text in ["-1", "", "soon", "99999999999", "1.5", " 1"] {
            let mut status = Status::unavailable("");
            let value = text.parse().unwrap();
            status.metadata_mut().insert(PUSHBACK, value).unwrap();
            assert_eq!(status.pushback(), Some(Pushback::Never), "{text:?}");
        }
    }

    #[test]
    fn a_later_count_of_attempts_takes_the_place_of_an_earlier_one() {
        let mut metadata = Metadata::new();
        set_previous_attempts(&mut metadata, 1);
        set_previous_attempts(&mut metadata, 2);
        assert_eq!(metadata.get_all(PREVIOUS_ATTEMPTS).count(), 1);
        assert_eq!(metadata.get(PREVIOUS_ATTEMPTS).unwrap(), "2");
    }
}
