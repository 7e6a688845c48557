//! The shape of a method: `async fn f(&self, request: Request<T>) -> Result<Response<U>, Status>`.

use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{
    Error, FnArg, GenericArgument, Pat, PathArguments, PathSegment, Receiver, Result, ReturnType,
    Signature, Type,
};

/// The types of a method's signature.
pub(crate) struct Shape {
    /// The argument as it was written: `request: Request<T>`.
    pub(crate) pattern: Pat,
    pub(crate) request: Type,
    /// The return type as it was written: `Result<Response<T>, Status>`.
    pub(crate) result: Type,
    /// The messages inside of `Request` and `Response`.
    pub(crate) input: Type,
    pub(crate) output: Type,
}

impl Shape {
    pub(crate) fn of(signature: &Signature) -> Result<Self> {
        check_qualifiers(signature)?;
        let (pattern, request) = request_argument(signature)?;
        let input = only_argument(&request, "Request")
            .ok_or_else(|| Error::new_spanned(&request, "a method takes a `Request<T>`"))?;
        let (result, output) = response(signature)?;
        Ok(Self {
            pattern,
            request,
            result,
            input,
            output,
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
