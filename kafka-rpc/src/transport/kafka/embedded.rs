use std::ffi::CString;
use std::sync::Arc;

#[cfg(test)]
use rdkafka::bindings::rd_kafka_mock_broker_set_rtt;
use rdkafka::bindings::{
    rd_kafka_handle_mock_cluster, rd_kafka_mock_cluster_bootstraps,
    rd_kafka_mock_group_initial_rebalance_delay_ms, rd_kafka_mock_topic_create,
};
use rdkafka::config::ClientConfig;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{BaseProducer, Producer as _};
use rdkafka::types::RDKafkaMockCluster;

use super::context::Context;
use super::error::{failure, transport_error};
use crate::transport::{CreateOutcome, Failure, NewTopic, TransportError};

/// librdkafka's mock broker, in this process. It speaks the Kafka protocol on a loopback port, so
/// other processes can connect to it, too; it has no administration API, so topics are created
/// here.
pub(crate) struct EmbeddedBroker {
    /// Owns the broker: it ends with this client.
    host: BaseProducer<HostContext>,
    bootstrap: String,
}

#[derive(Clone, Default)]
struct HostContext(Context);

impl rdkafka::ClientContext for HostContext {
    fn log(&self, level: rdkafka::config::RDKafkaLogLevel, facility: &str, message: &str) {
        self.0.log(level, facility, message);
    }
}

impl rdkafka::producer::ProducerContext for HostContext {
    type DeliveryOpaque = ();
    fn delivery(&self, _: &rdkafka::message::DeliveryResult<'_>, (): ()) {}
}

impl EmbeddedBroker {
    pub(crate) fn start() -> Result<Arc<Self>, TransportError> {
        let host: BaseProducer<HostContext> = ClientConfig::new()
            .set("test.mock.num.brokers", "1")
            .create_with_context(HostContext::default())
            .map_err(|error| transport_error("start the embedded broker", &error))?;
        let cluster = mock_cluster(&host)?;
        // SAFETY: `cluster` belongs to `host`, which is alive.
        unsafe { rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 0) };
        // SAFETY: as above; the string lives as long as the cluster and ends with NUL.
        let bootstrap =
            unsafe { std::ffi::CStr::from_ptr(rd_kafka_mock_cluster_bootstraps(cluster)) }
                .to_string_lossy()
                .into_owned();
        Ok(Arc::new(Self { host, bootstrap }))
    }

    pub(crate) fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    pub(super) fn create(&self, topic: &NewTopic) -> CreateOutcome {
        match self.try_create(topic) {
            Ok(()) => CreateOutcome::Created,
            Err(error) => CreateOutcome::Refused(error),
        }
    }

    fn try_create(&self, topic: &NewTopic) -> Result<(), TransportError> {
        let refused = |why: String| {
            TransportError::new(
                Failure::Config,
                format!(
                    "can't create topic {} on the embedded broker: {why}",
                    topic.name
                ),
            )
        };
        let cluster = mock_cluster(&self.host)?;
        let name = CString::new(&*topic.name).map_err(|error| refused(error.to_string()))?;
        let partitions =
            i32::try_from(topic.partitions).map_err(|error| refused(error.to_string()))?;
        // SAFETY: `cluster` belongs to `host`, which is alive; `name` ends with NUL.
        let code = unsafe { rd_kafka_mock_topic_create(cluster, name.as_ptr(), partitions, 1) };
        match RDKafkaErrorCode::from(code) {
            RDKafkaErrorCode::NoError | RDKafkaErrorCode::TopicAlreadyExists => Ok(()),
            code => Err(TransportError::new(
                failure(code),
                format!(
                    "can't create topic {} on the embedded broker: {code}",
                    topic.name
                ),
            )),
        }
    }
}

#[cfg(test)]
impl EmbeddedBroker {
    /// Has answers take so long from now on.
    pub(super) fn delay(&self, by: std::time::Duration) {
        let cluster = mock_cluster(&self.host).unwrap();
        let milliseconds = i32::try_from(by.as_millis()).unwrap();
        // SAFETY: `cluster` belongs to `host`, which is alive. The number is that of the only broker.
        let code = unsafe { rd_kafka_mock_broker_set_rtt(cluster, 1, milliseconds) };
        assert_eq!(RDKafkaErrorCode::from(code), RDKafkaErrorCode::NoError);
    }
}

/// Not through `rdkafka::mocking`: it lacks the group's delay.
fn mock_cluster(
    host: &BaseProducer<HostContext>,
) -> Result<*mut RDKafkaMockCluster, TransportError> {
    // SAFETY: the client is alive.
    let cluster = unsafe { rd_kafka_handle_mock_cluster(host.client().native_ptr()) };
    if cluster.is_null() {
        return Err(TransportError::new(
            Failure::Other,
            "the client library was built without its embedded broker",
        ));
    }
    Ok(cluster)
}
