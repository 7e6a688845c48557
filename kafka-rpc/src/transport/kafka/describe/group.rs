use std::ffi::CString;
use std::time::{Duration, Instant};

use rdkafka::bindings::{
    rd_kafka_AclOperation_t, rd_kafka_ConsumerGroupDescription_authorized_operations,
    rd_kafka_ConsumerGroupDescription_error, rd_kafka_DescribeConsumerGroups,
    rd_kafka_DescribeConsumerGroups_result_groups, rd_kafka_admin_op_t, rd_kafka_error_code,
    rd_kafka_event_DescribeConsumerGroups_result,
};
use rdkafka::types::RDKafkaErrorCode;

use super::Probe;
use super::answer::{Answer, allows, items};
use crate::transport::{Failure, TransportError};

impl Probe {
    /// Whether this client may be a member of a group. Blocks.
    pub(in crate::transport::kafka) fn may_join(
        &self,
        group: &str,
        limit: Duration,
    ) -> Result<bool, TransportError> {
        let doing = format!("look group {group} up");
        let name = CString::new(group).map_err(|error| {
            TransportError::new(Failure::Config, format!("can't {doing}: {error}"))
        })?;
        let question = rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS;
        let until = Instant::now() + limit;
        let answer = self.ask(&doing, question, until, |client, options, queue| {
            let mut names = [name.as_ptr()];
            // SAFETY: the name ends with NUL and is copied; client, options and queue are alive.
            unsafe {
                rd_kafka_DescribeConsumerGroups(client, names.as_mut_ptr(), 1, options, queue);
            }
        });
        match answer {
            Ok(answer) => Ok(allowed(&answer)),
            Err(error) if error.failure == Failure::Denied => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// What other errors mean, joining will tell.
fn allowed(answer: &Answer) -> bool {
    let (mut count, mut operations) = (0, 0);
    // SAFETY: the event is alive, and of this kind or null comes back; what belongs to it lives as
    // long.
    unsafe {
        let result = rd_kafka_event_DescribeConsumerGroups_result(answer.as_ptr());
        if result.is_null() {
            return true;
        }
        let first = rd_kafka_DescribeConsumerGroups_result_groups(result, &mut count);
        items(first, count).iter().all(|group| {
            let code = rd_kafka_error_code(rd_kafka_ConsumerGroupDescription_error(*group));
            match RDKafkaErrorCode::from(code) {
                RDKafkaErrorCode::NoError => allows(
                    rd_kafka_ConsumerGroupDescription_authorized_operations(
                        *group,
                        &mut operations,
                    ),
                    operations,
                    rd_kafka_AclOperation_t::RD_KAFKA_ACL_OPERATION_READ,
                ),
                code => code != RDKafkaErrorCode::GroupAuthorizationFailed,
            }
        })
    }
}
