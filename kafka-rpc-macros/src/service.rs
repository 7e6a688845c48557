//! An annotated trait, parsed and checked.

use proc_macro2::TokenStream;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Error, Expr, Ident, ItemTrait, LitStr, Result, Token, TraitItem, TypeParamBound,
    Visibility,
};

use crate::arguments::Arguments;
use crate::method::Method;
use crate::names;

/// Which request topics a service has.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Topics {
    PerMethod,
    PerService,
}

/// Everything that the expansion needs to know about a service.
pub(crate) struct Service {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) ident: Ident,
    pub(crate) supertraits: Punctuated<TypeParamBound, Token![+]>,
    pub(crate) methods: Vec<Method>,
    /// The full name on the wire: `shop.v1.Orders`.
    pub(crate) name: LitStr,
    pub(crate) topics: Topics,
    pub(crate) topic: Option<LitStr>,
    pub(crate) group: Option<LitStr>,
    pub(crate) descriptor_set: Option<Expr>,
    pub(crate) client: bool,
    pub(crate) server: bool,
    pub(crate) unimplemented_defaults: bool,
}

const ARGUMENTS: [&str; 8] = [
    "name",
    "topics",
    "topic",
    "group",
    "descriptor_set",
    "client",
    "server",
    "unimplemented_defaults",
];

impl Service {
    pub(crate) fn parse(arguments: TokenStream, item: TokenStream) -> Result<Self> {
        let arguments: Arguments = syn::parse2(arguments)?;
        arguments.allow("service", &ARGUMENTS)?;
        let item = parse_trait(item)?;
        let name = arguments.string("name")?.ok_or_else(|| {
            Error::new(
                item.ident.span(),
                format!(
                    "a service needs its full name: `#[service(name = \"shop.v1.{}\")]`",
                    item.ident
                ),
            )
        })?;
        names::check_service(&name)?;
        let service = Self {
            topics: arguments
                .choice(
                    "topics",
                    &[
                        ("PER_METHOD", Topics::PerMethod),
                        ("PER_SERVICE", Topics::PerService),
                    ],
                )?
                .unwrap_or(Topics::PerMethod),
            topic: arguments.string("topic")?,
            group: arguments.string("group")?,
            descriptor_set: arguments.expression("descriptor_set").cloned(),
            client: arguments.switch("client", true)?,
            server: arguments.switch("server", true)?,
            unimplemented_defaults: arguments.switch("unimplemented_defaults", false)?,
            methods: parse_methods(&item)?,
            attributes: item.attrs,
            visibility: item.vis,
            ident: item.ident,
            supertraits: item.supertraits,
            name,
        };
        service.check_topics()?;
        service.check_names()?;
        Ok(service)
    }

    fn check_topics(&self) -> Result<()> {
        if let Some(group) = &self.group {
            names::check_group(group)?;
        }
        if let Some(topic) = &self.topic {
            names::check_topic(topic)?;
            if self.topics == Topics::PerMethod {
                return Err(Error::new(
                    topic.span(),
                    "the `topic` of a service is for `topics = \"PER_SERVICE\"`; otherwise each \
                     method has its own: `#[rpc(topic = \"..\")]`",
                ));
            }
        }
        for method in &self.methods {
            let Some(topic) = &method.topic else {
                continue;
            };
            names::check_topic(topic)?;
            if self.topics == Topics::PerService && !method.goes_to_all() {
                return Err(Error::new(
                    topic.span(),
                    "a service with `topics = \"PER_SERVICE\"` has one topic for all its methods; \
                     name it with the service's own `topic`",
                ));
            }
        }
        Ok(())
    }

    fn check_names(&self) -> Result<()> {
        for (index, method) in self.methods.iter().enumerate() {
            let earlier = &self.methods[..index];
            if let Some(other) = earlier.iter().find(|other| other.name == method.name) {
                return Err(Error::new(
                    method.ident.span(),
                    format!(
                        "two methods named `{}`: `{}` and `{}`; give one another name with \
                         `#[rpc(name = \"..\")]`",
                        method.name, other.ident, method.ident
                    ),
                ));
            }
        }
        Ok(())
    }
}

fn parse_trait(item: TokenStream) -> Result<ItemTrait> {
    let item: ItemTrait = syn::parse2(item).map_err(|error| {
        Error::new(error.span(), format!("`#[service]` is for traits: {error}"))
    })?;
    let no_generics = "a service has no generic parameters";
    if !item.generics.params.is_empty() {
        return Err(Error::new_spanned(&item.generics.params, no_generics));
    }
    if let Some(clause) = &item.generics.where_clause {
        return Err(Error::new_spanned(clause, no_generics));
    }
    if let Some(unsafety) = &item.unsafety {
        return Err(Error::new_spanned(unsafety, "a service is a safe trait"));
    }
    Ok(item)
}

fn parse_methods(item: &ItemTrait) -> Result<Vec<Method>> {
    let mut methods = Vec::with_capacity(item.items.len());
    let mut errors: Option<Error> = None;
    for item in &item.items {
        let parsed = match item {
            TraitItem::Fn(function) => Method::parse(function),
            other => Err(Error::new_spanned(
                other,
                "a service holds nothing but methods: `async fn`s",
            )),
        };
        match (parsed, &mut errors) {
            (Ok(method), _) => methods.push(method),
            (Err(error), Some(errors)) => errors.combine(error),
            (Err(error), errors) => *errors = Some(error),
        }
    }
    match errors {
        None => Ok(methods),
        Some(errors) => Err(errors),
    }
}
