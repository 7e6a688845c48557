//! The cases, with the sizes and the outcomes that gRPC's description of them has.

mod cancels;
mod deadlines;
mod metadata;
mod questions;
mod soak;
mod statuses;
mod streams;
mod unary;
mod unimplemented;

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use kafka_rpc::{Code, Status};

use crate::arguments::Soak;
use crate::clients::Clients;

/// What can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Case {
    /// All that follow, in this order
    All,
    /// A call of nothing
    EmptyUnary,
    /// A large request and a large reply
    LargeUnary,
    /// Four requests, one reply
    ClientStreaming,
    /// One request, four replies
    ServerStreaming,
    /// Four requests, each sent when the last one is answered
    PingPong,
    /// No requests and no replies
    EmptyStream,
    /// Metadata comes back, text and bytes
    CustomMetadata,
    /// The server's status arrives
    StatusCodeAndMessage,
    /// A message of whitespace and of all of Unicode arrives as it was
    SpecialStatusMessage,
    /// A method that the server has no code for
    UnimplementedMethod,
    /// A service that the server has no code for, and one that no server has
    UnimplementedService,
    /// The caller goes before it has sent anything
    CancelAfterBegin,
    /// The caller goes after the first reply
    CancelAfterFirstResponse,
    /// The deadline passes while the server sleeps
    TimeoutOnSleepingServer,
    /// Many large calls, one after the other
    Soak,
}

impl Case {
    /// Each but [`All`](Self::All).
    pub(crate) fn each() -> impl Iterator<Item = Self> {
        let each = Self::value_variants().iter().copied();
        each.filter(|case| *case != Self::All)
    }

    pub(crate) async fn run(self, clients: &Clients, soak: Soak) -> anyhow::Result<()> {
        match self {
            Self::All => bail!("not a case of its own"),
            Self::EmptyUnary => unary::empty_unary(clients).await,
            Self::LargeUnary => unary::large_unary(clients).await,
            Self::ClientStreaming => streams::client_streaming(clients).await,
            Self::ServerStreaming => streams::server_streaming(clients).await,
            Self::PingPong => streams::ping_pong(clients).await,
            Self::EmptyStream => streams::empty_stream(clients).await,
            Self::CustomMetadata => metadata::custom_metadata(clients).await,
            Self::StatusCodeAndMessage => statuses::status_code_and_message(clients).await,
            Self::SpecialStatusMessage => statuses::special_status_message(clients).await,
            Self::UnimplementedMethod => unimplemented::unimplemented_method(clients).await,
            Self::UnimplementedService => unimplemented::unimplemented_service(clients).await,
            Self::CancelAfterBegin => cancels::cancel_after_begin(clients).await,
            Self::CancelAfterFirstResponse => cancels::cancel_after_first_response(clients).await,
            Self::TimeoutOnSleepingServer => deadlines::timeout_on_sleeping_server(clients).await,
            Self::Soak => soak::soak(clients, soak).await,
        }
    }
}

/// The status of a call that has to fail with this code.
fn failed<T>(outcome: Result<T, Status>, code: Code) -> anyhow::Result<Status> {
    match outcome {
        Ok(_) => bail!("the call succeeded instead of failing with {code:?}"),
        Err(status) if status.code() == code => Ok(status),
        Err(status) => Err(status).context(format!("another status than {code:?}")),
    }
}
