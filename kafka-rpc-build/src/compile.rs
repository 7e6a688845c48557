//! From `.proto` files, or a ready descriptor set, to descriptors.

use std::path::{Path, PathBuf};

use prost_reflect::DescriptorPool;
use protox::Compiler;
use protox::file::{ChainFileResolver, GoogleFileResolver, IncludeFileResolver};

use crate::error::{Error, Problem};
use crate::options::Bundled;
use crate::source::Sources;

/// The descriptors of all files, and where their text can be read.
pub(crate) struct Compiled {
    pub(crate) pool: DescriptorPool,
    pub(crate) sources: Sources,
    /// Every file that was read from disk.
    pub(crate) read: Vec<PathBuf>,
}

pub(crate) fn protos(protos: &[PathBuf], includes: Vec<PathBuf>) -> Result<Compiled, Error> {
    let mut resolver = ChainFileResolver::new();
    resolver.add(Bundled);
    for include in &includes {
        resolver.add(IncludeFileResolver::new(include.clone()));
    }
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_source_info(true).include_imports(true);
    let sources = Sources::new(includes);
    for proto in protos {
        if let Err(error) = compiler.open_file(proto) {
            return Err(Error::compiler(error, &sources));
        }
    }
    let read = compiler
        .files()
        .filter_map(|file| file.path().map(Path::to_path_buf))
        .collect();
    Ok(Compiled {
        pool: compiler.descriptor_pool(),
        sources,
        read,
    })
}

pub(crate) fn descriptor_set(encoded: &[u8]) -> Result<Compiled, Error> {
    let pool = DescriptorPool::decode(encoded).map_err(|error| {
        let problem = Problem::new(format!("the descriptor set can't be used: {error}"));
        Error::with_cause(
            problem
                .help("make it with all imports: `protoc --include_imports --include_source_info`"),
            error,
        )
    })?;
    Ok(Compiled {
        pool,
        sources: Sources::new(Vec::new()),
        read: Vec::new(),
    })
}
