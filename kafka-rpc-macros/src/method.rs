//! One method of an annotated trait, parsed and checked.

use syn::{Attribute, Block, Error, Expr, Ident, LitStr, Result, TraitItemFn};

use crate::arguments::Arguments;
use crate::key::KeyPath;
use crate::names;
use crate::signature::Shape;

/// When the offset of a request is committed.
#[derive(Clone, Copy)]
pub(crate) enum Delivery {
    AtLeastOnce,
    AtMostOnce,
}

/// Whether a call may be repeated after it may have started.
#[derive(Clone, Copy)]
pub(crate) enum Idempotency {
    Unknown,
    NoSideEffects,
    Idempotent,
}

/// Which instances of a server a call goes to.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Routing {
    One,
    All,
}

/// How a client repeats calls, as an expression.
pub(crate) enum Repeats {
    /// A `RetryPolicy`.
    Retry(Expr),
    /// A `HedgingPolicy`.
    Hedging(Expr),
}

/// Everything that the expansion needs to know about a method.
pub(crate) struct Method {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) ident: Ident,
    pub(crate) shape: Shape,
    pub(crate) body: Option<Block>,
    /// The name on the wire: `PlaceOrder`.
    pub(crate) name: String,
    /// The full names of the messages, where a `.proto` gives them.
    pub(crate) messages: Option<(LitStr, LitStr)>,
    pub(crate) key: Option<KeyPath>,
    pub(crate) delivery: Option<Delivery>,
    pub(crate) idempotency: Option<Idempotency>,
    pub(crate) topic: Option<LitStr>,
    /// Whether a stream goes on where the next server takes over.
    pub(crate) resumable: bool,
    pub(crate) routing: Option<Routing>,
    pub(crate) repeats: Option<Repeats>,
    /// A `Redelivery`.
    pub(crate) redelivery: Option<Expr>,
    /// Whether calls with one idempotency key take effect once.
    pub(crate) deduplicated: bool,
}

const ARGUMENTS: [&str; 13] = [
    "name",
    "input",
    "output",
    "key",
    "delivery",
    "idempotency",
    "topic",
    "resumable",
    "routing",
    "retry",
    "hedging",
    "redelivery",
    "deduplicated",
];

const DELIVERIES: [(&str, Delivery); 2] = [
    ("AT_LEAST_ONCE", Delivery::AtLeastOnce),
    ("AT_MOST_ONCE", Delivery::AtMostOnce),
];

const IDEMPOTENCIES: [(&str, Idempotency); 3] = [
    ("IDEMPOTENCY_UNKNOWN", Idempotency::Unknown),
    ("NO_SIDE_EFFECTS", Idempotency::NoSideEffects),
    ("IDEMPOTENT", Idempotency::Idempotent),
];

const ROUTINGS: [(&str, Routing); 2] = [("ONE", Routing::One), ("ALL", Routing::All)];

impl Method {
    pub(crate) fn parse(function: &TraitItemFn) -> Result<Self> {
        let (arguments, attributes) = split_attributes(&function.attrs)?;
        arguments.allow("rpc", &ARGUMENTS)?;
        let signature = &function.sig;
        let shape = Shape::of(signature)?;
        let name = match arguments.string("name")? {
            Some(name) => {
                names::check_method(&name)?;
                name.value()
            }
            None => names::method_name(&signature.ident),
        };
        names::check_function(&signature.ident)?;
        let key = key(&arguments, &shape)?;
        let resumable = resumable(&arguments, &shape)?;
        let routing = routing(&arguments, &shape)?;
        let idempotency = arguments.choice("idempotency", &IDEMPOTENCIES)?;
        let repeats = repeats(&arguments, &shape, idempotency, routing)?;
        let delivery = arguments.choice("delivery", &DELIVERIES)?;
        let redelivery = redelivery(&arguments, &shape, delivery, routing)?;
        let deduplicated = deduplicated(&arguments, &shape, delivery, routing)?;
        Ok(Self {
            attributes,
            ident: signature.ident.clone(),
            shape,
            body: function.default.clone(),
            name,
            messages: messages(&arguments)?,
            key,
            delivery,
            idempotency,
            topic: arguments.string("topic")?,
            resumable,
            routing,
            repeats,
            redelivery,
            deduplicated,
        })
    }

    /// Whether a call goes to all instances of a server.
    pub(crate) fn goes_to_all(&self) -> bool {
        self.routing == Some(Routing::All)
    }
}

/// Takes `#[rpc(..)]` out of the attributes; the rest stay on the method.
fn split_attributes(attributes: &[Attribute]) -> Result<(Arguments, Vec<Attribute>)> {
    let mut arguments = None;
    let mut others = Vec::with_capacity(attributes.len());
    for attribute in attributes {
        let path = attribute.path();
        if path.is_ident("rpc") {
            if arguments.is_some() {
                return Err(Error::new_spanned(attribute, "`#[rpc]` is given twice"));
            }
            arguments = Some(attribute.parse_args()?);
        } else if path.is_ident("cfg") || path.is_ident("cfg_attr") {
            return Err(Error::new_spanned(
                attribute,
                "a method can't be conditional: put the condition on the whole trait",
            ));
        } else {
            others.push(attribute.clone());
        }
    }
    Ok((arguments.unwrap_or_default(), others))
}

fn key(arguments: &Arguments, shape: &Shape) -> Result<Option<KeyPath>> {
    let Some(path) = arguments.string("key")? else {
        return Ok(None);
    };
    if shape.client_streaming {
        return Err(Error::new(
            path.span(),
            "a stream has no one message to take a key from: set the key with `Request::set_key`",
        ));
    }
    KeyPath::parse(&path).map(Some)
}

fn resumable(arguments: &Arguments, shape: &Shape) -> Result<bool> {
    let resumable = arguments.switch("resumable", false)?;
    let reply_alone = shape.server_streaming && !shape.client_streaming;
    match arguments.expression("resumable") {
        Some(value) if resumable && !reply_alone => Err(Error::new_spanned(
            value,
            "`resumable` is for methods whose reply alone is a stream, since their request can be \
             handled again: leave it out here",
        )),
        _ => Ok(resumable),
    }
}

fn routing(arguments: &Arguments, shape: &Shape) -> Result<Option<Routing>> {
    let routing = arguments.choice("routing", &ROUTINGS)?;
    if routing != Some(Routing::All) {
        return Ok(routing);
    }
    if shape.client_streaming || shape.server_streaming {
        return Err(Error::new_spanned(
            arguments.expression("routing"),
            "a call that goes to all instances has one message each way: leave `routing` out of a \
             method with a stream",
        ));
    }
    match arguments.expression("delivery") {
        Some(delivery) => Err(Error::new_spanned(
            delivery,
            "a call that goes to all instances is never handled again: leave `delivery` out",
        )),
        None => Ok(routing),
    }
}

fn repeats(
    arguments: &Arguments,
    shape: &Shape,
    idempotency: Option<Idempotency>,
    routing: Option<Routing>,
) -> Result<Option<Repeats>> {
    let retry = arguments.expression("retry");
    let hedging = arguments.expression("hedging");
    let Some(policy) = hedging.or(retry) else {
        return Ok(None);
    };
    let refused = |why: &str| Err(Error::new_spanned(policy, why));
    if retry.is_some() && hedging.is_some() {
        return refused(
            "calls are repeated one after the other, by `retry`, or several at a time, by `hedging`: leave one of them out",
        );
    }
    let name = if hedging.is_some() {
        "hedging"
    } else {
        "retry"
    };
    if shape.client_streaming || shape.server_streaming {
        return refused(&format!(
            "calls with a stream are not repeated: leave `{name}` out"
        ));
    }
    if routing == Some(Routing::All) {
        return refused(&format!(
            "calls that go to all instances are not repeated: leave `{name}` out"
        ));
    }
    if hedging.is_none() {
        return Ok(Some(Repeats::Retry(policy.clone())));
    }
    if !matches!(idempotency, Some(Idempotency::NoSideEffects)) {
        return refused(
            "several attempts at a call may all take effect: `hedging` is for methods with `idempotency = \"NO_SIDE_EFFECTS\"`",
        );
    }
    if arguments.expression("key").is_some() {
        return refused(
            "calls with one key are handled one at a time, so that a second attempt would wait for the first: leave `hedging` or `key` out",
        );
    }
    Ok(Some(Repeats::Hedging(policy.clone())))
}

fn redelivery(
    arguments: &Arguments,
    shape: &Shape,
    delivery: Option<Delivery>,
    routing: Option<Routing>,
) -> Result<Option<Expr>> {
    let Some(policy) = arguments.expression("redelivery") else {
        return Ok(None);
    };
    match hindrance(shape, delivery, routing) {
        None => Ok(Some(policy.clone())),
        Some(hindrance) => Err(Error::new_spanned(
            policy,
            format!(
                "calls of a method that {hindrance} can't be handled again: leave `redelivery` out"
            ),
        )),
    }
}

fn deduplicated(
    arguments: &Arguments,
    shape: &Shape,
    delivery: Option<Delivery>,
    routing: Option<Routing>,
) -> Result<bool> {
    let deduplicated = arguments.switch("deduplicated", false)?;
    let Some(value) = arguments
        .expression("deduplicated")
        .filter(|_| deduplicated)
    else {
        return Ok(false);
    };
    let hindrance = match hindrance(shape, delivery, routing) {
        None if arguments.expression("hedging").is_some() => {
            Some("is hedged, and so has no side effects,")
        }
        hindrance => hindrance,
    };
    match hindrance {
        None => Ok(true),
        Some(hindrance) => Err(Error::new_spanned(
            value,
            format!(
                "calls of a method that {hindrance} are not deduplicated: leave `deduplicated` out"
            ),
        )),
    }
}

/// Why the calls of a method can't be handled again, or be deduplicated.
fn hindrance(
    shape: &Shape,
    delivery: Option<Delivery>,
    routing: Option<Routing>,
) -> Option<&'static str> {
    if matches!(delivery, Some(Delivery::AtMostOnce)) {
        Some("is AT_MOST_ONCE")
    } else if shape.client_streaming || shape.server_streaming {
        Some("has a stream")
    } else if routing == Some(Routing::All) {
        Some("goes to all instances")
    } else {
        None
    }
}

fn messages(arguments: &Arguments) -> Result<Option<(LitStr, LitStr)>> {
    match (arguments.string("input")?, arguments.string("output")?) {
        (Some(input), Some(output)) => Ok(Some((input, output))),
        (None, None) => Ok(None),
        (Some(lone), None) | (None, Some(lone)) => Err(Error::new_spanned(
            lone,
            "`input` and `output` go together: the full names of both messages",
        )),
    }
}
