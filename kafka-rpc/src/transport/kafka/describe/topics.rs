use std::collections::HashMap;
use std::ffi::{CString, c_char};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::bindings::{
    rd_kafka_AclOperation_t, rd_kafka_DescribeTopics, rd_kafka_DescribeTopics_result_topics,
    rd_kafka_TopicCollection_destroy, rd_kafka_TopicCollection_of_topic_names,
    rd_kafka_TopicDescription_authorized_operations, rd_kafka_TopicDescription_error,
    rd_kafka_TopicDescription_name, rd_kafka_TopicDescription_partitions,
    rd_kafka_TopicDescription_t, rd_kafka_admin_op_t, rd_kafka_error_code,
    rd_kafka_event_DescribeTopics_result,
};
use rdkafka::types::RDKafkaErrorCode;

use super::answer::{Answer, allows, items, text};
use super::{Probe, state};
use crate::transport::{Access, Failure, TopicState, TransportError};

/// How often topics that have no leaders yet are looked up again.
const RETRY_PAUSE: Duration = Duration::from_millis(50);
impl Probe {
    /// Looks topics up, in the order of their names. Blocks.
    pub(in crate::transport::kafka) fn topics(
        &self,
        names: &[Arc<str>],
        limit: Duration,
    ) -> Result<Vec<TopicState>, TransportError> {
        let until = Instant::now() + limit;
        let doing = format!("look topics up: {}", names.join(", "));
        loop {
            let mut found = self.describe(&doing, names, until)?;
            // Just created: their leaders are not chosen yet.
            let leaderless = found.values().any(|described| described.leaderless);
            if leaderless && Instant::now() + RETRY_PAUSE < until {
                std::thread::sleep(RETRY_PAUSE);
                continue;
            }
            let state = |name: &Arc<str>| {
                found
                    .remove(&**name)
                    .map_or(TopicState::Missing, |described| described.state)
            };
            return Ok(names.iter().map(state).collect());
        }
    }

    fn describe(
        &self,
        doing: &str,
        names: &[Arc<str>],
        until: Instant,
    ) -> Result<HashMap<String, Described>, TransportError> {
        let refused = |error: std::ffi::NulError| {
            TransportError::new(Failure::Config, format!("can't {doing}: {error}"))
        };
        let names = names
            .iter()
            .map(|name| CString::new(&**name).map_err(refused))
            .collect::<Result<Vec<CString>, _>>()?;
        let mut pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
        let question = rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS;
        let answer = self.ask(doing, question, until, |client, options, queue| {
            // SAFETY: the names end with NUL and are copied; client, options and queue are alive;
            // the collection is copied, and ours to destroy.
            unsafe {
                let topics =
                    rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len());
                rd_kafka_DescribeTopics(client, topics, options, queue);
                rd_kafka_TopicCollection_destroy(topics);
            }
        })?;
        Ok(descriptions(&answer)
            .iter()
            // SAFETY: descriptions live as long as the answer.
            .map(|topic| unsafe { described(doing, *topic) })
            .collect())
    }
}

struct Described {
    state: TopicState,
    leaderless: bool,
}

fn descriptions(answer: &Answer) -> &[*const rd_kafka_TopicDescription_t] {
    let mut count = 0;
    // SAFETY: the event is alive, and of this kind or null comes back, and its list lives as long.
    unsafe {
        let result = rd_kafka_event_DescribeTopics_result(answer.as_ptr());
        if result.is_null() {
            return &[];
        }
        let first = rd_kafka_DescribeTopics_result_topics(result, &mut count);
        items(first, count)
    }
}

/// # Safety
/// The description is alive.
unsafe fn described(doing: &str, topic: *const rd_kafka_TopicDescription_t) -> (String, Described) {
    let (mut partitions, mut operations) = (0, 0);
    // SAFETY: the description is alive, and what belongs to it lives as long.
    let (name, code, allowed) = unsafe {
        rd_kafka_TopicDescription_partitions(topic, &mut partitions);
        (
            text(rd_kafka_TopicDescription_name(topic)).to_owned(),
            rd_kafka_error_code(rd_kafka_TopicDescription_error(topic)),
            rd_kafka_TopicDescription_authorized_operations(topic, &mut operations),
        )
    };
    // SAFETY: as above.
    let allows = |operation| unsafe { allows(allowed, operations, operation) };
    let code = RDKafkaErrorCode::from(code);
    let access = Access {
        read: allows(rd_kafka_AclOperation_t::RD_KAFKA_ACL_OPERATION_READ),
        write: allows(rd_kafka_AclOperation_t::RD_KAFKA_ACL_OPERATION_WRITE),
    };
    let state = state(doing, code, partitions, access);
    let leaderless = code == RDKafkaErrorCode::LeaderNotAvailable;
    (name, Described { state, leaderless })
}
