use base64::display::Base64Display;
use base64::prelude::BASE64_STANDARD;
use prost_reflect::{DynamicMessage, Kind, MapKey, Value};

use super::writer::{WriteError, Writer, Written};

/// Writes a message as JSON of at most `limit` bytes.
pub(super) fn write(message: &DynamicMessage, limit: usize) -> Result<Vec<u8>, WriteError> {
    let mut writer = Writer::new(limit);
    writer.message(message)?;
    Ok(writer.into_bytes())
}

impl Writer {
    /// The fields of a message that are set, inside of an object.
    pub(super) fn fields(&mut self, message: &DynamicMessage) -> Written {
        for (field, value) in message.fields() {
            self.key(field.json_name())?;
            self.value(value, &field.kind())?;
        }
        for (extension, value) in message.extensions() {
            self.key(extension.json_name())?;
            self.value(value, &extension.kind())?;
        }
        Ok(())
    }

    /// The value of a field. Of a list, `kind` is that of its elements.
    pub(super) fn value(&mut self, value: &Value, kind: &Kind) -> Written {
        match value {
            Value::Bool(flag) => self.literal(flag),
            Value::I32(number) => self.literal(number),
            Value::U32(number) => self.literal(number),
            Value::I64(number) => self.quoted(number),
            Value::U64(number) => self.quoted(number),
            Value::F32(number) => self.float(*number),
            Value::F64(number) => self.double(*number),
            Value::String(text) => self.string(text),
            Value::Bytes(bytes) => self.quoted(Base64Display::new(bytes, &BASE64_STANDARD)),
            Value::EnumNumber(number) => self.enum_value(*number, kind),
            Value::Message(message) => self.message(message),
            Value::List(values) => self.array(|array| {
                for value in values {
                    array.separator()?;
                    array.value(value, kind)?;
                }
                Ok(())
            }),
            Value::Map(entries) => {
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_unstable_by_key(|&(key, _)| key);
                let kind = map_value_kind(kind);
                self.object(|object| {
                    for (key, value) in entries {
                        object.map_key(key)?;
                        object.value(value, &kind)?;
                    }
                    Ok(())
                })
            }
        }
    }

    fn enum_value(&mut self, number: i32, kind: &Kind) -> Written {
        let Kind::Enum(kind) = kind else {
            return self.literal(number);
        };
        if kind.full_name() == "google.protobuf.NullValue" {
            return self.literal("null");
        }
        match kind.get_value(number) {
            Some(value) => self.quoted(value.name()),
            None => self.literal(number),
        }
    }

    fn map_key(&mut self, key: &MapKey) -> Written {
        match key {
            MapKey::Bool(flag) => self.key(if *flag { "true" } else { "false" }),
            MapKey::I32(number) => self.key(&number.to_string()),
            MapKey::I64(number) => self.key(&number.to_string()),
            MapKey::U32(number) => self.key(&number.to_string()),
            MapKey::U64(number) => self.key(&number.to_string()),
            MapKey::String(text) => self.key(text),
        }
    }
}

fn map_value_kind(kind: &Kind) -> Kind {
    match kind {
        Kind::Message(entry) if entry.is_map_entry() => entry.map_entry_value_field().kind(),
        other => other.clone(),
    }
}
