use metrics::Unit;

pub(super) const CLIENT_DURATION: &str = "rpc.client.call.duration";
pub(super) const SERVER_DURATION: &str = "rpc.server.call.duration";
pub(super) const PENDING_CALLS: &str = "kafka_rpc.client.pending_calls";
pub(super) const CLIENT_CANCELLED: &str = "kafka_rpc.client.cancelled_calls";
pub(super) const ORPHANED_REPLIES: &str = "kafka_rpc.client.orphaned_replies";
pub(super) const ACTIVE_HANDLERS: &str = "kafka_rpc.server.active_handlers";
pub(super) const HANDLER_DURATION: &str = "kafka_rpc.server.handler.duration";
pub(super) const QUEUE_DURATION: &str = "kafka_rpc.server.queue.duration";
pub(super) const SERVER_CANCELLED: &str = "kafka_rpc.server.cancelled_calls";
pub(super) const EXPIRED_REQUESTS: &str = "kafka_rpc.server.expired_requests";
pub(super) const REFUSED_REQUESTS: &str = "kafka_rpc.server.refused_requests";
pub(super) const REPEATED_RECORDS: &str = "kafka_rpc.server.repeated_records";
pub(super) const COMMIT_FAILURES: &str = "kafka_rpc.server.commit_failures";
pub(super) const HANDLER_PANICS: &str = "kafka_rpc.server.panics";
pub(super) const REPLY_RETRIES: &str = "kafka_rpc.server.reply_retries";
pub(super) const LOST_REPLIES: &str = "kafka_rpc.server.lost_replies";
pub(super) const DEAD_LETTERS: &str = "kafka_rpc.server.dead_letters";
pub(super) const DEAD_LETTER_RETRIES: &str = "kafka_rpc.server.dead_letter_retries";
pub(super) const DEDUPLICATED: &str = "kafka_rpc.server.deduplicated_calls";
pub(super) const DEDUPLICATION_FAILURES: &str = "kafka_rpc.server.deduplication_failures";
pub(super) const DEDUPLICATION_EVICTIONS: &str = "kafka_rpc.server.deduplication_evictions";
pub(super) const REDELIVERIES: &str = "kafka_rpc.server.redeliveries";
pub(super) const DRAIN_TIMEOUTS: &str = "kafka_rpc.server.drain_timeouts";
pub(super) const LOST_CANCELS: &str = "kafka_rpc.client.lost_cancels";
pub(super) const LAG: &str = "kafka_rpc.server.lag";
pub(super) const SERVER_STREAMS: &str = "kafka_rpc.server.open_streams";
pub(super) const STRAY_FRAMES: &str = "kafka_rpc.server.stray_frames";
pub(super) const BROKEN_STREAMS: &str = "kafka_rpc.server.broken_streams";
pub(super) const SILENT_CALLERS: &str = "kafka_rpc.server.silent_callers";
pub(super) const CLIENT_STREAMS: &str = "kafka_rpc.client.open_streams";
pub(super) const LOST_STREAMS: &str = "kafka_rpc.client.lost_streams";
pub(super) const RESUMED_STREAMS: &str = "kafka_rpc.client.resumed_streams";

pub(super) const RETRIES: &str = "kafka_rpc.client.retries";
pub(super) const HEDGES: &str = "kafka_rpc.client.hedges";
pub(super) const HELD_BACK: &str = "kafka_rpc.client.held_back_calls";
pub(super) const RESENT_REQUESTS: &str = "kafka_rpc.client.resent_requests";

pub(super) const RPC_SYSTEM: &str = "rpc.system.name";
pub(super) const RPC_METHOD: &str = "rpc.method";
pub(super) const RPC_STATUS: &str = "rpc.status_code";
pub(super) const ERROR_TYPE: &str = "error.type";
pub(super) const REASON: &str = "kafka_rpc.refusal.reason";
pub(super) const ANSWERED: &str = "kafka_rpc.refusal.answered";
pub(super) const STEP: &str = "kafka_rpc.deduplication.step";
pub(super) const CAUSE: &str = "kafka_rpc.dead_letter.cause";
pub(super) const GROUP: &str = "messaging.consumer.group.name";
pub(super) const TOPIC: &str = "messaging.destination.name";
pub(super) const PARTITION: &str = "messaging.destination.partition.id";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// A metric of this crate.
pub(super) struct Metric {
    pub(super) kind: Kind,
    pub(super) name: &'static str,
    pub(super) unit: Unit,
    pub(super) description: &'static str,
}

const fn counter(name: &'static str, description: &'static str) -> Metric {
    Metric {
        kind: Kind::Counter,
        name,
        unit: Unit::Count,
        description,
    }
}

const fn gauge(name: &'static str, description: &'static str) -> Metric {
    Metric {
        kind: Kind::Gauge,
        name,
        unit: Unit::Count,
        description,
    }
}

const fn seconds(name: &'static str, description: &'static str) -> Metric {
    Metric {
        kind: Kind::Histogram,
        name,
        unit: Unit::Seconds,
        description,
    }
}

/// All metrics of this crate, as the table in the documentation of `telemetry` has them. Those that no
/// constant names are counted where they happen.
pub(super) const METRICS: &[Metric] = &[
    seconds(
        CLIENT_DURATION,
        "Time from the start of a call to its outcome",
    ),
    gauge(PENDING_CALLS, "Calls that wait for their outcome"),
    counter(
        CLIENT_CANCELLED,
        "Calls that their caller dropped before their outcome",
    ),
    counter(
        ORPHANED_REPLIES,
        "Replies that no call waits for: late, repeated, or another client's",
    ),
    counter(
        LOST_CANCELS,
        "Cancels that could not be written; the handler runs on",
    ),
    counter(RETRIES, "Attempts at calls whose last attempt had failed"),
    counter(
        HEDGES,
        "Attempts at calls that another attempt was under way for",
    ),
    counter(
        HELD_BACK,
        "Calls that the retry budget kept from another attempt",
    ),
    counter(
        RESENT_REQUESTS,
        "Requests that were written nowhere and are sent again",
    ),
    counter("kafka_rpc.inbox.errors", "Failed attempts to read replies"),
    counter(
        "kafka_rpc.inbox.unreadable",
        "Records of reply topics that could not be read and were stepped past",
    ),
    seconds(
        SERVER_DURATION,
        "Time from the arrival of a request to its reply",
    ),
    seconds(
        QUEUE_DURATION,
        "Time from the arrival of a request to the start of its handler",
    ),
    seconds(HANDLER_DURATION, "Time that a handler ran"),
    gauge(ACTIVE_HANDLERS, "Handlers that run"),
    counter(
        SERVER_CANCELLED,
        "Calls that their caller cancelled while they waited or ran",
    ),
    counter(
        EXPIRED_REQUESTS,
        "Requests that were not handled since their deadline had passed",
    ),
    counter(
        REFUSED_REQUESTS,
        "Requests that never reached a handler, by the reason, and whether there was somebody to tell",
    ),
    counter(
        REPEATED_RECORDS,
        "Records that came again after they were finished, and were stepped past",
    ),
    counter(HANDLER_PANICS, "Handlers that panicked"),
    counter(
        REPLY_RETRIES,
        "Replies that could not be written and were sent again",
    ),
    counter(LOST_REPLIES, "Replies that could not be written at all"),
    counter(
        REDELIVERIES,
        "Failed calls that are handled again after a while",
    ),
    counter(
        DEDUPLICATED,
        "Calls that were answered with what is recorded of an earlier one",
    ),
    counter(
        DEDUPLICATION_FAILURES,
        "Failed attempts to find or to keep the record of a call, by which of them",
    ),
    counter(
        DEDUPLICATION_EVICTIONS,
        "Records of calls that were dropped before their time for want of room",
    ),
    counter(
        DEAD_LETTERS,
        "Requests that became dead letters, by their topic and the cause",
    ),
    counter(
        DEAD_LETTER_RETRIES,
        "Dead letters that could not be written and were sent again",
    ),
    counter(
        DRAIN_TIMEOUTS,
        "Servers that ended before their handlers did",
    ),
    gauge(CLIENT_STREAMS, "Streams that are open at channels"),
    counter(LOST_STREAMS, "Streams whose server was gone"),
    counter(RESUMED_STREAMS, "Streams that went on at another server"),
    gauge(SERVER_STREAMS, "Streams that are open at servers"),
    counter(
        STRAY_FRAMES,
        "Records of streams that are not open: ended, or of a server before",
    ),
    counter(
        BROKEN_STREAMS,
        "Streams whose caller broke the contract: a gap, messages without credit",
    ),
    counter(
        SILENT_CALLERS,
        "Streams whose caller was silent for too long",
    ),
    gauge(LAG, "Records of a partition that are not finished yet"),
    counter(
        "kafka_rpc.server.rebalances",
        "Changes in which partitions are the server's",
    ),
    counter(
        COMMIT_FAILURES,
        "Failed commits; what they cover is committed or handled again",
    ),
    counter(
        "kafka_rpc.server.committed_lookup_failures",
        "Failed attempts to look up what is committed",
    ),
    counter(
        "kafka_rpc.server.read_errors",
        "Failed attempts to read requests",
    ),
    counter(
        "kafka_rpc.server.transactions",
        "Transactions that were committed with offsets",
    ),
    counter(
        "kafka_rpc.server.transaction_failures",
        "Transactions that failed and were tried again",
    ),
    counter(
        "kafka_rpc.producer.recreated",
        "Producers that could not go on and were replaced",
    ),
];

/// Tells the installed recorder of the `metrics` crate the unit and the meaning of every metric of
/// this crate.
///
/// To be called once, after the recorder is installed; without it the metrics have their names and
/// values all the same. See the [module](crate::telemetry) for what there is.
///
/// ```
/// // Here a recorder is installed, such as that of `metrics-exporter-prometheus`.
/// kafka_rpc::telemetry::describe_metrics();
/// ```
pub fn describe_metrics() {
    for metric in METRICS {
        let (name, unit, description) = (metric.name, metric.unit, metric.description);
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(name, unit, description),
            Kind::Gauge => metrics::describe_gauge!(name, unit, description),
            Kind::Histogram => metrics::describe_histogram!(name, unit, description),
        }
    }
}
