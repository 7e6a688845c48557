//! The stream in a response: `impl Stream<Item = Result<T, Status>> + Send`.

use syn::{
    Error, GenericArgument, PathArguments, PathSegment, Result, Type, TypeImplTrait,
    TypeParamBound, parse_quote,
};

use crate::signature::{segment, type_arguments};

const FORM: &str = "`Response<impl Stream<Item = Result<T, Status>> + Send>`";

/// The message in the items of a response's stream; none where the response is no stream.
pub(crate) fn message(replied: &Type) -> Result<Option<&Type>> {
    if segment(replied, "Streaming").is_some_and(is_generic) {
        return Err(Error::new_spanned(
            replied,
            format!(
                "a `Streaming` is what the other side sends; a method that answers with a stream \
                 returns a {FORM}"
            ),
        ));
    }
    match replied {
        Type::ImplTrait(written) => item_message(written).map(Some),
        other if is_stream(other) => Err(Error::new_spanned(
            other,
            format!(
                "the stream in a response is an `impl Stream`: {FORM}; an implementation may have \
                 a box behind it"
            ),
        )),
        _ => Ok(None),
    }
}

fn item_message(written: &TypeImplTrait) -> Result<&Type> {
    let Some(stream) = bounds(written).find(|bound| bound.ident == "Stream") else {
        return Err(Error::new_spanned(
            written,
            format!("the only `impl` that a response may have is a stream: {FORM}"),
        ));
    };
    let PathArguments::AngleBracketed(arguments) = &stream.arguments else {
        return Err(not_a_result(stream));
    };
    let item = arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(item) if item.ident == "Item" => Some(&item.ty),
        _ => None,
    });
    let item = item.ok_or_else(|| not_a_result(stream))?;
    segment(item, "Result")
        .and_then(|result| type_arguments(result).next())
        .ok_or_else(|| not_a_result(item))
}

fn not_a_result(found: &impl quote::ToTokens) -> Error {
    Error::new_spanned(
        found,
        "the items of a stream are `Result`s, so that it can end with a status: \
         `impl Stream<Item = Result<T, Status>> + Send`",
    )
}

/// The caller's messages come as `Streaming`, never as another stream.
pub(crate) fn refuse_in_request(requested: &Type) -> Result<()> {
    let streaming = segment(requested, "Streaming").is_some_and(is_generic);
    if streaming || matches!(requested, Type::ImplTrait(_)) || is_stream(requested) {
        return Err(Error::new_spanned(
            requested,
            "a stream of requests is a `Request<Streaming<T>>`",
        ));
    }
    Ok(())
}

/// Adds `Send` to the stream in a method's return type, where it was not written.
pub(crate) fn make_send(result: &mut Type) {
    let replied = first_argument(result).and_then(first_argument);
    if let Some(Type::ImplTrait(stream)) = replied
        && !bounds(stream).any(|bound| bound.ident == "Send")
    {
        stream.bounds.push(parse_quote!(::core::marker::Send));
    }
}

fn first_argument(outer: &mut Type) -> Option<&mut Type> {
    let Type::Path(outer) = outer else {
        return None;
    };
    let PathArguments::AngleBracketed(arguments) = &mut outer.path.segments.last_mut()?.arguments
    else {
        return None;
    };
    arguments
        .args
        .iter_mut()
        .find_map(|argument| match argument {
            GenericArgument::Type(argument) => Some(argument),
            _ => None,
        })
}

/// The traits of an `impl`, each by the last segment of its path.
fn bounds(written: &TypeImplTrait) -> impl Iterator<Item = &PathSegment> {
    traits(&written.bounds)
}

fn traits<'a>(
    bounds: impl IntoIterator<Item = &'a TypeParamBound>,
) -> impl Iterator<Item = &'a PathSegment> {
    bounds.into_iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last(),
        _ => None,
    })
}

/// Whether a type is a stream in another form than `impl Stream`, boxed or not.
fn is_stream(outer: &Type) -> bool {
    match outer {
        Type::TraitObject(object) => traits(&object.bounds).any(|bound| bound.ident == "Stream"),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            let named = ["Stream", "BoxStream", "LocalBoxStream"];
            let boxed = last.ident == "Pin" || last.ident == "Box";
            is_generic(last) && named.iter().any(|name| last.ident == name)
                || boxed && type_arguments(last).any(is_stream)
        }),
        _ => false,
    }
}

/// A message may have the name of a stream, but no parameters.
fn is_generic(segment: &PathSegment) -> bool {
    !segment.arguments.is_none()
}
