use std::ffi::CString;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use parking_lot::RwLock;
use rdkafka::bindings::{
    rd_kafka_last_error, rd_kafka_t, rd_kafka_topic_destroy, rd_kafka_topic_new, rd_kafka_topic_t,
};
use rdkafka::types::RDKafkaErrorCode;

use crate::hashing::HashMap;

/// The topics that a producer writes to, as librdkafka knows them. To be dropped before the client.
#[derive(Default)]
pub(super) struct Topics(RwLock<HashMap<Arc<str>, Topic>>);

/// A reference that is counted. It is given back when the producer is.
struct Topic(NonNull<rd_kafka_topic_t>);

// SAFETY: librdkafka's topics may be used on any thread.
unsafe impl Send for Topic {}
// SAFETY: as above.
unsafe impl Sync for Topic {}

impl Topics {
    /// A topic of the client, which is kept as long as this is. Who may name topics bounds them: a
    /// channel's are those of its methods, a server's those that it allows replies in.
    pub(super) fn get(
        &self,
        client: *mut rd_kafka_t,
        name: &Arc<str>,
    ) -> Result<NonNull<rd_kafka_topic_t>, RDKafkaErrorCode> {
        if let Some(topic) = self.0.read().get(name) {
            return Ok(topic.0);
        }
        let native = CString::new(&**name).map_err(|_| RDKafkaErrorCode::InvalidTopic)?;
        // SAFETY: the client is alive; the name is copied.
        let topic = unsafe { rd_kafka_topic_new(client, native.as_ptr(), ptr::null_mut()) };
        let topic = NonNull::new(topic).ok_or_else(|| {
            // SAFETY: it reads the thread's last error.
            RDKafkaErrorCode::from(unsafe { rd_kafka_last_error() })
        })?;
        let mut topics = self.0.write();
        // Another may have been faster; then ours is given back.
        Ok(topics.entry(Arc::clone(name)).or_insert(Topic(topic)).0)
    }
}

impl Drop for Topic {
    fn drop(&mut self) {
        // SAFETY: our own reference, given back once, while the client is alive.
        unsafe { rd_kafka_topic_destroy(self.0.as_ptr()) };
    }
}
