//! The `name = value` pairs in the parentheses of an attribute.

use proc_macro2::Ident;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, ExprLit, Lit, LitStr, Result, Token};

use crate::suggestion;

/// The arguments of one attribute, in the order they were written.
#[derive(Default)]
pub(crate) struct Arguments {
    pairs: Vec<Argument>,
}

struct Argument {
    name: Ident,
    value: Expr,
}

impl Arguments {
    /// Refuses names that are not in `known`, and names that come twice.
    pub(crate) fn allow(&self, attribute: &str, known: &[&str]) -> Result<()> {
        for (index, Argument { name, .. }) in self.pairs.iter().enumerate() {
            let text = name.to_string();
            if !known.contains(&text.as_str()) {
                let hint = suggestion::hint(&text, known);
                return Err(Error::new_spanned(
                    name,
                    format!("unknown argument `{text}` of `#[{attribute}]`{hint}"),
                ));
            }
            if self.pairs[..index].iter().any(|other| other.name == *name) {
                return Err(Error::new_spanned(name, format!("`{text}` is given twice")));
            }
        }
        Ok(())
    }

    pub(crate) fn expression(&self, name: &str) -> Option<&Expr> {
        self.pairs
            .iter()
            .find(|pair| pair.name == name)
            .map(|pair| &pair.value)
    }

    pub(crate) fn string(&self, name: &str) -> Result<Option<LitStr>> {
        match self.expression(name) {
            None => Ok(None),
            Some(Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            })) => Ok(Some(text.clone())),
            Some(other) => Err(Error::new_spanned(
                other,
                format!("`{name}` takes a string: `{name} = \"..\"`"),
            )),
        }
    }

    /// A switch; `default` when it was left out.
    pub(crate) fn switch(&self, name: &str, default: bool) -> Result<bool> {
        match self.expression(name) {
            None => Ok(default),
            Some(Expr::Lit(ExprLit {
                lit: Lit::Bool(switch),
                ..
            })) => Ok(switch.value),
            Some(other) => Err(Error::new_spanned(
                other,
                format!("`{name}` takes `true` or `false`"),
            )),
        }
    }

    /// One value of a closed list, each with its text.
    pub(crate) fn choice<T: Copy>(&self, name: &str, values: &[(&str, T)]) -> Result<Option<T>> {
        let Some(text) = self.string(name)? else {
            return Ok(None);
        };
        let span = text.span();
        let text = text.value();
        match values.iter().find(|(known, _)| *known == text) {
            Some((_, value)) => Ok(Some(*value)),
            None => {
                let known: Vec<&str> = values.iter().map(|(known, _)| *known).collect();
                let hint = suggestion::hint(&text, &known);
                Err(Error::new(
                    span,
                    format!("unknown value `{text}` of `{name}`{hint}"),
                ))
            }
        }
    }
}

impl Parse for Arguments {
    fn parse(input: ParseStream) -> Result<Self> {
        let pairs = Punctuated::<Argument, Token![,]>::parse_terminated(input)?;
        Ok(Self {
            pairs: pairs.into_iter().collect(),
        })
    }
}

impl Parse for Argument {
    fn parse(input: ParseStream) -> Result<Self> {
        let name: Ident = input.parse()?;
        if !input.peek(Token![=]) {
            return Err(Error::new_spanned(
                &name,
                format!("`{name}` needs a value: `{name} = ..`"),
            ));
        }
        input.parse::<Token![=]>()?;
        let value = input.parse()?;
        Ok(Self { name, value })
    }
}
