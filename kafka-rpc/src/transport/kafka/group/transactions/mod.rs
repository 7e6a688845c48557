//! A group's transactions: what its member writes and which offsets that finishes, together or not at
//! all. They block, so they have a thread of their own.

mod acks;
mod error;
mod turns;
mod writer;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};

use self::turns::{Owner, Trouble, Turns};
use self::writer::KafkaWriter;
use super::context::GroupContext;
use crate::transport::{
    Failure, TransactedOffset, TransactionQueue, Transactions, TransportError, Unit,
};

/// The most records of one transaction, but for those that belong together.
const MOST: usize = 10_000;
/// How long the thread sleeps that has nothing to do.
const IDLE: Duration = Duration::from_millis(500);
/// How long it rests after a transaction that failed, and after several in a row at most.
const PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long what is left may take when the group is left.
const LAST: Duration = Duration::from_secs(2);

/// Begins to write what comes into the queue, until that is closed.
pub(super) fn begin(
    config: ClientConfig,
    consumer: Arc<BaseConsumer<GroupContext>>,
    transactions: Transactions,
) -> Result<(), TransportError> {
    let Transactions { id, queue, .. } = transactions;
    std::thread::Builder::new()
        .name("kafka-rpc-transactions".into())
        .spawn(move || {
            let owner = ConsumerMember(Arc::clone(&consumer));
            let writer = KafkaWriter::new(config, id, consumer, Arc::clone(&queue));
            live(writer, &owner, &queue);
        })
        .map_err(|error| {
            TransportError::new(Failure::Other, format!("can't start a thread: {error}"))
        })?;
    Ok(())
}

fn live(mut writer: KafkaWriter, owner: &ConsumerMember, queue: &TransactionQueue) {
    let mut turns = Turns::default();
    let mut pause = PAUSE;
    let mut last = None;
    while last.is_none_or(|until| Instant::now() < until) {
        if queue.is_closed() {
            last.get_or_insert_with(|| Instant::now() + LAST);
        }
        let outcome = writer.ready().and_then(|()| {
            if turns.takes_more() {
                turns.add(queue.take(MOST));
            }
            turns.turn(&mut writer, owner)
        });
        match outcome {
            Ok(true) => pause = PAUSE,
            Ok(false) if last.is_some() => break,
            Ok(false) => queue.wait(IDLE),
            Err(Trouble::Hopeless(error)) => {
                owner.member().failed(error);
                break;
            }
            Err(trouble) => {
                metrics::counter!("kafka_rpc.server.transaction_failures").increment(1);
                tracing::warn!(error = %trouble.error(), "a transaction failed; it is tried again");
                if matches!(trouble, Trouble::Fatal(_)) {
                    writer.give_up();
                }
                std::thread::sleep(pause);
                pause = LONGEST_PAUSE.min(pause * 2);
            }
        }
    }
    writer.close();
}

/// The member of the group that a consumer is of.
struct ConsumerMember(Arc<BaseConsumer<GroupContext>>);

impl ConsumerMember {
    fn member(&self) -> parking_lot::MutexGuard<'_, Box<dyn crate::transport::Member>> {
        self.0.context().member.lock()
    }
}

impl Owner for ConsumerMember {
    fn owns(&self, token: u128) -> bool {
        self.member().owns(token)
    }

    fn written(&self, tokens: &[u128]) -> Option<(u64, Vec<TransactedOffset>)> {
        self.member().written(tokens)
    }

    fn unwritable(&self, unit: Unit, index: usize, error: TransportError) {
        self.member().unwritable(unit, index, error);
    }

    fn committed(&self, seq: u64) {
        metrics::counter!("kafka_rpc.server.transactions").increment(1);
        self.member().committed(seq, Ok(()));
    }
}
