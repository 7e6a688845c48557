/// How the methods of a service are spread over topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TopicLayout {
    /// A topic for each method: each can be scaled and watched by itself.
    #[default]
    PerMethod,
    /// One topic for the service: calls with one key keep their order across its methods.
    PerService,
}

/// What a crash of a server means for a call that it was handling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Delivery {
    /// The call is handled again: no call is lost, some may run twice.
    #[default]
    AtLeastOnce,
    /// The call is not handled again: no call runs twice, some may be lost.
    AtMostOnce,
}

/// Whether a call may be repeated after it may have started: protobuf's `idempotency_level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Idempotency {
    /// Nothing is known: it may not.
    #[default]
    Unknown,
    /// The method only reads: it may.
    NoSideEffects,
    /// To repeat the method does no more than to run it once: it may.
    Idempotent,
}

/// Which instances of a server handle a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Routing {
    /// One of them.
    #[default]
    One,
    /// All that are there, each of which answers.
    All,
}
