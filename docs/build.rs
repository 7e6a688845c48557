//! Compiles the `.proto` files that the README and the book show, from the pages themselves.

use std::collections::HashSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let folder = out.join("shown");
    fs::create_dir_all(&folder)?;
    println!("cargo:rerun-if-changed=../README.md");
    println!("cargo:rerun-if-changed=src");

    let mut packages = HashSet::new();
    let mut protos = Vec::new();
    for page in pages()? {
        for proto in complete_protos(&fs::read_to_string(&page)?) {
            let package = package(&proto)
                .ok_or_else(|| format!("{}: a .proto has no package", page.display()))?;
            let path = folder.join(format!("{package}.proto"));
            fs::write(&path, &proto)?;
            if packages.insert(package.clone()) {
                protos.push(path);
            } else {
                return Err(format!("{}: a second package {package}", page.display()).into());
            }
        }
    }
    kafka_rpc_build::configure()
        .emit_rerun_if_changed(false)
        .compile_protos(&protos, &[folder])?;
    Ok(())
}

fn pages() -> Outcome<Vec<PathBuf>> {
    let mut pages = vec![Path::new("../README.md").to_path_buf()];
    for entry in fs::read_dir("src")? {
        let path = entry?.path();
        // Beside the pages are the figures that they show.
        if path.extension().is_some_and(|ending| ending == "md") {
            pages.push(path);
        }
    }
    pages.sort();
    Ok(pages)
}

/// The blocks of a page that are a whole `.proto`, not a part of one.
fn complete_protos(page: &str) -> Vec<String> {
    page.split("\n```proto\n")
        .skip(1)
        .filter_map(|rest| rest.split("\n```").next())
        .filter(|proto| proto.starts_with("syntax"))
        .map(|proto| format!("{proto}\n"))
        .collect()
}

fn package(proto: &str) -> Option<String> {
    let (_, rest) = proto.split_once("\npackage ")?;
    Some(rest.split_once(';')?.0.to_owned())
}
