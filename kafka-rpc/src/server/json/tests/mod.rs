mod descriptors;
mod limits;
mod reading;
mod round_trip;
mod valid;
mod writing;

use std::path::Path;
use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

use super::JsonCodec;
use crate::call::Status;
use crate::descriptor::{Method, MethodDescriptor, ServiceDescriptor};

const MAX_REPLY: usize = 1024 * 1024;

static SHAPES: LazyLock<ServiceDescriptor> = LazyLock::new(|| {
    const METHODS: &[MethodDescriptor] = &[
        MethodDescriptor::new("Echo", "shapes.v1.Shapes/Echo")
            .messages("shapes.v1.Shape", "shapes.v1.Shape"),
        MethodDescriptor::new("Now", "shapes.v1.Shapes/Now")
            .messages("google.protobuf.Empty", "google.protobuf.Timestamp"),
    ];
    ServiceDescriptor::new("shapes.v1.Shapes", METHODS)
        .file_descriptor_set(compiled("shapes.proto"))
});

static LEGACY: LazyLock<ServiceDescriptor> = LazyLock::new(|| {
    const METHODS: &[MethodDescriptor] = &[MethodDescriptor::new("Echo", "legacy.v1.Legacy/Echo")
        .messages("legacy.v1.Record", "legacy.v1.Record")];
    ServiceDescriptor::new("legacy.v1.Legacy", METHODS)
        .file_descriptor_set(compiled("legacy.proto"))
});

static CODEC: LazyLock<JsonCodec> = LazyLock::new(|| {
    JsonCodec::new([&*SHAPES, &*LEGACY].into_iter(), MAX_REPLY).expect("good descriptors")
});

static SHAPE: LazyLock<MessageDescriptor> = LazyLock::new(|| {
    let pool = DescriptorPool::decode(SHAPES.file_descriptor_set).expect("good descriptors");
    pool.get_message_by_name("shapes.v1.Shape")
        .expect("a message")
});

fn compiled(file: &str) -> &'static [u8] {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server/json/tests");
    let set = protox::compile([file], [folder]).expect("a good file");
    set.encode_to_vec().leak()
}

fn method(service: &'static ServiceDescriptor, name: &str) -> Method {
    let index = service
        .methods
        .iter()
        .position(|method| method.name == name);
    index
        .and_then(|index| Method::new(service, index))
        .expect("a method of that name")
}

fn echo() -> Method {
    method(&SHAPES, "Echo")
}

fn parsed(protobuf: &[u8]) -> DynamicMessage {
    DynamicMessage::decode(SHAPE.clone(), protobuf).expect("a shape in protobuf")
}

/// The shape that is read from JSON.
fn read(json: &str) -> Result<DynamicMessage, Status> {
    let protobuf = CODEC.decode(echo(), json.as_bytes())?;
    Ok(parsed(&protobuf))
}

/// The JSON of a shape.
fn written(shape: &DynamicMessage) -> Result<String, Status> {
    let json = CODEC.encode(echo(), &shape.encode_to_vec())?;
    Ok(String::from_utf8(json.into()).expect("JSON is UTF-8"))
}

/// What JSON becomes when it is read and written again.
#[track_caller]
fn rewritten(json: &str) -> String {
    read(json).and_then(|shape| written(&shape)).unwrap()
}
