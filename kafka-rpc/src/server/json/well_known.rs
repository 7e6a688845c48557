use std::ops::RangeInclusive;

use prost_reflect::{DynamicMessage, ReflectMessage, Value};
use prost_types::{Any, Duration, FieldMask, Timestamp};

use super::writer::{WriteError, Writer, Written};

/// 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z.
const TIMESTAMP_SECONDS: RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
/// About 10,000 years.
const DURATION_SECONDS: u64 = 315_576_000_000;
const NANOS: u32 = 999_999_999;

impl Writer {
    /// A message in its own form, if it is one of `google.protobuf` that has one, or as an object.
    pub(super) fn message(&mut self, message: &DynamicMessage) -> Written {
        match message.descriptor().full_name() {
            "google.protobuf.Any" => self.any(&read(message)?, message),
            "google.protobuf.Timestamp" => self.timestamp(&read(message)?),
            "google.protobuf.Duration" => self.duration(&read(message)?),
            "google.protobuf.FieldMask" => self.field_mask(&read(message)?),
            "google.protobuf.Value" => self.json_value(message),
            name if is_its_field(name) => self.only_field(message),
            _ => self.object(|object| object.fields(message)),
        }
    }

    fn any(&mut self, any: &Any, message: &DynamicMessage) -> Written {
        if any.type_url.is_empty() && any.value.is_empty() {
            return self.object(|_| Ok(()));
        }
        let name = any.type_url.rsplit_once('/').map(|(_, name)| name);
        let descriptor =
            name.and_then(|name| message.descriptor().parent_pool().get_message_by_name(name));
        let Some(descriptor) = descriptor else {
            return Err(WriteError::NoJson(format!(
                "its google.protobuf.Any is a {:?}, which is none of the messages that the service was compiled with",
                any.type_url
            )));
        };
        let content = DynamicMessage::decode(descriptor, any.value.as_slice())
            .map_err(|error| WriteError::NoJson(error.to_string()))?;
        self.object(|object| {
            object.key("@type")?;
            object.string(&any.type_url)?;
            if has_own_form(content.descriptor().full_name()) {
                object.key("value")?;
                object.message(&content)
            } else {
                object.fields(&content)
            }
        })
    }

    fn timestamp(&mut self, timestamp: &Timestamp) -> Written {
        let nanos_are_valid = u32::try_from(timestamp.nanos).is_ok_and(|nanos| nanos <= NANOS);
        if !TIMESTAMP_SECONDS.contains(&timestamp.seconds) || !nanos_are_valid {
            return Err(out_of_range(timestamp));
        }
        self.quoted(timestamp)
    }

    fn duration(&mut self, duration: &Duration) -> Written {
        let signs_differ = duration.seconds.signum() * i64::from(duration.nanos.signum()) < 0;
        if duration.seconds.unsigned_abs() > DURATION_SECONDS
            || duration.nanos.unsigned_abs() > NANOS
            || signs_differ
        {
            return Err(out_of_range(duration));
        }
        self.quoted(duration)
    }

    fn field_mask(&mut self, mask: &FieldMask) -> Written {
        let paths: Option<Vec<_>> = mask.paths.iter().map(|path| camel_case(path)).collect();
        match paths {
            Some(paths) => self.string(&paths.join(",")),
            None => Err(WriteError::NoJson(format!(
                "its google.protobuf.FieldMask has a path that is not in lower case with underscores: {:?}",
                mask.paths
            ))),
        }
    }

    fn json_value(&mut self, message: &DynamicMessage) -> Written {
        match message.fields().next() {
            None => Err(WriteError::NoJson(
                "its google.protobuf.Value is of no kind".into(),
            )),
            Some((_, Value::F64(number))) if !number.is_finite() => Err(WriteError::NoJson(
                format!("its google.protobuf.Value is {number}, which is no JSON number"),
            )),
            Some((field, value)) => self.value(value, &field.kind()),
        }
    }

    fn only_field(&mut self, message: &DynamicMessage) -> Written {
        match message.descriptor().get_field(1) {
            Some(field) => self.value(&message.get_field(&field), &field.kind()),
            None => self.object(|object| object.fields(message)),
        }
    }
}

/// Whether the JSON of a message is that of its only field.
fn is_its_field(name: &str) -> bool {
    matches!(
        name,
        "google.protobuf.DoubleValue"
            | "google.protobuf.FloatValue"
            | "google.protobuf.Int64Value"
            | "google.protobuf.UInt64Value"
            | "google.protobuf.Int32Value"
            | "google.protobuf.UInt32Value"
            | "google.protobuf.BoolValue"
            | "google.protobuf.StringValue"
            | "google.protobuf.BytesValue"
            | "google.protobuf.ListValue"
            | "google.protobuf.Struct"
    )
}

/// Whether a message stands in the `value` of an `Any`, rather than among its keys.
fn has_own_form(name: &str) -> bool {
    is_its_field(name)
        || matches!(
            name,
            "google.protobuf.Any"
                | "google.protobuf.Duration"
                | "google.protobuf.Empty"
                | "google.protobuf.FieldMask"
                | "google.protobuf.Timestamp"
                | "google.protobuf.Value"
        )
}

fn read<T: prost::Message + Default>(message: &DynamicMessage) -> Result<T, WriteError> {
    message
        .transcode_to()
        .map_err(|error| WriteError::NoJson(error.to_string()))
}

fn out_of_range(value: &impl std::fmt::Debug) -> WriteError {
    WriteError::NoJson(format!("its {value:?} is out of range"))
}

/// `display_name` as `displayName`, unless that could not be told from another path.
fn camel_case(path: &str) -> Option<String> {
    let mut camel = String::with_capacity(path.len());
    let mut letters = path.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '_' => match letters.next()? {
                initial @ 'a'..='z' => camel.push(initial.to_ascii_uppercase()),
                _ => return None,
            },
            'A'..='Z' | ',' => return None,
            other => camel.push(other),
        }
    }
    Some(camel)
}
