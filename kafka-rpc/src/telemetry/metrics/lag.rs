use metrics::Gauge;

use super::catalogue::{GROUP, LAG, PARTITION, TOPIC};

/// How far a group is behind in a partition that is ours.
///
/// To drop it sets the gauge to zero: a partition that was given up is another's to tell of.
pub(crate) struct PartitionLag(Gauge);

impl PartitionLag {
    pub(crate) fn of(group: &str, topic: &str, partition: i32) -> Self {
        Self(metrics::gauge!(
            LAG,
            GROUP => group.to_owned(),
            TOPIC => topic.to_owned(),
            PARTITION => partition.to_string(),
        ))
    }

    /// Tells how many records lie between the lowest offset that is not finished and the end.
    pub(crate) fn set(&self, records: i64) {
        // Offsets stay far below 2^53, up to which a float holds every integer.
        self.0.set(records.max(0) as f64);
    }
}

impl Drop for PartitionLag {
    fn drop(&mut self) {
        self.0.set(0.0);
    }
}
