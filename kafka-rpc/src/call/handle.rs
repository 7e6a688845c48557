use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use crate::wire::ReplyAddress;

/// What tells such text from other, and this form of it from later ones.
const FORM: &str = "kr1";

/// A call whose request Kafka keeps, and whose reply can be waited for at any time, by anybody: in
/// this process, or in another after this one's end.
///
/// It is made by [`enqueue`](crate::codegen::UnaryCall::enqueue), is text by [`ToString`] and is
/// read back by [`str::parse`]; [`Channel::reply`](crate::Channel::reply) waits for the reply. The
/// text names the method, the call, where its reply will be, and its deadline; it is no secret,
/// and no proof of anything.
///
/// ```
/// use kafka_rpc::CallHandle;
///
/// let text = "kr1:shop.v1.Orders/PlaceOrder:67e55044-10b1-426f-9247-bb680e5fe0c8:\
///             shop.v1.Orders.PlaceOrder.reply:3:1024:1790000000000";
/// let handle: CallHandle<()> = text.parse()?;
/// assert_eq!(handle.method(), "shop.v1.Orders/PlaceOrder");
/// assert_eq!(handle.to_string(), text);
/// # Ok::<(), kafka_rpc::InvalidHandle>(())
/// ```
pub struct CallHandle<Res> {
    receipt: Receipt,
    reply: PhantomData<fn() -> Res>,
}

/// Which call it is, and where its reply will be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Receipt {
    pub(crate) method: Arc<str>,
    pub(crate) id: u128,
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
    /// The reply is at this offset or after it.
    pub(crate) from: i64,
    /// In milliseconds since the Unix epoch.
    pub(crate) deadline: u64,
}

/// Text that is no handle of a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the handle of a call: {what} in {text:?}; it is what `CallHandle` is as text")]
pub struct InvalidHandle {
    what: &'static str,
    /// The start of it.
    text: String,
}

impl<Res> CallHandle<Res> {
    pub(crate) fn new(receipt: Receipt) -> Self {
        Self {
            receipt,
            reply: PhantomData,
        }
    }

    pub(crate) fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// The method that was called, as `shop.v1.Orders/PlaceOrder`.
    pub fn method(&self) -> &str {
        &self.receipt.method
    }

    /// The call's correlation id, as it is in the headers of its records.
    pub fn correlation_id(&self) -> String {
        Uuid::from_u128(self.receipt.id).to_string()
    }

    /// When the call has to be over: a request that is not handled by then never is.
    pub fn deadline(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.receipt.deadline)
    }
}

impl<Res> Clone for CallHandle<Res> {
    fn clone(&self) -> Self {
        Self::new(self.receipt.clone())
    }
}

impl<Res> fmt::Debug for CallHandle<Res> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallHandle({self})")
    }
}

impl<Res> fmt::Display for CallHandle<Res> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.receipt, f)
    }
}

impl<Res> FromStr for CallHandle<Res> {
    type Err = InvalidHandle;

    fn from_str(text: &str) -> Result<Self, InvalidHandle> {
        text.parse().map(Self::new)
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method,
            id,
            topic,
            partition,
            from,
            deadline,
        } = self;
        let id = Uuid::from_u128(*id);
        write!(
            f,
            "{FORM}:{method}:{id}:{topic}:{partition}:{from}:{deadline}"
        )
    }
}

impl FromStr for Receipt {
    type Err = InvalidHandle;

    fn from_str(text: &str) -> Result<Self, InvalidHandle> {
        let invalid = |what| InvalidHandle {
            what,
            text: text.chars().take(80).collect(),
        };
        let fields: Vec<&str> = text.splitn(8, ':').collect();
        let &[FORM, method, id, topic, partition, from, deadline] = fields.as_slice() else {
            return Err(invalid("it has not the seven parts that begin with `kr1`"));
        };
        if method.is_empty() {
            return Err(invalid("there is no method"));
        }
        let partition = number(partition).ok_or_else(|| invalid("the partition is no number"))?;
        if ReplyAddress::new(topic, Some(partition)).is_err() {
            return Err(invalid("there can be no such topic or partition"));
        }
        Ok(Self {
            method: method.into(),
            id: Uuid::try_parse(id)
                .map_err(|_| invalid("the correlation id is no UUID"))?
                .as_u128(),
            topic: topic.into(),
            partition,
            from: number(from).ok_or_else(|| invalid("the offset is no number"))?,
            deadline: number(deadline).ok_or_else(|| invalid("the deadline is no time"))?,
        })
    }
}

/// From 0 to as many milliseconds as a time can have here.
fn number<T: FromStr + PartialOrd + Default>(text: &str) -> Option<T> {
    let digits = !text.is_empty() && text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_handle_is_read_back_from_its_text(
            id: u128,
            partition in 0..1_000_000_i32,
            from in 0..1_i64 << 50,
            deadline in 0..1_u64 << 50,
            topic in "[a-zA-Z0-9._-]{3,40}",
        ) {
            let method: Arc<str> = "shop.v1.Orders/PlaceOrder".into();
            let receipt = Receipt { method, id, topic: topic.into(), partition, from, deadline };
            let handle = CallHandle::<()>::new(receipt.clone());
            let read: CallHandle<()> = handle.to_string().parse().unwrap();
            prop_assert_eq!(read.receipt(), &receipt);
            prop_assert!(read.deadline() >= UNIX_EPOCH);
        }

        #[test]
        fn other_text_is_no_handle(text in "(kr1)?:?[ -~]{0,40}") {
            prop_assert!(text.parse::<CallHandle<()>>().is_err());
        }
    }

    #[test]
    fn it_is_said_what_is_wrong() {
        let id = "67e55044-10b1-426f-9247-bb680e5fe0c8";
        for (text, what) in [
            ("", "it has not the seven parts"),
            ("kr2:m:i:t:0:0:0", "it has not the seven parts"),
            ("kr1:m:i:t:0:0:0:0", "it has not the seven parts"),
            ("kr1::i:t:0:0:0", "there is no method"),
            ("kr1:m:i:t:0:0:0", "the correlation id is no UUID"),
            (
                &format!("kr1:m:{id}:a b:0:0:0"),
                "there can be no such topic",
            ),
            (&format!("kr1:m:{id}:t:x:0:0"), "the partition is no number"),
            (
                &format!("kr1:m:{id}:t:-1:0:0"),
                "the partition is no number",
            ),
            (&format!("kr1:m:{id}:t:0::0"), "the offset is no number"),
            (
                &format!("kr1:m:{id}:t:0:0:99999999999999999999"),
                "the deadline is no time",
            ),
        ] {
            let error = text.parse::<CallHandle<()>>().unwrap_err().to_string();
            assert!(error.contains(what), "{text}: {error}");
        }
    }
}
