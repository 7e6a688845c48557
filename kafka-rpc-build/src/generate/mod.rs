//! From checked descriptors to files of Rust.

mod comments;
mod descriptor_set;
mod files;
mod markdown;
mod messages;
mod service_trait;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use prost_build::{Config, Module};
use prost_reflect::DescriptorPool;

use crate::error::Error;
use crate::service::ServicePlan;
pub(crate) use messages::derive_debug_of_maps;
pub(crate) use service_trait::Parts;
use service_trait::TraitWriter;

/// The name of the file for what has no package.
const NO_PACKAGE: &str = "_";

/// Where the output goes.
pub(crate) struct Output {
    pub(crate) folder: PathBuf,
    /// Whether the folder is `OUT_DIR`, which an include can name wherever it stands.
    pub(crate) is_out_dir: bool,
    pub(crate) include_file: Option<PathBuf>,
    pub(crate) descriptor_set: Option<PathBuf>,
}

/// Writes the messages and services of every file in the pool.
pub(crate) fn generate(
    pool: &DescriptorPool,
    plans: HashMap<String, ServicePlan>,
    mut config: Config,
    parts: Parts,
    output: &Output,
) -> Result<(), Error> {
    let with_services: BTreeSet<String> = pool
        .services()
        .filter(|service| plans.contains_key(service.full_name()))
        .map(|service| service.package_name().to_owned())
        .collect();
    config.service_generator(Box::new(TraitWriter::new(plans, parts)));
    let modules = messages::write(pool, config)?;
    for (module, text) in &modules {
        let path = output.folder.join(module.to_file_name_or(NO_PACKAGE));
        files::write_if_changed(&path, text.as_bytes())?;
    }
    for package in with_services {
        let path = output.folder.join(descriptor_set::file_name(&package));
        files::write_if_changed(&path, &descriptor_set::of_package(pool, &package))?;
    }
    if let Some(include_file) = &output.include_file {
        let modules: Vec<&Module> = modules.keys().collect();
        let text = files::includes(&modules, output.is_out_dir);
        files::write_if_changed(&output.folder.join(include_file), text.as_bytes())?;
    }
    if let Some(path) = &output.descriptor_set {
        files::write_if_changed(path, &pool.encode_to_vec())?;
    }
    Ok(())
}
