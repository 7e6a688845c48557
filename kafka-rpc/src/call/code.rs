use std::fmt;

/// The outcome of a call: gRPC's status codes, with gRPC's numbers and meanings.
///
/// ```
/// use kafka_rpc::Code;
///
/// assert_eq!(Code::from_i32(5), Code::NotFound);
/// assert_eq!(Code::NotFound as i32, 5);
/// assert_eq!(Code::NotFound.to_string(), "Some requested entity was not found");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Code {
    /// The call succeeded.
    Ok = 0,
    /// The call was given up, as a rule by its caller.
    Cancelled = 1,
    /// An error of which nothing more is known, or a code that this version doesn't know.
    Unknown = 2,
    /// The request is wrong whatever state the system is in.
    InvalidArgument = 3,
    /// The deadline passed first. The call may have taken effect all the same.
    DeadlineExceeded = 4,
    /// What was asked for does not exist.
    NotFound = 5,
    /// What was to be created is there already.
    AlreadyExists = 6,
    /// The caller is known, and may not do this.
    PermissionDenied = 7,
    /// A limit was reached: a quota, a size, a number of calls.
    ResourceExhausted = 8,
    /// The system is not in the state that the call needs; repeating it won't help before that is
    /// mended.
    FailedPrecondition = 9,
    /// A conflict with something concurrent; the caller may begin again from a higher level.
    Aborted = 10,
    /// Beyond the valid range, such as past the end of a file.
    OutOfRange = 11,
    /// The service or method does not exist here, or is not implemented.
    Unimplemented = 12,
    /// Something is broken on the way or in the service.
    Internal = 13,
    /// The service can't be reached just now; repeating the call may help.
    Unavailable = 14,
    /// Data was lost or damaged beyond repair.
    DataLoss = 15,
    /// The caller's credentials are missing or not valid.
    Unauthenticated = 16,
}

impl Code {
    /// The code of a number; [`Code::Unknown`] for one that is not gRPC's.
    pub const fn from_i32(number: i32) -> Self {
        match number {
            0 => Self::Ok,
            1 => Self::Cancelled,
            3 => Self::InvalidArgument,
            4 => Self::DeadlineExceeded,
            5 => Self::NotFound,
            6 => Self::AlreadyExists,
            7 => Self::PermissionDenied,
            8 => Self::ResourceExhausted,
            9 => Self::FailedPrecondition,
            10 => Self::Aborted,
            11 => Self::OutOfRange,
            12 => Self::Unimplemented,
            13 => Self::Internal,
            14 => Self::Unavailable,
            15 => Self::DataLoss,
            16 => Self::Unauthenticated,
            _ => Self::Unknown,
        }
    }

    /// The code in a sentence for people, the same as gRPC's libraries give.
    pub const fn description(&self) -> &'static str {
        match self {
            Self::Ok => "The operation completed successfully",
            Self::Cancelled => "The operation was cancelled",
            Self::Unknown => "Unknown error",
            Self::InvalidArgument => "Client specified an invalid argument",
            Self::DeadlineExceeded => "Deadline expired before operation could complete",
            Self::NotFound => "Some requested entity was not found",
            Self::AlreadyExists => "Some entity that we attempted to create already exists",
            Self::PermissionDenied => {
                "The caller does not have permission to execute the specified operation"
            }
            Self::ResourceExhausted => "Some resource has been exhausted",
            Self::FailedPrecondition => {
                "The system is not in a state required for the operation's execution"
            }
            Self::Aborted => "The operation was aborted",
            Self::OutOfRange => "Operation was attempted past the valid range",
            Self::Unimplemented => "Operation is not implemented or not supported",
            Self::Internal => "Internal error",
            Self::Unavailable => "The service is currently unavailable",
            Self::DataLoss => "Unrecoverable data loss or corruption",
            Self::Unauthenticated => "The request does not have valid authentication credentials",
        }
    }
}

/// The [description](Code::description).
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.description())
    }
}

impl From<i32> for Code {
    fn from(number: i32) -> Self {
        Self::from_i32(number)
    }
}

impl From<Code> for i32 {
    fn from(code: Code) -> Self {
        code as i32
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn every_number_of_grpc_comes_back_as_itself() {
        for number in 0..=16 {
            assert_eq!(i32::from(Code::from_i32(number)), number);
        }
    }

    #[test]
    fn a_number_that_is_not_grpcs_is_unknown() {
        for number in [-1, 17, i32::MIN, i32::MAX] {
            assert_eq!(Code::from(number), Code::Unknown, "{number}");
        }
    }

    #[test]
    fn no_two_codes_share_a_description() {
        let descriptions: std::collections::HashSet<_> = (0..=16)
            .map(|number| Code::from_i32(number).description())
            .collect();
        assert_eq!(descriptions.len(), 17);
    }
}
