//! The client's side.

use std::path::Path;
use std::time::Duration;

use futures_util::stream;
use kafka_rpc::{BoxError, Channel, Cluster, Request};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc;

use crate::progress::Progress;
use crate::proto::{FilesClient, Part, Whole, part};

/// Well under the limit of a message, which is 1 MiB.
const PIECE: usize = 128 * 1024;

/// A file that is to be uploaded.
pub struct Source {
    name: String,
    file: File,
    size: u64,
}

impl Source {
    pub async fn open(path: &Path) -> Result<Self, BoxError> {
        let told = |error| format!("can't read {}: {error}", path.display());
        let file = File::open(path).await.map_err(told)?;
        let size = file.metadata().await.map_err(told)?.len();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or("a file with a name of Unicode, please")?;
        let name = name.to_owned();
        Ok(Self { name, file, size })
    }
}

/// Uploads a file, and prints what the server says to it.
pub async fn upload(cluster: &Cluster, source: Source) -> Result<(), BoxError> {
    let channel = Channel::connect(cluster).await?;
    let (sender, receiver) = mpsc::channel(4);
    let parts = stream::unfold(receiver, async |mut receiver| {
        Some((receiver.recv().await?, receiver))
    });
    let mut request = Request::new(parts);
    request.set_timeout(Duration::from_secs(3600));
    let mut files = FilesClient::new(channel);
    // Where the file can't be read, the call is dropped, which cancels it.
    let ((), receipt) = tokio::try_join!(read(source, sender), async {
        files.upload(request).await.map_err(BoxError::from)
    })?;
    let whole = receipt.into_inner().whole.unwrap_or_default();
    println!(
        "the server has {} bytes, CRC {:08x}",
        whole.size, whole.crc32
    );
    Ok(())
}

/// Sends a file, piece by piece, no faster than the server takes it.
async fn read(source: Source, parts: mpsc::Sender<Part>) -> Result<(), BoxError> {
    let mut file = source.file;
    let mut progress = Progress::new(source.size);
    let mut checksum = crc32fast::Hasher::new();
    let mut size = 0;

    let mut part = part::Part::Name(source.name);
    // Nobody takes it where the call is over. Then its outcome says why.
    while parts.send(Part { part: Some(part) }).await.is_ok() {
        progress.show(size);
        let mut piece = Vec::with_capacity(PIECE);
        (&mut file)
            .take(PIECE as u64)
            .read_to_end(&mut piece)
            .await?;
        if piece.is_empty() {
            let crc32 = checksum.finalize();
            let part = Some(part::Part::Whole(Whole { size, crc32 }));
            drop(parts.send(Part { part }).await);
            break;
        }
        checksum.update(&piece);
        size += piece.len() as u64;
        part = part::Part::Content(piece.into());
    }
    Ok(())
}
