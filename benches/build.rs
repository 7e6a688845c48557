//! One `.proto`, twice: as a service of kafka-rpc, and as one of gRPC.

use std::path::PathBuf;
use std::{env, fs};

use anyhow::Context as _;

const PROTO: &str = "proto/echo.proto";
const INCLUDE: &str = "proto";

fn main() -> anyhow::Result<()> {
    kafka_rpc_build::configure()
        .bytes(["."])
        .compile_protos(&[PROTO], &[INCLUDE])?;

    let out = PathBuf::from(env::var_os("OUT_DIR").context("cargo sets OUT_DIR")?).join("grpc");
    fs::create_dir_all(&out)?;
    tonic_prost_build::configure()
        .bytes(".")
        .out_dir(out)
        .compile_fds(protox::compile([PROTO], [INCLUDE])?)?;
    Ok(())
}
