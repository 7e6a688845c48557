use std::hint::black_box;

use super::UNDER_WAY;
use crate::BoxError;
use crate::server::Progress;

/// Keeps account of offsets that are finished out of order, with a commit for each batch while half
/// of its calls are unfinished.
pub fn progress(times: u64) -> Result<(), BoxError> {
    let mut progress = Progress::start(0);
    let mut next = 0;
    for _ in 0..times.div_ceil(UNDER_WAY) {
        let batch = next..next + UNDER_WAY.cast_signed();
        next = batch.end;
        for offset in batch.clone() {
            black_box(progress.arrive(offset));
        }
        for offset in batch.clone().skip(1).step_by(2) {
            progress.complete(offset);
        }
        black_box(progress.take_commit().ok_or("there is nothing to commit")?);
        for offset in batch.rev().skip(1).step_by(2) {
            progress.complete(offset);
        }
    }
    match progress.unfinished() == next {
        true => Ok(()),
        false => Err("an offset was not finished".into()),
    }
}
