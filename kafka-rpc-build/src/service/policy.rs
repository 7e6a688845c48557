//! The parts that policies have in common: from the options to Rust.

use std::ops::RangeInclusive;

use prost_reflect::{DynamicMessage, ReflectMessage, Value};

/// A part of a policy that can't be.
#[derive(Debug)]
pub(super) struct BadPart {
    /// Its name and number.
    pub(super) part: (&'static str, u32),
    /// The word in it that is to blame, or nothing for all of it.
    pub(super) word: String,
    pub(super) message: String,
}

/// The parts of a policy that are set.
pub(super) struct Parts<'a>(pub(super) &'a DynamicMessage);

impl Parts<'_> {
    fn given(&self, name: &str) -> Option<Value> {
        let field = self.0.descriptor().get_field_by_name(name)?;
        let is_set = self.0.has_field(&field);
        is_set.then(|| self.0.get_field(&field).into_owned())
    }

    fn bad(&self, name: &'static str, word: &str, message: String) -> BadPart {
        let field = self.0.descriptor().get_field_by_name(name);
        BadPart {
            part: (name, field.map_or(0, |field| field.number())),
            word: word.to_owned(),
            message,
        }
    }

    /// A number of attempts, within bounds that the rule tells.
    pub(super) fn attempts(
        &self,
        bounds: RangeInclusive<u32>,
        rule: &str,
        policy: &mut String,
    ) -> Result<(), BadPart> {
        let Some(attempts) = self.given("attempts").and_then(|value| value.as_u32()) else {
            return Ok(());
        };
        if !bounds.contains(&attempts) {
            let message =
                format!("`attempts` is {attempts}: with the first one among them, {rule}");
            return Err(self.bad("attempts", "", message));
        }
        policy.push_str(&format!(".attempts({attempts})"));
        Ok(())
    }

    /// A time in milliseconds.
    pub(super) fn time(&self, name: &str, setter: &str, policy: &mut String) {
        if let Some(millis) = self.given(name).and_then(|value| value.as_u32()) {
            let time = format!("::core::time::Duration::from_millis({millis})");
            policy.push_str(&format!(".{setter}({time})"));
        }
    }

    /// How pauses grow, and what of them is chance.
    pub(super) fn backoff(&self, policy: &mut String) -> Result<(), BadPart> {
        self.time("initial_backoff_ms", "initial_backoff", policy);
        self.time("max_backoff_ms", "max_backoff", policy);
        self.part("multiplier", 1.0..=f64::MAX, "it is at least 1", policy)?;
        self.part("jitter", 0.0..=1.0, "it is a part, from 0 to 1", policy)
    }

    fn part(
        &self,
        name: &'static str,
        bounds: RangeInclusive<f64>,
        rule: &str,
        policy: &mut String,
    ) -> Result<(), BadPart> {
        let Some(value) = self.given(name).and_then(|value| value.as_f64()) else {
            return Ok(());
        };
        if !bounds.contains(&value) {
            return Err(self.bad(name, "", format!("`{name}` is {value}: {rule}")));
        }
        policy.push_str(&format!(".{name}({value:?})"));
        Ok(())
    }

    /// Codes of failures.
    pub(super) fn codes(&self, policy: &mut String) -> Result<(), BadPart> {
        let Some(Value::List(given)) = self.given("codes") else {
            return Ok(());
        };
        let mut codes = Vec::with_capacity(given.len());
        for value in given {
            let number = value.as_enum_number().unwrap_or_default();
            let name = usize::try_from(number).ok().and_then(|at| CODES.get(at));
            match name {
                Some(&"Ok") => {
                    let message = "`codes` has OK, which is no failure".to_owned();
                    return Err(self.bad("codes", "OK", message));
                }
                Some(name) => codes.push(format!("::kafka_rpc::Code::{name}")),
                None => {
                    let message = format!("`codes` has {number}, which is no code");
                    return Err(self.bad("codes", &number.to_string(), message));
                }
            }
        }
        policy.push_str(&format!(".codes(&[{}])", codes.join(", ")));
        Ok(())
    }
}

/// The codes by their numbers, as Rust has them.
const CODES: [&str; 17] = [
    "Ok",
    "Cancelled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];
