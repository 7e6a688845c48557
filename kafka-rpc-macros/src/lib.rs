//! The `#[service]` attribute of [kafka-rpc], which re-exports it as `kafka_rpc::service`.
//!
//! [kafka-rpc]: https://docs.rs/kafka-rpc

mod arguments;
mod expand;
mod key;
mod method;
mod names;
mod service;
mod signature;
#[cfg(test)]
mod snapshots;
mod stream;
mod suggestion;

use proc_macro2::TokenStream;

/// Makes a service of a trait: what a server implements, `…Server`, and `…Client`.
///
/// `kafka-rpc-build` writes such traits from `.proto` files; written by hand, it defines a service
/// in code. The messages are then any types that implement `prost::Message`.
///
/// ```
/// use kafka_rpc::{Request, Response, Status};
///
/// #[derive(Clone, PartialEq, kafka_rpc::prost::Message)]
/// #[prost(prost_path = "kafka_rpc::prost")]
/// pub struct Deposit {
///     #[prost(string, tag = "1")]
///     pub account: String,
///     #[prost(uint64, tag = "2")]
///     pub cents: u64,
/// }
///
/// /// Keeps accounts.
/// #[kafka_rpc::service(name = "bank.v1.Accounts")]
/// pub trait Accounts {
///     /// Adds to an account and answers its balance. Deposits to one account are handled in order.
///     #[rpc(key = "account", delivery = "AT_MOST_ONCE")]
///     async fn deposit(&self, request: Request<Deposit>) -> Result<Response<u64>, Status>;
/// }
///
/// struct Bank;
///
/// impl Accounts for Bank {
///     async fn deposit(&self, request: Request<Deposit>) -> Result<Response<u64>, Status> {
///         Ok(Response::new(request.get_ref().cents))
///     }
/// }
///
/// let server = AccountsServer::new(Bank);
/// assert_eq!(<AccountsClient>::DESCRIPTOR.methods[0].path, "bank.v1.Accounts/Deposit");
/// ```
///
/// # Methods
/// A method is an `async fn` that takes a [`Request`] and returns a [`Response`]. Its types say
/// which side sends one message, and which sends a stream of them:
///
/// | | takes | returns |
/// |---|---|---|
/// | one message | `Request<T>` | `Result<Response<T>, Status>` |
/// | a stream | `Request<Streaming<T>>` | `Result<Response<impl Stream<Item = Result<T, Status>> + Send>, Status>` |
///
/// Both kinds of request go with both kinds of reply. An implementation writes the same `async fn`;
/// the stream that it returns may borrow from `self`, and is dropped with the call. `Stream` is the
/// trait of `futures_util`. An `Err` in it ends the stream with that status.
///
/// ```
/// use futures_util::{Stream, stream};
/// use kafka_rpc::{Request, Response, Status, Streaming};
///
/// #[kafka_rpc::service(name = "sensors.v1.Sensors")]
/// pub trait Sensors {
///     /// Answers the mean of what was measured.
///     async fn record(&self, request: Request<Streaming<f64>>) -> Result<Response<f64>, Status>;
///
///     /// Sends what a sensor measured.
///     #[rpc(key = "self", resumable = true)]
///     async fn replay(
///         &self,
///         request: Request<String>,
///     ) -> Result<Response<impl Stream<Item = Result<f64, Status>> + Send>, Status>;
/// }
///
/// struct Archive {
///     measured: Vec<f64>,
/// }
///
/// impl Sensors for Archive {
///     async fn record(&self, request: Request<Streaming<f64>>) -> Result<Response<f64>, Status> {
///         let mut measured = request.into_inner();
///         let (mut sum, mut count) = (0.0, 0.0);
///         while let Some(value) = measured.message().await? {
///             sum += value;
///             count += 1.0;
///         }
///         Ok(Response::new(sum / count))
///     }
///
///     async fn replay(
///         &self,
///         request: Request<String>,
///     ) -> Result<Response<impl Stream<Item = Result<f64, Status>> + Send>, Status> {
///         let seen = request.resume_after().unwrap_or(0) as usize;
///         let rest = self.measured.iter().skip(seen);
///         Ok(Response::new(stream::iter(rest.map(|value| Ok(*value)))))
///     }
/// }
///
/// async fn mean(mut sensors: SensorsClient) -> Result<f64, Status> {
///     let mut replayed = sensors.replay("roof".to_owned()).await?.into_inner();
///     let mut measured = Vec::new();
///     while let Some(value) = replayed.message().await? {
///         measured.push(value);
///     }
///     let mean = sensors.record(stream::iter(measured)).await?;
///     Ok(mean.into_inner())
/// }
/// ```
///
/// A client's method takes a message or a [`Request`] around it, and where it sends a stream, the
/// stream or a [`Request`] around it. A stream of replies comes as a [`Response`] with a
/// [`Streaming`] in it, and what all instances answer as one with [`Answers`] in it.
///
/// [`RetryPolicy`]: https://docs.rs/kafka-rpc/latest/kafka_rpc/struct.RetryPolicy.html
/// [`HedgingPolicy`]: https://docs.rs/kafka-rpc/latest/kafka_rpc/struct.HedgingPolicy.html
/// [`Answers`]: https://docs.rs/kafka-rpc/latest/kafka_rpc/struct.Answers.html
/// [`Request`]: https://docs.rs/kafka-rpc/latest/kafka_rpc/struct.Request.html
/// [`Response`]: https://docs.rs/kafka-rpc/latest/kafka_rpc/struct.Response.html
/// [`Streaming`]: https://docs.rs/kafka-rpc/latest/kafka_rpc/struct.Streaming.html
///
/// # What it makes
/// For a trait `Accounts`:
/// - the trait itself, with `Send + Sync + 'static` as supertraits and with `Send` futures and
///   streams, so that an implementation writes plain `async fn`s;
/// - `AccountsServer<T>`, which a server takes: `new`, `from_arc`, `with_interceptor`;
/// - `AccountsClient<S = Channel>`, with a method for each of the trait's: `new`,
///   `with_interceptor`; cheap to clone where `S` is;
/// - `DESCRIPTOR` on both, the static description of the service.
///
/// Documentation and `#[deprecated]` go from the trait to all of them. A method with a body has it
/// as the default of the trait.
///
/// # Arguments of `#[service]`
/// | argument | value | default |
/// |---|---|---|
/// | `name` | full name on the wire: `"bank.v1.Accounts"` | must be given |
/// | `topics` | `"PER_METHOD"`, or `"PER_SERVICE"`: one request topic for all methods but those with `routing = "ALL"`, so that calls with one key are in order across methods | `"PER_METHOD"` |
/// | `topic` | the request topic of a `PER_SERVICE` service | `name` |
/// | `group` | the consumer group of the servers | `name` |
/// | `client`, `server` | `false`: do without it | `true` |
/// | `unimplemented_defaults` | `true`: methods answer `UNIMPLEMENTED` until they are implemented | `false` |
/// | `descriptor_set` | an expression: the encoded `FileDescriptorSet` that describes the service | none |
///
/// # Arguments of `#[rpc]`, on a method
/// | argument | value | default |
/// |---|---|---|
/// | `name` | name on the wire: `"Deposit"` | the function's in upper camel case |
/// | `key` | the field whose value keys the call: calls with one key are handled in order. A path of Rust fields; `?` marks a step that is an `Option`: `"owner?.id"`; `"self"` is a request that is a single value. Not for a stream of requests: their caller sets the key | no key |
/// | `delivery` | `"AT_LEAST_ONCE"`, or `"AT_MOST_ONCE"`: the offset is committed before the handler starts | `"AT_LEAST_ONCE"` |
/// | `idempotency` | `"NO_SIDE_EFFECTS"` or `"IDEMPOTENT"`: the call may be repeated after it may have started | `"IDEMPOTENCY_UNKNOWN"` |
/// | `resumable` | `true`: a stream of replies goes on at another server when its own is gone; the handler finds in `Request::resume_after` how much its caller has | `false` |
/// | `topic` | the request topic | `name` of the service, `.`, name of the method |
/// | `resumable` | `true`: a stream goes on where the next server takes over: the handler gets the request again, and `Request::resume_after` tells how many messages the caller has seen. Only where the reply alone is a stream | `false` |
/// | `routing` | `"ONE"`, or `"ALL"`: the call goes to all live instances of the server, each of which answers, and the client's method returns [`Answers`]. Such a method has a request topic of its own, in a `PER_SERVICE` service too; not with streams, and not with `delivery`, since its calls are never handled again | `"ONE"` |
/// | `retry` | a constant [`RetryPolicy`]: how the client makes calls again that fail. Not with streams, and not with `routing = "ALL"` | none |
/// | `hedging` | a constant [`HedgingPolicy`]: how the client makes several attempts at a call at a time. Only with `idempotency = "NO_SIDE_EFFECTS"`; not with `key` or `retry`, nor where `retry` can't be | none |
/// | `redelivery` | a constant `kafka_rpc::Redelivery`: how the server handles calls again that fail with certain codes. Only for methods that are `AT_LEAST_ONCE`, go to one instance and have no streams | none |
/// | `deduplicated` | `true`: calls with one idempotency key take effect once. The client gives each call a key, and a server answers repeats with what it has recorded of the first. Not with `hedging`, nor where `redelivery` can't be | `false` |
/// | `input`, `output` | full names of the messages, where a `.proto` has them | none |
#[proc_macro_attribute]
pub fn service(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    expand(arguments.into(), item.into()).into()
}

fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    match service::Service::parse(arguments, item) {
        Ok(service) => expand::expand(&service),
        Err(error) => error.to_compile_error(),
    }
}
