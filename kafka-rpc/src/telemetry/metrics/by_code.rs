use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Histogram, Label};

use super::catalogue::{ERROR_TYPE, RPC_METHOD, RPC_STATUS, RPC_SYSTEM};
use crate::call::Code;
use crate::telemetry::SYSTEM;
use crate::telemetry::outcome::{Side, code_name};

/// How long the calls of one method took, by their status code.
#[derive(Debug)]
pub(super) struct DurationByCode {
    name: &'static str,
    side: Side,
    path: &'static str,
    /// Made when a code first comes up: most never do.
    histograms: [OnceLock<Histogram>; Code::Unauthenticated as usize + 1],
}

impl DurationByCode {
    pub(super) fn new(name: &'static str, side: Side, path: &'static str) -> Self {
        Self {
            name,
            side,
            path,
            histograms: std::array::from_fn(|_| OnceLock::new()),
        }
    }

    pub(super) fn record(&self, code: Code, duration: Duration) {
        self.histograms[code as usize]
            .get_or_init(|| self.histogram(code))
            .record(duration);
    }

    fn histogram(&self, code: Code) -> Histogram {
        let mut labels = vec![
            Label::from_static_parts(RPC_SYSTEM, SYSTEM),
            Label::from_static_parts(RPC_METHOD, self.path),
            Label::from_static_parts(RPC_STATUS, code_name(code)),
        ];
        if self.side.failed(code) {
            labels.push(Label::from_static_parts(ERROR_TYPE, code_name(code)));
        }
        metrics::histogram!(self.name, labels)
    }
}
