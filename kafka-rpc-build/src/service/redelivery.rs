//! How a server handles calls again.

use prost_reflect::{DynamicMessage, ReflectMessage, Value};

/// The policy as an expression in Rust.
///
/// # Errors
/// What can't be.
pub(super) fn plan(options: &DynamicMessage) -> Result<String, String> {
    let given = |name: &str| {
        let field = options.descriptor().get_field_by_name(name)?;
        let value = options.has_field(&field).then(|| options.get_field(&field));
        value.map(|value| value.into_owned())
    };
    let number = |name: &str| given(name).and_then(|value| value.as_u32());
    let part = |name: &str| given(name).and_then(|value| value.as_f64());
    let mut policy = "::kafka_rpc::Redelivery::new()".to_owned();
    if let Some(attempts) = number("attempts") {
        if attempts == 0 {
            return Err("`attempts` counts the first time, too: it is at least 1".to_owned());
        }
        policy.push_str(&format!(".attempts({attempts})"));
    }
    for name in ["initial_backoff", "max_backoff"] {
        if let Some(millis) = number(&format!("{name}_ms")) {
            let pause = format!("::core::time::Duration::from_millis({millis})");
            policy.push_str(&format!(".{name}({pause})"));
        }
    }
    if let Some(multiplier) = part("multiplier") {
        if !(multiplier.is_finite() && multiplier >= 1.0) {
            return Err(format!("`multiplier` is {multiplier}: it is at least 1"));
        }
        policy.push_str(&format!(".multiplier({multiplier:?})"));
    }
    if let Some(jitter) = part("jitter") {
        if !(0.0..=1.0).contains(&jitter) {
            return Err(format!("`jitter` is {jitter}: it is a part, from 0 to 1"));
        }
        policy.push_str(&format!(".jitter({jitter:?})"));
    }
    if let Some(Value::List(codes)) = given("codes") {
        let codes = codes.iter().map(code).collect::<Result<Vec<_>, _>>()?;
        policy.push_str(&format!(".codes(&[{}])", codes.join(", ")));
    }
    Ok(policy)
}

fn code(value: &Value) -> Result<String, String> {
    const CODES: [&str; 17] = [
        "",
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
    let number = value.as_enum_number().unwrap_or_default();
    match usize::try_from(number)
        .ok()
        .and_then(|number| CODES.get(number))
    {
        Some(&"") => Err("`codes` has OK, which is no failure".to_owned()),
        Some(name) => Ok(format!("::kafka_rpc::Code::{name}")),
        None => Err(format!("`codes` has {number}, which is no code")),
    }
}
