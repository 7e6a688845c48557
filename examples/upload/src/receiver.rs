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

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use kafka_rpc::{BoxError, Channel, Code};

    use super::*;
    use crate::proto::FilesClient;

    /// How a server ends an upload of these parts, and how many files it has then.
    async fn upload(parts: Vec<part::Part>) -> Result<(Code, usize), BoxError> {
        let cluster = Cluster::embedded()?;
        let folder = tempfile::tempdir()?;
        let mut files = FilesClient::new(Channel::connect(&cluster).await?);
        let parts = parts.into_iter().map(|part| Part { part: Some(part) });
        let parts = stream::iter(parts.collect::<Vec<_>>());
        let code = tokio::select! {
            ended = serve(&cluster, folder.path(), std::future::pending()) => {
                return Err(format!("the server ended: {ended:?}").into());
            }
            outcome = files.upload(parts) => outcome.map_or_else(|status| status.code(), |_| Code::Ok),
        };
        Ok((code, std::fs::read_dir(folder.path())?.count()))
    }

    fn parts(name: &str, content: &'static [u8], size: u64, crc32: u32) -> Vec<part::Part> {
        vec![
            part::Part::Name(name.to_owned()),
            part::Part::Content(content.into()),
            part::Part::Whole(Whole { size, crc32 }),
        ]
    }

    #[tokio::test]
    async fn a_file_that_is_not_what_it_has_to_be_is_refused_and_not_kept() -> Result<(), BoxError>
    {
        let (text, crc32) = (b"123456789", 0xcbf4_3926);
        assert_eq!(upload(parts("a", text, 9, crc32)).await?, (Code::Ok, 1));
        let refused = (Code::DataLoss, 0);
        assert_eq!(upload(parts("a", text, 9, crc32 + 1)).await?, refused);
        assert_eq!(upload(parts("a", text, 10, crc32)).await?, refused);
        let mut without_end = parts("a", text, 9, crc32);
        without_end.pop();
        assert_eq!(upload(without_end).await?, refused);
        Ok(())
    }

    #[tokio::test]
    async fn a_name_that_leads_out_of_the_folder_is_refused() -> Result<(), BoxError> {
        for name in ["", "..", "../a", "/a", "a/b"] {
            let refused = (Code::InvalidArgument, 0);
            assert_eq!(upload(parts(name, b"", 0, 0)).await?, refused, "{name:?}");
        }
        Ok(())
    }
}
