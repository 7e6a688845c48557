//! One method of an annotated trait, parsed and checked.

use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{
    Attribute, Block, Error, FnArg, GenericArgument, Ident, LitStr, Pat, PathArguments,
    PathSegment, Receiver, Result, ReturnType, Signature, TraitItemFn, Type,
};

use crate::arguments::Arguments;
use crate::key::KeyPath;
use crate::names;

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

/// Everything that the expansion needs to know about a method.
pub(crate) struct Method {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) ident: Ident,
    /// The argument as it was written: `request: Request<T>`.
    pub(crate) pattern: Pat,
    pub(crate) request: Type,
    /// The return type as it was written: `Result<Response<T>, Status>`.
    pub(crate) result: Type,
    /// The messages inside of `Request` and `Response`.
    pub(crate) input: Type,
    pub(crate) output: Type,
    pub(crate) body: Option<Block>,
    /// The name on the wire: `PlaceOrder`.
    pub(crate) name: String,
    /// The full names of the messages, where a `.proto` gives them.
    pub(crate) messages: Option<(LitStr, LitStr)>,
    pub(crate) key: Option<KeyPath>,
    pub(crate) delivery: Option<Delivery>,
    pub(crate) idempotency: Option<Idempotency>,
    pub(crate) topic: Option<LitStr>,
}

const ARGUMENTS: [&str; 7] = [
    "name",
    "input",
    "output",
    "key",
    "delivery",
    "idempotency",
    "topic",
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

impl Method {
    pub(crate) fn parse(function: &TraitItemFn) -> Result<Self> {
        let (arguments, attributes) = split_attributes(&function.attrs)?;
        arguments.allow("rpc", &ARGUMENTS)?;
        let signature = &function.sig;
        check_qualifiers(signature)?;
        let (pattern, request) = request_argument(signature)?;
        let input = only_argument(&request, "Request")
            .ok_or_else(|| Error::new_spanned(&request, "a method takes a `Request<T>`"))?;
        let (result, output) = response(signature)?;
        let name = match arguments.string("name")? {
            Some(name) => {
                names::check_method(&name)?;
                name.value()
            }
            None => names::method_name(&signature.ident),
        };
        names::check_function(&signature.ident)?;
        Ok(Self {
            attributes,
            ident: signature.ident.clone(),
            pattern,
            input,
            request,
            result,
            output,
            body: function.default.clone(),
            name,
            messages: messages(&arguments)?,
            key: arguments
                .string("key")?
                .map(|path| KeyPath::parse(&path))
                .transpose()?,
            delivery: arguments.choice("delivery", &DELIVERIES)?,
            idempotency: arguments.choice("idempotency", &IDEMPOTENCIES)?,
            topic: arguments.string("topic")?,
        })
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

fn check_qualifiers(signature: &Signature) -> Result<()> {
    if signature.asyncness.is_none() {
        return Err(Error::new(
            signature.fn_token.span(),
            "a method of a service is an `async fn`",
        ));
    }
    let refused: Option<Span> = (signature.constness.map(|token| token.span()))
        .or(signature.unsafety.map(|token| token.span()))
        .or(signature.abi.as_ref().map(Spanned::span))
        .or(signature.variadic.as_ref().map(Spanned::span));
    if let Some(span) = refused {
        return Err(Error::new(
            span,
            "a method of a service is a plain `async fn`",
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &signature.generics.params,
            "a method of a service has no generic parameters",
        ));
    }
    if let Some(clause) = &signature.generics.where_clause {
        return Err(Error::new_spanned(
            clause,
            "a method of a service has no `where` clause",
        ));
    }
    Ok(())
}

fn request_argument(signature: &Signature) -> Result<(Pat, Type)> {
    let mut inputs = signature.inputs.iter();
    match inputs.next() {
        Some(FnArg::Receiver(receiver)) if is_shared_self(receiver) => {}
        Some(other) => return Err(wrong_receiver(other)),
        None => return Err(wrong_receiver(&signature.ident)),
    }
    match (inputs.next(), inputs.next()) {
        (Some(FnArg::Typed(argument)), None) => {
            Ok(((*argument.pat).clone(), (*argument.ty).clone()))
        }
        (_, Some(extra)) => Err(Error::new_spanned(
            extra,
            "a method takes one request and nothing else: what goes beside the message is its \
             metadata",
        )),
        _ => Err(Error::new(
            signature.paren_token.span.close(),
            "a method takes a request: `request: Request<T>`",
        )),
    }
}

fn is_shared_self(receiver: &Receiver) -> bool {
    receiver.reference.is_some() && receiver.mutability.is_none() && receiver.colon_token.is_none()
}

fn wrong_receiver(found: &impl ToTokens) -> Error {
    Error::new_spanned(
        found,
        "the receiver of a method is `&self`: one value serves all calls at once",
    )
}

fn response(signature: &Signature) -> Result<(Type, Type)> {
    let shape = "a method returns `Result<Response<T>, Status>`";
    let ReturnType::Type(_, result) = &signature.output else {
        return Err(Error::new(signature.paren_token.span.close(), shape));
    };
    let output = segment(result, "Result")
        .and_then(|segment| type_arguments(segment).next())
        .and_then(|response| only_argument(response, "Response"));
    match output {
        Some(output) => Ok(((**result).clone(), output)),
        None => Err(Error::new_spanned(result, shape)),
    }
}

/// The `T` of `name<T>`, whatever the path before `name`.
fn only_argument(outer: &Type, name: &str) -> Option<Type> {
    let mut arguments = type_arguments(segment(outer, name)?);
    match (arguments.next(), arguments.next()) {
        (Some(argument), None) => Some(argument.clone()),
        _ => None,
    }
}

/// The last segment of a path that ends in `name`.
fn segment<'a>(outer: &'a Type, name: &str) -> Option<&'a PathSegment> {
    let Type::Path(outer) = outer else {
        return None;
    };
    outer
        .path
        .segments
        .last()
        .filter(|segment| segment.ident == name)
}

fn type_arguments(segment: &PathSegment) -> impl Iterator<Item = &Type> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(arguments.args.iter()),
        _ => None,
    };
    arguments.into_iter().flatten().filter_map(|argument| {
        if let GenericArgument::Type(argument) = argument {
            Some(argument)
        } else {
            None
        }
    })
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
