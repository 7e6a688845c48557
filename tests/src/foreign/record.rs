use prost::Message;
use rdkafka::message::{Header, OwnedHeaders};

/// A record to be written as it is, or one that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Its topic.
    pub topic: String,
    /// Where to write it, or where it lay; `None`: where its key belongs.
    pub partition: Option<i32>,
    /// Its offset; 0 before it is written.
    pub offset: i64,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value; `None` is null.
    pub value: Option<Vec<u8>>,
    /// Its headers in order, with null as `None`.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// Milliseconds since the Unix epoch; `None`: now.
    pub timestamp: Option<i64>,
}

/// Where a record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

impl Record {
    /// A record for a topic, without key, value and headers.
    pub fn to(topic: impl Into<String>) -> Self {
        Self {
            topic: topic.into(),
            ..Self::default()
        }
    }

    /// A request with all that is needed for a reply.
    pub fn request(topic: &str, id: &str, message: &impl Message) -> Self {
        Self::to(topic)
            .message(message)
            .header("kafka_correlationId", id)
            .header("kafka_replyTopic", format!("{topic}.reply"))
    }

    /// Sets the partition to write to.
    #[must_use]
    pub fn partition(mut self, partition: i32) -> Self {
        self.partition = Some(partition);
        self
    }

    /// Sets the key.
    #[must_use]
    pub fn key(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Sets the value.
    #[must_use]
    pub fn value(mut self, value: impl Into<Vec<u8>>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// Sets the value to an encoded message.
    #[must_use]
    pub fn message(self, message: &impl Message) -> Self {
        self.value(message.encode_to_vec())
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), Some(value.into())));
        self
    }

    /// Adds a header whose value is null.
    #[must_use]
    pub fn null_header(mut self, name: impl Into<String>) -> Self {
        self.headers.push((name.into(), None));
        self
    }

    /// Takes all headers of a name away.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self
    }

    /// Sets the time in milliseconds since the Unix epoch.
    #[must_use]
    pub fn timestamp(mut self, millis: i64) -> Self {
        self.timestamp = Some(millis);
        self
    }

    /// The value of the first header of a name, if there is one and it is not null.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let header = self.headers.iter().find(|(other, _)| other == name)?;
        header.1.as_deref()
    }

    /// As [`get`](Self::get), as text; "" where it is missing.
    pub fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(self.get(name).unwrap_or_default()).into_owned()
    }

    /// The message that the value is.
    ///
    /// # Panics
    /// When it is none.
    pub fn decode<M: Message + Default>(&self) -> M {
        M::decode(self.value.as_deref().unwrap_or_default()).expect("the value is the message")
    }

    pub(super) fn native_headers(&self) -> OwnedHeaders {
        self.headers
            .iter()
            .fold(OwnedHeaders::new(), |headers, (key, value)| {
                let value = value.as_deref();
                headers.insert(Header { key, value })
            })
    }
}
