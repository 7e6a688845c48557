use super::{Code, Status};

/// One constructor for each [`Code`]: its variants say what they mean.
impl Status {
    /// What a future ends with that is polled after its end.
    pub(crate) fn polled_again() -> Self {
        Self::internal("the call is over: it was polled once more")
    }

    /// A status of [`Code::Ok`].
    pub fn ok(message: impl Into<String>) -> Self {
        Self::new(Code::Ok, message)
    }

    /// A status of [`Code::Cancelled`]: the call was given up.
    pub fn cancelled(message: impl Into<String>) -> Self {
        Self::new(Code::Cancelled, message)
    }

    /// A status of [`Code::Unknown`]: nothing more is known.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self::new(Code::Unknown, message)
    }

    /// A status of [`Code::InvalidArgument`]: the request is wrong, whatever state the system is
    /// in.
    pub fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// A status of [`Code::DeadlineExceeded`]: the deadline passed first; the call may have taken
    /// effect.
    pub fn deadline_exceeded(message: impl Into<String>) -> Self {
        Self::new(Code::DeadlineExceeded, message)
    }

    /// A status of [`Code::NotFound`]: what was asked for does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// A status of [`Code::AlreadyExists`]: what was to be created is there.
    pub fn already_exists(message: impl Into<String>) -> Self {
        Self::new(Code::AlreadyExists, message)
    }

    /// A status of [`Code::PermissionDenied`]: the caller is known, and may not do this.
    pub fn permission_denied(message: impl Into<String>) -> Self {
        Self::new(Code::PermissionDenied, message)
    }

    /// A status of [`Code::ResourceExhausted`]: a quota or limit was reached.
    pub fn resource_exhausted(message: impl Into<String>) -> Self {
        Self::new(Code::ResourceExhausted, message)
    }

    /// A status of [`Code::FailedPrecondition`]: the caller should not repeat the call before the
    /// state is mended.
    ///
    /// Where repeating just this call may help, it is [`unavailable`](Self::unavailable); where the
    /// caller should begin again from a higher level, [`aborted`](Self::aborted).
    pub fn failed_precondition(message: impl Into<String>) -> Self {
        Self::new(Code::FailedPrecondition, message)
    }

    /// A status of [`Code::Aborted`]: something concurrent was in conflict with the call.
    pub fn aborted(message: impl Into<String>) -> Self {
        Self::new(Code::Aborted, message)
    }

    /// A status of [`Code::OutOfRange`]: beyond the range that is valid now.
    pub fn out_of_range(message: impl Into<String>) -> Self {
        Self::new(Code::OutOfRange, message)
    }

    /// A status of [`Code::Unimplemented`]: this service has no such method, or has not implemented
    /// it.
    pub fn unimplemented(message: impl Into<String>) -> Self {
        Self::new(Code::Unimplemented, message)
    }

    /// A status of [`Code::Internal`]: something is broken.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message)
    }

    /// A status of [`Code::Unavailable`]: not just now; repeating the call after a while may help.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Code::Unavailable, message)
    }

    /// A status of [`Code::DataLoss`]: data was lost or damaged beyond repair.
    pub fn data_loss(message: impl Into<String>) -> Self {
        Self::new(Code::DataLoss, message)
    }

    /// A status of [`Code::Unauthenticated`]: credentials are missing or not valid.
    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(Code::Unauthenticated, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_constructor_gives_its_own_code() {
        let constructors: [fn(&'static str) -> Status; 17] = [
            Status::ok,
            Status::cancelled,
            Status::unknown,
            Status::invalid_argument,
            Status::deadline_exceeded,
            Status::not_found,
            Status::already_exists,
            Status::permission_denied,
            Status::resource_exhausted,
            Status::failed_precondition,
            Status::aborted,
            Status::out_of_range,
            Status::unimplemented,
            Status::internal,
            Status::unavailable,
            Status::data_loss,
            Status::unauthenticated,
        ];
        for (number, constructor) in constructors.iter().enumerate() {
            let status = constructor("why");
            assert_eq!((status.code() as usize, status.message()), (number, "why"));
        }
    }
}
