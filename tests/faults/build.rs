//! Compiles what makes the clock of a process wrong, and its disk full.

use std::env;
use std::path::PathBuf;

use anyhow::Context as _;

/// Sources, and the variables that the program finds the libraries by.
const PRELOADED: [(&str, &str); 2] = [
    ("src/clock_shift.c", "CLOCK_SHIFT"),
    ("src/disk_full.c", "DISK_FULL"),
];

fn main() -> anyhow::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").context("cargo sets OUT_DIR")?);
    let compiler = cc::Build::new().cargo_metadata(false).try_get_compiler()?;
    for (source, variable) in PRELOADED {
        println!("cargo::rerun-if-changed={source}");
        let library = out.join(variable).with_extension("so");
        let status = compiler
            .to_command()
            .args(["-shared", "-fPIC", source, "-o"])
            .arg(&library)
            .status()
            .context("can't run the C compiler, which librdkafka needs, too")?;
        anyhow::ensure!(status.success(), "can't compile {source}: {status}");
        println!("cargo::rustc-env={variable}={}", library.display());
    }
    Ok(())
}
