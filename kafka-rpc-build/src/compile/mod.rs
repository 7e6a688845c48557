//! From `.proto` files, or a ready descriptor set, to descriptors.

mod one_byte;

use std::path::{Path, PathBuf};

use prost_reflect::DescriptorPool;
use protox::Compiler;
use protox::file::{ChainFileResolver, FileResolver, GoogleFileResolver, IncludeFileResolver};

use crate::error::{Error, Problem};
use crate::options::Bundled;
use crate::source::Sources;
use one_byte::OneByteLetters;

/// The descriptors of all files, and where their text can be read.
pub(crate) struct Compiled {
    pub(crate) pool: DescriptorPool,
    pub(crate) sources: Sources,
    /// Every file that was read from disk.
    pub(crate) read: Vec<PathBuf>,
}

pub(crate) fn protos(protos: &[PathBuf], includes: Vec<PathBuf>) -> Result<Compiled, Error> {
    let compiler = match open(protos, &includes, IncludeFileResolver::new) {
        Ok(compiler) => compiler,
        Err(error) => {
            // The places in the error are right only where a letter is a byte.
            let placed = open(protos, &includes, OneByteLetters::new)
                .err()
                .filter(|placed| placed.to_string() == error.to_string());
            let error = placed.unwrap_or(error);
            return Err(Error::compiler(error, &Sources::new(includes)));
        }
    };
    let read = compiler
        .files()
        .filter_map(|file| file.path().map(Path::to_path_buf))
        .collect();
    Ok(Compiled {
        pool: compiler.descriptor_pool(),
        sources: Sources::new(includes),
        read,
    })
}

fn open<R: FileResolver + 'static>(
    protos: &[PathBuf],
    includes: &[PathBuf],
    resolver_of: impl Fn(PathBuf) -> R,
) -> Result<Compiler, protox::Error> {
    let mut resolver = ChainFileResolver::new();
    resolver.add(Bundled);
    for include in includes {
        resolver.add(resolver_of(include.clone()));
    }
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.open_files(protos)?;
    Ok(compiler)
}

pub(crate) fn descriptor_set(encoded: &[u8]) -> Result<Compiled, Error> {
    let pool = DescriptorPool::decode(encoded).map_err(|error| {
        let problem = Problem::new(format!("the descriptor set can't be used: {error}"))
            .help("make it with all imports: `protoc --include_imports --include_source_info`");
        Error::with_cause(problem, error)
    })?;
    Ok(Compiled {
        pool,
        sources: Sources::new(Vec::new()),
        read: Vec::new(),
    })
}
