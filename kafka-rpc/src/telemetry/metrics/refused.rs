use super::catalogue::{ANSWERED, REFUSED, RPC_STATUS};
use crate::call::Code;
use crate::telemetry::outcome::code_name;

/// A request never reaches a handler, for a reason that the code tells. It is answered, or stepped
/// past where there is nobody to tell.
pub(crate) fn refused_request(code: Code, answered: bool) {
    let answered = if answered { "true" } else { "false" };
    metrics::counter!(REFUSED, RPC_STATUS => code_name(code), ANSWERED => answered).increment(1);
}
