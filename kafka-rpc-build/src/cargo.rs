//! What cargo is told on standard output.

use std::io::{self, Write};
use std::path::PathBuf;

/// Tells cargo which files the code was made of.
pub(crate) fn rerun_if_changed(read: &[PathBuf], cargo: &mut impl Write) -> io::Result<()> {
    for path in read {
        writeln!(cargo, "cargo:rerun-if-changed={}", path.display())?;
    }
    cargo.flush()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::compile;

    #[test]
    fn cargo_hears_of_every_file_that_was_read_from_disk() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, format!("syntax = \"proto3\";\n{text}")).expect("a file");
            path
        };
        let inner = write("inner.proto", "");
        let outer = write(
            "outer.proto",
            "import \"inner.proto\";\n\
             import \"kafka_rpc/options.proto\";\n\
             import \"google/protobuf/empty.proto\";\n",
        );
        write("unread.proto", "");
        let compiled = compile::protos(
            std::slice::from_ref(&outer),
            vec![folder.path().to_path_buf()],
        )
        .expect("they compile");
        let mut heard = Vec::new();
        rerun_if_changed(&compiled.read, &mut heard).expect("a buffer takes all");
        let expected = format!(
            "cargo:rerun-if-changed={}\ncargo:rerun-if-changed={}\n",
            inner.display(),
            outer.display()
        );
        assert_eq!(String::from_utf8(heard).expect("text"), expected);
    }
}
