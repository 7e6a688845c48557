//! librdkafka's properties, the same as kafka-rpc sets by itself where they bear on speed.

use rdkafka::ClientConfig;

use crate::setup::KafkaSetup;

const CLIENT: &[(&str, &str)] = &[
    ("socket.nagle.disable", "true"),
    ("allow.auto.create.topics", "false"),
];

const PRODUCER: &[(&str, &str)] = &[
    ("acks", "all"),
    ("linger.ms", "0"),
    ("max.in.flight.requests.per.connection", "1"),
    ("sticky.partitioning.linger.ms", "0"),
    ("partitioner", "murmur2_random"),
    ("queue.buffering.max.messages", "200000"),
    ("queue.buffering.max.kbytes", "262144"),
    ("message.timeout.ms", "30000"),
    ("message.max.bytes", "1114112"),
];

const REQUESTS: &[(&str, &str)] = &[("enable.idempotence", "true")];

const REPLIES: &[(&str, &str)] = &[("enable.idempotence", "false")];

const CONSUMER: &[(&str, &str)] = &[
    ("auto.offset.reset", "earliest"),
    ("fetch.min.bytes", "1"),
    ("fetch.wait.max.ms", "100"),
    ("fetch.queue.backoff.ms", "0"),
    ("queued.min.messages", "10000"),
    ("queued.max.messages.kbytes", "16384"),
    ("partition.assignment.strategy", "cooperative-sticky"),
];

pub(super) fn requests(kafka: &KafkaSetup) -> ClientConfig {
    producer(kafka, REQUESTS)
}

pub(super) fn replies(kafka: &KafkaSetup) -> ClientConfig {
    producer(kafka, REPLIES)
}

fn producer(kafka: &KafkaSetup, own: &[(&str, &str)]) -> ClientConfig {
    let mut config = config(kafka, PRODUCER);
    for (name, value) in own {
        config.set(*name, *value);
    }
    for (name, value) in &kafka.producer {
        config.set(name, value);
    }
    config
}

pub(super) fn consumer(kafka: &KafkaSetup, group: &str) -> ClientConfig {
    let mut config = config(kafka, CONSUMER);
    config.set("group.id", format!("{}{group}", kafka.prefix));
    config
}

fn config(kafka: &KafkaSetup, purpose: &[(&str, &str)]) -> ClientConfig {
    let mut config = ClientConfig::new();
    for (name, value) in CLIENT.iter().chain(purpose) {
        config.set(*name, *value);
    }
    config.set("bootstrap.servers", &kafka.brokers);
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kafka_rpc_sets_the_same() {
        let theirs = include_str!("../../../../kafka-rpc/src/transport/kafka/config.rs");
        for (name, value) in [CLIENT, PRODUCER, REQUESTS, REPLIES, CONSUMER].concat() {
            let pair = format!("(\"{name}\", \"{value}\")");
            assert!(
                theirs.contains(&pair),
                "kafka-rpc does not set {name} to {value}"
            );
        }
    }
}
