use std::cell::Cell;

/// A bug that is planted in the library, for the tests of who looks for bugs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A call whose caller gives it up stays in the table of pending calls.
    PendingKept,
    /// The outcome of a call is told to another one that is pending.
    PendingMixedUp,
    /// A commit passes calls that are not finished.
    ProgressPasses,
    /// What is recorded of deduplicated calls is not looked at.
    RecordsIgnored,
    /// What earlier owners of a partition have recorded of deduplicated calls is not read.
    RecordsUnread,
    /// Calls that wait when their partition is given up count as finished.
    DrainFinishes,
    /// Calls that are handled at most once do not wait for a commit.
    GateOpen,
    /// Calls with one key are handled as others are.
    KeysIgnored,
}

thread_local! {
    static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
}

/// Plants a bug in this thread, or none.
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}

pub(crate) fn planted(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}
