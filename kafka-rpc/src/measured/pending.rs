use std::collections::VecDeque;
use std::hint::black_box;
use std::time::Duration;

use tokio::time::Instant;

use super::{Ids, UNDER_WAY};
use crate::BoxError;
use crate::client::PendingCalls;

/// Puts a call into the table of pending calls, and takes it out when it is answered.
pub fn pending_calls(times: u64) -> Result<(), BoxError> {
    let mut table = PendingCalls::new(usize::MAX);
    let mut ids = Ids::new();
    let mut under_way = VecDeque::new();
    let mut deadline = Instant::now();
    for call in 0..times + UNDER_WAY {
        let id = ids.next();
        deadline += Duration::from_micros(10);
        table
            .insert(id, deadline, call)
            .map_err(|_| "an id came twice")?;
        under_way.push_back(id);
        if call >= UNDER_WAY {
            let answered = under_way.pop_front().and_then(|id| table.complete(id));
            black_box(answered.ok_or("a pending call is not in the table")?);
        }
    }
    Ok(())
}
