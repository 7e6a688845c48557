//! The server's side.

use std::io;
use std::path::{Path, PathBuf};

use kafka_rpc::{Cluster, Error, Request, Response, Server, Status, Streaming};
use tempfile::NamedTempFile;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use crate::proto::{Files, FilesServer, Part, Receipt, Whole, part};

/// Takes files into a folder until `ended` is ready.
pub async fn serve(
    cluster: &Cluster,
    folder: &Path,
    ended: impl Future<Output = ()> + Send,
) -> Result<(), Error> {
    let folder = Folder(folder.to_path_buf());
    Server::builder()
        .add_service(FilesServer::new(folder))
        .serve_with_shutdown(cluster, ended)
        .await
}

struct Folder(PathBuf);

impl Files for Folder {
    async fn upload(&self, request: Request<Streaming<Part>>) -> Result<Response<Receipt>, Status> {
        let mut parts = request.into_inner();
        let Some(part::Part::Name(name)) = next(&mut parts).await? else {
            return Err(Status::invalid_argument("a file begins with its name"));
        };
        let path = self.path(&name)?;

        // When the caller cancels or is gone, the handler is dropped, and this with it: no half of a file is left.
        let unfinished = NamedTempFile::new_in(&self.0)?;
        let mut file = File::from_std(unfinished.reopen()?);
        let mut got = Whole::default();
        let mut checksum = crc32fast::Hasher::new();
        let whole = loop {
            match next(&mut parts).await? {
                Some(part::Part::Content(content)) => {
                    checksum.update(&content);
                    got.size += content.len() as u64;
                    // While this waits, nothing is read, and soon nothing sent.
                    file.write_all(&content).await?;
                }
                Some(part::Part::Whole(whole)) => break whole,
                Some(part::Part::Name(_)) => {
                    return Err(Status::invalid_argument("a file has one name"));
                }
                None => return Err(Status::data_loss("the end of the file is missing")),
            }
        };
        file.sync_all().await?;

        got.crc32 = checksum.finalize();
        if got != whole {
            let why = format!("{name} should be {whole:?}, and is {got:?}");
            return Err(Status::data_loss(why));
        }
        let kept = tokio::task::spawn_blocking(move || unfinished.persist_noclobber(path)).await;
        kept.map_err(|error| Status::internal(error.to_string()))?
            .map_err(|error| not_kept(&name, &error.error))?;
        Ok(Response::new(Receipt { whole: Some(got) }))
    }
}

impl Folder {
    /// Where a file goes, which is in the folder and nowhere else.
    fn path(&self, name: &str) -> Result<PathBuf, Status> {
        if Path::new(name).file_name() != Some(name.as_ref()) {
            return Err(Status::invalid_argument(format!(
                "{name:?} is no name of a file"
            )));
        }
        Ok(self.0.join(name))
    }
}

async fn next(parts: &mut Streaming<Part>) -> Result<Option<part::Part>, Status> {
    match parts.message().await? {
        Some(Part { part: None }) => Err(Status::invalid_argument("a part without anything")),
        part => Ok(part.and_then(|part| part.part)),
    }
}

fn not_kept(name: &str, error: &io::Error) -> Status {
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Status::already_exists(format!("there is a {name} already"))
        }
        _ => Status::internal(format!("can't keep {name}: {error}")),
    }
}
