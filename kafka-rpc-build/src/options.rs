//! The bundled `kafka_rpc/options.proto`, and reading its options off services and methods.

use std::sync::LazyLock;

use prost_reflect::{
    DescriptorPool, DynamicMessage, MethodDescriptor, ReflectMessage, ServiceDescriptor, Value,
};
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

/// The name that `.proto` files import the options under.
pub(crate) const FILE: &str = "kafka_rpc/options.proto";

const TEXT: &str = include_str!("../proto/kafka_rpc/options.proto");

const METHOD_EXTENSION: &str = "kafka_rpc.method";
const SERVICE_EXTENSION: &str = "kafka_rpc.service";

/// The messages of the options file, which need no code of their own.
pub(crate) const TYPES: [&str; 9] = [
    ".kafka_rpc.MethodOptions",
    ".kafka_rpc.Retry",
    ".kafka_rpc.Hedging",
    ".kafka_rpc.Redelivery",
    ".kafka_rpc.Code",
    ".kafka_rpc.Delivery",
    ".kafka_rpc.Routing",
    ".kafka_rpc.ServiceOptions",
    ".kafka_rpc.Topics",
];

/// Finds the options file without an include path.
pub(crate) struct Bundled;

impl FileResolver for Bundled {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match name {
            FILE => File::from_source(FILE, TEXT),
            _ => Err(protox::Error::file_not_found(name)),
        }
    }
}

/// The options file by itself; empty if it did not compile, which a test rules out.
pub(crate) fn pool() -> DescriptorPool {
    static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
        let mut resolver = ChainFileResolver::new();
        resolver.add(Bundled);
        resolver.add(GoogleFileResolver::new());
        let mut compiler = Compiler::with_file_resolver(resolver);
        match compiler.open_file(FILE) {
            Ok(compiler) => compiler.descriptor_pool(),
            Err(_) => DescriptorPool::new(),
        }
    });
    POOL.clone()
}

/// An option of ours on one element: its fields, as far as they were set.
pub(crate) struct Options {
    extension: u32,
    message: Option<DynamicMessage>,
}

/// A value that was set, and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Given<T> {
    pub(crate) value: T,
    pub(crate) extension: u32,
    pub(crate) field: (&'static str, u32),
}

impl Options {
    pub(crate) fn of_method(method: &MethodDescriptor) -> Self {
        Self::read(method.parent_pool(), METHOD_EXTENSION, &method.options())
    }

    pub(crate) fn of_service(service: &ServiceDescriptor) -> Self {
        Self::read(service.parent_pool(), SERVICE_EXTENSION, &service.options())
    }

    fn read(pool: &DescriptorPool, name: &str, options: &DynamicMessage) -> Self {
        let extension = pool.get_extension_by_name(name);
        let message = extension
            .as_ref()
            .filter(|extension| options.has_extension(extension))
            .and_then(|extension| options.get_extension(extension).as_message().cloned());
        Self {
            extension: extension.map_or(0, |extension| extension.number()),
            message,
        }
    }

    pub(crate) fn text(&self, field: &'static str) -> Option<Given<String>> {
        self.given(field, |value| value.as_str().map(str::to_owned))
    }

    pub(crate) fn switch(&self, field: &'static str) -> Option<Given<bool>> {
        self.given(field, Value::as_bool)
    }

    /// A message of further options.
    pub(crate) fn group(&self, field: &'static str) -> Option<Given<DynamicMessage>> {
        self.given(field, |value| value.as_message().cloned())
    }

    /// An enum's value: its name, or its number where the enum has no such value.
    pub(crate) fn choice(&self, field: &'static str) -> Option<Given<String>> {
        let message = self.message.as_ref()?;
        let kind = message.descriptor().get_field_by_name(field)?.kind();
        self.given(field, |value| {
            let number = value.as_enum_number()?;
            let value = kind.as_enum()?.get_value(number);
            Some(value.map_or_else(|| number.to_string(), |value| value.name().to_owned()))
        })
    }

    fn given<T>(
        &self,
        field: &'static str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<Given<T>> {
        let message = self.message.as_ref()?;
        let descriptor = message.descriptor().get_field_by_name(field)?;
        if !message.has_field(&descriptor) {
            return None;
        }
        Some(Given {
            value: read(&message.get_field(&descriptor))?,
            extension: self.extension,
            field: (field, descriptor.number()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_options_compile() {
        let pool = pool();
        for name in [METHOD_EXTENSION, SERVICE_EXTENSION] {
            let extension = pool.get_extension_by_name(name).expect(name);
            assert!((50_000..=99_999).contains(&extension.number()), "{name}");
        }
        for name in TYPES {
            let name = name.trim_start_matches('.');
            assert!(
                pool.get_message_by_name(name).is_some() || pool.get_enum_by_name(name).is_some(),
                "{name}"
            );
        }
    }

    #[test]
    fn the_bundled_options_are_those_of_the_top_level_folder() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../proto/kafka_rpc/options.proto"
        );
        let source = std::fs::read_to_string(path).expect(path);
        assert!(
            source == TEXT,
            "kafka-rpc-build/proto/{FILE} differs from proto/{FILE}: copy it over"
        );
    }
}
