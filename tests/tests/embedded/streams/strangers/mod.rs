//! Callers of another make that do not do what the contract says.

mod credit;
mod frames;
mod late;
mod order;
mod requests;

use std::sync::Arc;

use kafka_rpc::{Code, Server, ServerBuilder};
use kafka_rpc_tests::foreign::{Foreign, Record, Replies};
use kafka_rpc_tests::relay::{Ask, Number, Seen};
use kafka_rpc_tests::world::{Serving, World};

use super::relay_as;

/// A caller of another make, at the one partition of a method, which says what it likes.
struct Stranger {
    foreign: Foreign,
    seen: Arc<Seen>,
    topic: String,
    replies: Replies,
    _server: Serving,
}

impl Stranger {
    async fn at(method: &str) -> Self {
        Self::with(method, Server::builder()).await
    }

    async fn with(method: &str, builder: ServerBuilder) -> Self {
        let world = World::with_partitions(1);
        let (server, seen) = relay_as(&world, builder).await;
        let foreign = Foreign::new(world.cluster());
        let topic = world.name(&format!("tests.v1.Relay.{method}"));
        Self {
            replies: foreign.read(&format!("{topic}.reply")),
            foreign,
            seen,
            topic,
            _server: server,
        }
    }

    /// A record that names a call, and nothing else.
    fn record(&self, id: &str) -> Record {
        Record::to(&self.topic).header("kafka_correlationId", id)
    }

    /// As [`record`](Self::record), with where the caller waits.
    fn addressed(&self, id: &str) -> Record {
        let reply = format!("{}.reply", self.topic);
        self.record(id).header("kafka_replyTopic", reply)
    }

    fn frame(&self, id: &str, frame: &str) -> Record {
        self.record(id).header("rpc-frame", frame)
    }

    fn numbered(&self, id: &str, frame: &str, number: u64) -> Record {
        self.frame(id, frame).header("rpc-seq", number.to_string())
    }

    /// The message with this number, which is its value.
    fn message(&self, id: &str, number: u64) -> Record {
        self.numbered(id, "message", number)
            .message(&Number::new(number))
    }

    async fn write(&self, record: Record) {
        self.foreign.write(record).await;
    }

    /// Begins a stream whose messages come in frames.
    async fn begin(&self, id: &str) {
        self.write(self.addressed(id)).await;
    }

    /// Asks for a stream.
    async fn ask(&self, id: &str, ask: &Ask) {
        self.write(self.addressed(id).message(ask)).await;
    }

    /// What is said next, but for credit that is repeated.
    async fn hears(&mut self) -> Record {
        loop {
            let reply = self.replies.next().await;
            if reply.text("rpc-frame") != "credit" {
                return reply;
            }
        }
    }

    /// The next word is a frame of this kind for a call.
    async fn hears_frame(&mut self, id: &str, frame: &str) -> Record {
        let reply = self.hears().await;
        assert_eq!(
            (reply.text("kafka_correlationId"), reply.text("rpc-frame")),
            (id.to_owned(), frame.to_owned()),
            "{reply:?}"
        );
        reply
    }

    /// The next word is the end of a call, with a code and a message that says so.
    async fn is_refused(&mut self, id: &str, code: Code, says: &str) {
        let reply = self.hears_frame(id, "").await;
        assert_eq!(
            reply.text("grpc-status"),
            (code as i32).to_string(),
            "{reply:?}"
        );
        let message = reply.text("grpc-message");
        assert!(message.contains(says), "{message:?} does not say {says:?}");
    }

    /// The next word is the reply of a call that went well.
    async fn is_answered(&mut self, id: &str, value: u64) {
        let reply = self.hears_frame(id, "").await;
        assert_eq!(reply.get("grpc-status"), None, "{reply:?}");
        assert_eq!(reply.decode::<Number>().value, value);
    }
}
