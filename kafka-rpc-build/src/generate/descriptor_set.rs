//! The encoded descriptors that generated code carries.

use std::collections::HashSet;

use prost::Message;
use prost_build::Module;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FileDescriptor, MessageDescriptor, ReflectMessage, Value,
};
use prost_types::{FileDescriptorProto, FileDescriptorSet};

use super::NO_PACKAGE;

/// The file beside the code of a package.
pub(super) fn file_name(package: &str) -> String {
    let rust = Module::from_protobuf_package_name(package).to_file_name_or(NO_PACKAGE);
    format!("{}.bin", rust.trim_end_matches(".rs"))
}

/// An encoded `FileDescriptorSet` with the files of a package and all that they import, options
/// included, comments and positions left out.
pub(super) fn of_package(pool: &DescriptorPool, package: &str) -> Vec<u8> {
    let mut wanted = HashSet::new();
    for file in pool.files().filter(|file| file.package_name() == package) {
        add_with_imports(file, &mut wanted);
    }
    let descriptor = FileDescriptorProto::default().descriptor();
    let files = pool
        .files()
        .filter(|file| wanted.contains(file.name()))
        .filter_map(|file| without_source_info(&file, &descriptor))
        .collect();
    let mut set = FileDescriptorSet::default().transcode_to_dynamic();
    set.set_field_by_name("file", Value::List(files));
    set.encode_to_vec()
}

fn add_with_imports(file: FileDescriptor, wanted: &mut HashSet<String>) {
    if wanted.insert(file.name().to_owned()) {
        for import in file.dependencies() {
            add_with_imports(import, wanted);
        }
    }
}

/// A file's descriptor goes through its encoding, since only that has the options of others.
fn without_source_info(file: &FileDescriptor, descriptor: &MessageDescriptor) -> Option<Value> {
    let encoded = file.encode_to_vec();
    let mut message = DynamicMessage::decode(descriptor.clone(), encoded.as_slice()).ok()?;
    message.clear_field_by_name("source_code_info");
    Some(Value::Message(message))
}
