use proptest::collection::{hash_map, vec};
use proptest::num::{f32, f64};
use proptest::prelude::*;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value};
use prost_types::{Any, Duration, FieldMask, Timestamp};

use super::*;

/// Valid shapes, encoded: to print a message of a recursive type never ends.
pub(super) fn shapes() -> impl Strategy<Value = Vec<u8>> {
    messages(&SHAPE, 3).prop_map(|shape| shape.encode_to_vec())
}

/// Valid messages of a type, with at most `depth` messages one inside the other.
fn messages(of: &MessageDescriptor, depth: usize) -> BoxedStrategy<DynamicMessage> {
    let descriptor = of.clone();
    match of.full_name() {
        "google.protobuf.Timestamp" => (-62_135_596_800..=253_402_300_799_i64, 0..1_000_000_000)
            .prop_map(move |(seconds, nanos)| dynamic(&descriptor, &Timestamp { seconds, nanos }))
            .boxed(),
        "google.protobuf.Duration" => (0..=315_576_000_000_i64, 0..1_000_000_000, any::<bool>())
            .prop_map(move |(seconds, nanos, negative)| {
                let sign = if negative { -1 } else { 1 };
                let duration = Duration {
                    seconds: seconds * i64::from(sign),
                    nanos: nanos * sign,
                };
                dynamic(&descriptor, &duration)
            })
            .boxed(),
        "google.protobuf.FieldMask" => vec(
            "[a-z0-9]{1,3}(_[a-z][a-z0-9]{0,2}){0,2}(\\.[a-z]{1,3}){0,2}",
            0..3,
        )
        .prop_map(move |paths| dynamic(&descriptor, &FieldMask { paths }))
        .boxed(),
        "google.protobuf.Any" => any_messages(of, depth),
        "google.protobuf.Value" => json_values(of, depth),
        _ => plain_messages(of, depth),
    }
}

fn dynamic(descriptor: &MessageDescriptor, message: &impl Message) -> DynamicMessage {
    let mut dynamic = DynamicMessage::new(descriptor.clone());
    dynamic.transcode_from(message).expect("the same message");
    dynamic
}

/// Of messages without maps, which have more than one encoding.
fn any_messages(of: &MessageDescriptor, depth: usize) -> BoxedStrategy<DynamicMessage> {
    let descriptor = of.clone();
    let mut names = vec![
        "shapes.v1.Point",
        "google.protobuf.Int64Value",
        "google.protobuf.Timestamp",
        "google.protobuf.Empty",
    ];
    if depth > 0 {
        names.push("google.protobuf.Any");
    }
    let content = names.into_iter().map(|name| {
        let content = of
            .parent_pool()
            .get_message_by_name(name)
            .expect("a message");
        messages(&content, depth.saturating_sub(1))
    });
    proptest::strategy::Union::new(content)
        .prop_map(move |content| {
            let type_url = format!("type.test/{}", content.descriptor().full_name());
            let value = content.encode_to_vec();
            dynamic(&descriptor, &Any { type_url, value })
        })
        .boxed()
}

/// One of the kinds, and finite.
fn json_values(of: &MessageDescriptor, depth: usize) -> BoxedStrategy<DynamicMessage> {
    let kinds = of
        .fields()
        .filter(|kind| depth > 0 || kind.kind().as_message().is_none());
    let kinds = kinds.map(|kind| {
        let value = match kind.kind() {
            Kind::Double => (f64::NORMAL | f64::SUBNORMAL | f64::ZERO)
                .prop_map(Value::F64)
                .boxed(),
            Kind::Enum(_) => Just(Value::EnumNumber(0)).boxed(),
            other => values(&other, depth.saturating_sub(1)),
        };
        (Just(kind), value)
    });
    let descriptor = of.clone();
    proptest::strategy::Union::new(kinds)
        .prop_map(move |(kind, value)| {
            let mut message = DynamicMessage::new(descriptor.clone());
            message.set_field(&kind, value);
            message
        })
        .boxed()
}

fn plain_messages(of: &MessageDescriptor, depth: usize) -> BoxedStrategy<DynamicMessage> {
    let descriptor = of.clone();
    let fields: Vec<_> = of
        .fields()
        .filter(|field| depth > 0 || field.kind().as_message().is_none())
        .map(|field| {
            let value = field_values(&field, depth.saturating_sub(1));
            prop::option::weighted(0.2, value.prop_map(move |value| (field.clone(), value)))
        })
        .collect();
    fields
        .prop_map(move |fields| {
            let mut message = DynamicMessage::new(descriptor.clone());
            for (field, value) in fields.into_iter().flatten() {
                message.set_field(&field, value);
            }
            message
        })
        .boxed()
}

fn field_values(field: &FieldDescriptor, depth: usize) -> BoxedStrategy<Value> {
    match field.kind() {
        Kind::Message(entry) if entry.is_map_entry() => {
            let keys = values(&entry.map_entry_key_field().kind(), 0)
                .prop_map(|key| key.into_map_key().expect("a kind of key"));
            let content = values(&entry.map_entry_value_field().kind(), depth);
            hash_map(keys, content, 0..3).prop_map(Value::Map).boxed()
        }
        kind if field.is_list() => vec(values(&kind, depth), 0..3)
            .prop_map(Value::List)
            .boxed(),
        kind => values(&kind, depth),
    }
}

/// All but NaN, which is not equal to itself.
fn values(kind: &Kind, depth: usize) -> BoxedStrategy<Value> {
    match kind {
        Kind::Double => (f64::NORMAL | f64::SUBNORMAL | f64::ZERO | f64::INFINITE)
            .prop_map(Value::F64)
            .boxed(),
        Kind::Float => (f32::NORMAL | f32::SUBNORMAL | f32::ZERO | f32::INFINITE)
            .prop_map(Value::F32)
            .boxed(),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => any::<i32>().prop_map(Value::I32).boxed(),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => any::<i64>().prop_map(Value::I64).boxed(),
        Kind::Uint32 | Kind::Fixed32 => any::<u32>().prop_map(Value::U32).boxed(),
        Kind::Uint64 | Kind::Fixed64 => any::<u64>().prop_map(Value::U64).boxed(),
        Kind::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Kind::String => any::<String>().prop_map(Value::String).boxed(),
        Kind::Bytes => any::<Vec<u8>>()
            .prop_map(|bytes| Value::Bytes(bytes.into()))
            .boxed(),
        Kind::Enum(kind) if kind.full_name() == "google.protobuf.NullValue" => {
            Just(Value::EnumNumber(0)).boxed()
        }
        Kind::Enum(_) => any::<i8>()
            .prop_map(|number| Value::EnumNumber(number.into()))
            .boxed(),
        Kind::Message(message) => messages(message, depth).prop_map(Value::Message).boxed(),
    }
}
