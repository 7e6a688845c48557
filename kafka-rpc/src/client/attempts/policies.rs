//! How the calls of a channel are repeated, as its builder was told.

use crate::Error;
use crate::descriptor::{Idempotency, Method, Repeats, Routing, ServiceDescriptor};

/// What a channel says of methods, in place of what their service's description says.
#[derive(Clone, Debug, Default)]
pub(in crate::client) struct Policies(Vec<Policy>);

#[derive(Clone, Debug)]
struct Policy {
    service: &'static ServiceDescriptor,
    /// All methods that can be repeated, where there is none.
    method: Option<String>,
    repeats: Repeats,
}

impl Policies {
    pub(in crate::client) fn add(
        &mut self,
        service: &'static ServiceDescriptor,
        method: Option<&str>,
        repeats: Repeats,
    ) {
        self.0.push(Policy {
            service,
            method: method.map(str::to_owned),
            repeats,
        });
    }

    /// Tells which of them can't be.
    pub(in crate::client) fn check(&self) -> Result<(), Error> {
        for Policy {
            service,
            method,
            repeats,
        } in &self.0
        {
            let Some(name) = method else { continue };
            let method = named(service, name).ok_or_else(|| unknown(service, name))?;
            check(method, repeats)?;
        }
        Ok(())
    }

    /// How the calls of a method are repeated: as was said last of it, else of its service, else in
    /// its description.
    pub(in crate::client) fn of(&self, method: Method) -> Result<Option<Repeats>, Error> {
        let service = method.service().name;
        let name = method.descriptor().name;
        let of_service = || (self.0.iter().rev()).filter(|policy| policy.service.name == service);
        let own = of_service().find(|policy| policy.method.as_deref() == Some(name));
        let all = || {
            of_service()
                .find(|policy| policy.method.is_none() && check(method, &policy.repeats).is_ok())
        };
        let said = own.or_else(all).map(|policy| policy.repeats);
        let Some(repeats) = said.or(method.descriptor().repeats) else {
            return Ok(None);
        };
        check(method, &repeats)?;
        Ok((repeats.most() > 1).then_some(repeats))
    }
}

fn named(service: &'static ServiceDescriptor, name: &str) -> Option<Method> {
    let index = service
        .methods
        .iter()
        .position(|known| known.name == name)?;
    Method::new(service, index)
}

fn unknown(service: &ServiceDescriptor, name: &str) -> Error {
    let known: Vec<&str> = service.methods.iter().map(|method| method.name).collect();
    Error::Config(format!(
        "a policy is set for the method `{name}` of {}, which has {}",
        service.name,
        known.join(", ")
    ))
}

/// Whether the calls of a method can be repeated so.
fn check(method: Method, repeats: &Repeats) -> Result<(), Error> {
    let descriptor = method.descriptor();
    let hindrance = if descriptor.is_streaming() {
        "it has a stream"
    } else if descriptor.routing == Routing::All {
        "they go to all instances"
    } else if matches!(repeats, Repeats::Hedging(_))
        && descriptor.idempotency != Idempotency::NoSideEffects
    {
        return Err(Error::Config(format!(
            "calls of {} can't be hedged: its `idempotency_level` is not NO_SIDE_EFFECTS",
            descriptor.path
        )));
    } else {
        return Ok(());
    };
    Err(Error::Config(format!(
        "calls of {} can't be repeated by a policy: {hindrance}",
        descriptor.path
    )))
}
