//! Compiles what shifts the clock of a process.

use std::env;
use std::path::PathBuf;

use anyhow::Context as _;

const SOURCE: &str = "src/clock_shift.c";

fn main() -> anyhow::Result<()> {
    println!("cargo::rerun-if-changed={SOURCE}");
    let out = env::var_os("OUT_DIR").context("cargo sets OUT_DIR")?;
    let library = PathBuf::from(out).join("clock_shift.so");
    let compiler = cc::Build::new().cargo_metadata(false).try_get_compiler()?;
    let status = compiler
        .to_command()
        .args(["-shared", "-fPIC", SOURCE, "-o"])
        .arg(&library)
        .status()
        .context("can't run the C compiler, which librdkafka needs, too")?;
    anyhow::ensure!(status.success(), "can't compile {SOURCE}: {status}");
    println!("cargo::rustc-env=CLOCK_SHIFT={}", library.display());
    Ok(())
}
