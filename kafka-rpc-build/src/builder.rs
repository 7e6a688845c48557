//! What can be set before compiling.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use prost_build::Config;

use crate::compile::{self, Compiled};
use crate::error::{Error, Problem};
use crate::generate::{self, Output, Parts};
use crate::{cargo, options, service};

/// Settings for compiling `.proto` files; made by [`configure`](crate::configure).
///
/// ```no_run
/// fn main() -> Result<(), kafka_rpc_build::Error> {
///     kafka_rpc_build::configure()
///         .build_server(false)
///         .type_attribute("shop.v1.Order", "#[derive(PartialOrd)]")
///         .compile_protos(&["proto/shop.proto"], &["proto"])
/// }
/// ```
///
/// Paths that name messages, enums and fields are matched as prost does: `"."` is everything,
/// `".shop.v1"` a package, `"shop.v1.Order.id"` one field, `"id"` every field of that name.
#[must_use = "nothing is compiled before `compile_protos`"]
pub struct Builder {
    config: Config,
    parts: Parts,
    externs: Vec<String>,
    btree_map: bool,
    out_dir: Option<PathBuf>,
    include_file: Option<PathBuf>,
    descriptor_set: Option<PathBuf>,
    emit_rerun_if_changed: bool,
}

impl Builder {
    pub(crate) fn new() -> Self {
        let mut config = Config::new();
        // So that a message can be a status's detail: `Any::from_msg` asks for its name.
        config
            .enable_type_names()
            .type_name_domain(["."], "type.googleapis.com");
        config
            .prost_path("::kafka_rpc::prost")
            .prost_types_path("::kafka_rpc::prost_types");
        // Only compilers read the options, so there is no Rust to refer to.
        for name in options::TYPES {
            config.extern_path(name, "::kafka_rpc::options");
        }
        Self {
            config,
            parts: Parts {
                client: true,
                server: true,
                unimplemented_defaults: false,
            },
            externs: Vec::new(),
            btree_map: false,
            out_dir: None,
            include_file: None,
            descriptor_set: None,
            emit_rerun_if_changed: true,
        }
    }

    /// Whether to write clients. Default: `true`.
    pub fn build_client(mut self, enable: bool) -> Self {
        self.parts.client = enable;
        self
    }

    /// Whether to write servers. Default: `true`. The trait is written in either case, unless there
    /// is neither a client nor a server.
    pub fn build_server(mut self, enable: bool) -> Self {
        self.parts.server = enable;
        self
    }

    /// Whether a trait's methods have defaults that answer `UNIMPLEMENTED`, so that a new method in
    /// the `.proto` does not break an implementation. Default: `false`.
    pub fn unimplemented_defaults(mut self, enable: bool) -> Self {
        self.parts.unimplemented_defaults = enable;
        self
    }

    /// Where to write the code. Default: `OUT_DIR`, from where `kafka_rpc::include_proto!` reads.
    pub fn out_dir(mut self, folder: impl AsRef<Path>) -> Self {
        self.out_dir = Some(folder.as_ref().to_path_buf());
        self
    }

    /// Also writes a file in the output folder that includes the code of all packages, each in the
    /// module of its package. Default: none.
    pub fn include_file(mut self, path: impl AsRef<Path>) -> Self {
        self.include_file = Some(path.as_ref().to_path_buf());
        self
    }

    /// Also writes the descriptors of all files, with their comments, to this path. Default: none.
    ///
    /// The code of a package with services holds the descriptors of that package in any case, as
    /// `FILE_DESCRIPTOR_SET`.
    pub fn file_descriptor_set_path(mut self, path: impl AsRef<Path>) -> Self {
        self.descriptor_set = Some(path.as_ref().to_path_buf());
        self
    }

    /// Takes the types below a protobuf path from a Rust path, and writes no code for them:
    /// `extern_path(".bank.v1", "::bank_protos::v1")`.
    pub fn extern_path(
        mut self,
        proto_path: impl Into<String>,
        rust_path: impl Into<String>,
    ) -> Self {
        let proto_path = proto_path.into();
        self.config.extern_path(proto_path.clone(), rust_path);
        self.externs.push(proto_path);
        self
    }

    /// Adds an attribute to the matched messages, enums and oneofs.
    pub fn type_attribute(mut self, path: impl AsRef<str>, attribute: impl AsRef<str>) -> Self {
        self.config.type_attribute(path, attribute);
        self
    }

    /// Adds an attribute to the matched messages.
    pub fn message_attribute(mut self, path: impl AsRef<str>, attribute: impl AsRef<str>) -> Self {
        self.config.message_attribute(path, attribute);
        self
    }

    /// Adds an attribute to the matched enums and oneofs.
    pub fn enum_attribute(mut self, path: impl AsRef<str>, attribute: impl AsRef<str>) -> Self {
        self.config.enum_attribute(path, attribute);
        self
    }

    /// Adds an attribute to the matched fields.
    pub fn field_attribute(mut self, path: impl AsRef<str>, attribute: impl AsRef<str>) -> Self {
        self.config.field_attribute(path, attribute);
        self
    }

    /// Makes the matched `bytes` fields `Bytes`, which share memory, in place of `Vec<u8>`.
    pub fn bytes(mut self, paths: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.config.bytes(paths);
        self
    }

    /// Makes the matched maps `BTreeMap`s in place of `HashMap`s.
    pub fn btree_map(mut self, paths: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.config.btree_map(paths);
        self.btree_map = true;
        self
    }

    /// Whether to tell cargo which files were read, so that it runs the build script again when one
    /// of them changes, and not otherwise. Default: `true`.
    pub fn emit_rerun_if_changed(mut self, enable: bool) -> Self {
        self.emit_rerun_if_changed = enable;
        self
    }

    /// Compiles `.proto` files. Imports are looked for in the folders `includes`, where the files
    /// themselves must be too; `kafka_rpc/options.proto` and `google/protobuf/…` are always found.
    ///
    /// # Errors
    /// When a file can't be read or compiled, when an option is wrong, and when the code can't be
    /// written. The error shows each problem at its place in the `.proto`.
    pub fn compile_protos<P: AsRef<Path>>(self, protos: &[P], includes: &[P]) -> Result<(), Error> {
        let paths = |paths: &[P]| {
            paths
                .iter()
                .map(|path| path.as_ref().to_path_buf())
                .collect()
        };
        let protos: Vec<PathBuf> = paths(protos);
        let compiled = compile::protos(&protos, paths(includes))?;
        self.generate(compiled)
    }

    /// Compiles an encoded `FileDescriptorSet`, as `protoc --include_imports
    /// --include_source_info -o` writes it.
    ///
    /// It is taken as bytes, since the decoded form of `prost_types` has lost the options.
    ///
    /// # Errors
    /// As [`compile_protos`](Self::compile_protos), and when imports are missing in the set.
    pub fn compile_fds(self, encoded: &[u8]) -> Result<(), Error> {
        let compiled = compile::descriptor_set(encoded)?;
        self.generate(compiled)
    }

    /// Compiles a file that holds an encoded `FileDescriptorSet`.
    ///
    /// # Errors
    /// As [`compile_fds`](Self::compile_fds), and when the file can't be read.
    pub fn compile_fds_file(self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let encoded = fs::read(path).map_err(|error| Error::io("can't read", path, error))?;
        let mut compiled = compile::descriptor_set(&encoded)?;
        compiled.read.push(path.to_path_buf());
        self.generate(compiled)
    }

    fn generate(mut self, compiled: Compiled) -> Result<(), Error> {
        let Compiled {
            pool,
            sources,
            read,
        } = compiled;
        let has_services = self.parts.client || self.parts.server;
        let plans = service::plan(&pool, &sources, has_services, &self.externs)?;
        let output = self.output()?;
        if self.btree_map {
            generate::derive_debug_of_maps(&mut self.config, &pool);
        }
        generate::generate(&pool, plans, self.config, self.parts, &output)?;
        if self.emit_rerun_if_changed {
            cargo::rerun_if_changed(&read, &mut io::stdout().lock()).map_err(|error| {
                Error::with_cause(Problem::new(format!("can't talk to cargo: {error}")), error)
            })?;
        }
        Ok(())
    }

    fn output(&self) -> Result<Output, Error> {
        let from_cargo = env::var_os("OUT_DIR").map(PathBuf::from);
        let folder = self.out_dir.clone().or_else(|| from_cargo.clone());
        let folder = folder.ok_or_else(|| {
            Problem::new("there is no output folder")
                .help("call this from a build script, where cargo sets OUT_DIR, or set `out_dir`")
        })?;
        Ok(Output {
            is_out_dir: from_cargo.as_ref() == Some(&folder),
            folder,
            include_file: self.include_file.clone(),
            descriptor_set: self.descriptor_set.clone(),
        })
    }
}
