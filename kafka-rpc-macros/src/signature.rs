//! The shape of a method: `async fn f(&self, request: Request<T>) -> Result<Response<U>, Status>`,
//! where either message may be a stream.

use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{
    Error, FnArg, GenericArgument, Pat, PathArguments, PathSegment, Receiver, Result, ReturnType,
    Signature, Type,
};

use crate::stream;

/// The types of a method's signature.
pub(crate) struct Shape {
    /// The argument as it was written: `request: Request<T>`.
    pub(crate) pattern: Pat,
    pub(crate) request: Type,
    /// The return type as it was written: `Result<Response<T>, Status>`. A stream in it is `Send`.
    pub(crate) result: Type,
    /// The messages inside of `Request` and `Response`, or inside of the streams there.
    pub(crate) input: Type,
    pub(crate) output: Type,
    /// Whether the request is a stream of messages.
    pub(crate) client_streaming: bool,
    /// Whether the reply is a stream of messages.
    pub(crate) server_streaming: bool,
}

impl Shape {
    pub(crate) fn of(signature: &Signature) -> Result<Self> {
        check_qualifiers(signature)?;
        let (pattern, request) = request_argument(signature)?;
        let requested = only_argument(&request, "Request").ok_or_else(|| {
            Error::new_spanned(
                &request,
                "a method takes a `Request<T>`, or a stream: `Request<Streaming<T>>`",
            )
        })?;
        let streamed_input = only_argument(requested, "Streaming");
        if streamed_input.is_none() {
            stream::refuse_in_request(requested)?;
        }
        let (result, replied) = response(signature)?;
        let streamed_output = stream::message(replied)?;
        let mut result = result.clone();
        if streamed_output.is_some() {
            stream::make_send(&mut result);
        }
        Ok(Self {
            input: streamed_input.unwrap_or(requested).clone(),
            output: streamed_output.unwrap_or(replied).clone(),
            client_streaming: streamed_input.is_some(),
            server_streaming: streamed_output.is_some(),
            pattern,
            request,
            result,
        })
    }
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
            "a method takes a request: `request: Request<T>`, or `request: Request<Streaming<T>>`",
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

/// The return type, and what is in its `Response`.
fn response(signature: &Signature) -> Result<(&Type, &Type)> {
    let shape = "a method returns `Result<Response<T>, Status>`, or a stream: \
                 `Result<Response<impl Stream<Item = Result<T, Status>> + Send>, Status>`";
    let ReturnType::Type(_, result) = &signature.output else {
        return Err(Error::new(signature.paren_token.span.close(), shape));
    };
    let replied = segment(result, "Result")
        .and_then(|segment| type_arguments(segment).next())
        .and_then(|response| only_argument(response, "Response"));
    match replied {
        Some(replied) => Ok((result, replied)),
        None => Err(Error::new_spanned(result, shape)),
    }
}

/// The `T` of `name<T>`, whatever the path before `name`.
pub(crate) fn only_argument<'a>(outer: &'a Type, name: &str) -> Option<&'a Type> {
    let mut arguments = type_arguments(segment(outer, name)?);
    arguments.next().filter(|_| arguments.next().is_none())
}

/// The last segment of a path that ends in `name`.
pub(crate) fn segment<'a>(outer: &'a Type, name: &str) -> Option<&'a PathSegment> {
    let Type::Path(outer) = outer else {
        return None;
    };
    outer
        .path
        .segments
        .last()
        .filter(|segment| segment.ident == name)
}

pub(crate) fn type_arguments(segment: &PathSegment) -> impl Iterator<Item = &Type> {
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
