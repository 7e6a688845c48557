fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = "../to-kafka-rpc/proto";
    println!("cargo:rerun-if-changed={folder}");
    let descriptors = protox::compile(["bank.proto"], [folder])?;
    tonic_prost_build::compile_fds(descriptors)?;
    Ok(())
}
