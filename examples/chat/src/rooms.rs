//! The server's side.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::stream::{self, Stream};
use kafka_rpc::{Cluster, Error, Request, Response, Server, Status, Streaming};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::proto::{Chat, ChatServer, Enter, Entered, Heard, Left, Say, heard, say};

/// How many lines a member may be behind the others.
const BEHIND: usize = 256;

/// Serves until `closed` is ready. Who is in a room then gets `UNAVAILABLE`, soon, as no talk ends by itself.
pub async fn serve(
    cluster: &Cluster,
    closed: impl Future<Output = ()> + Send,
) -> Result<(), Error> {
    Server::builder()
        .drain_time(Duration::from_millis(500))
        .add_service(ChatServer::new(Rooms::default()))
        .serve_with_shutdown(cluster, closed)
        .await
}

/// The rooms that somebody is in. What is sent to one, all who are in it hear.
#[derive(Clone, Default)]
struct Rooms(Arc<Mutex<HashMap<String, broadcast::Sender<Heard>>>>);

impl Chat for Rooms {
    async fn talk(
        &self,
        request: Request<Streaming<Say>>,
    ) -> Result<Response<impl Stream<Item = Result<Heard, Status>> + Send>, Status> {
        let mut said = request.into_inner();
        let member = match said.message().await?.and_then(|first| first.what) {
            Some(say::What::Enter(enter)) => self.enter(enter, said)?,
            _ => return Err(Status::invalid_argument("nobody talks who has not entered")),
        };
        let heard = stream::try_unfold(member, async |mut member| {
            let heard = member.next().await?;
            Ok(heard.map(|heard| (heard, member)))
        });
        Ok(Response::new(heard))
    }
}

impl Rooms {
    fn enter(&self, who: Enter, said: Streaming<Say>) -> Result<Member, Status> {
        if who.name.is_empty() || who.room.is_empty() {
            return Err(Status::invalid_argument("a room and a name, please"));
        }
        let mut rooms = self.lock();
        let room = rooms.entry(who.room.clone());
        let room = room.or_insert_with(|| broadcast::channel(BEHIND).0);
        let member = Member {
            hears: room.subscribe(),
            room: room.clone(),
            said,
            rooms: self.clone(),
            who,
        };
        member.tell(heard::What::Entered(Entered {}));
        Ok(member)
    }

    /// A handler that panicked while it held the lock must not take the rooms along.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, broadcast::Sender<Heard>>> {
        let locked = self.0.lock();
        locked.unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Somebody in a room. To drop it is to leave, for whatever reason: the talk was ended, cancelled, or the caller is gone.
struct Member {
    who: Enter,
    said: Streaming<Say>,
    hears: broadcast::Receiver<Heard>,
    room: broadcast::Sender<Heard>,
    rooms: Rooms,
}

impl Member {
    /// Passes on what the member says, until there is something for the member to hear. None once the member has said
    /// everything.
    async fn next(&mut self) -> Result<Option<Heard>, Status> {
        loop {
            tokio::select! {
                // What was said before the end is heard before the end.
                biased;
                heard = self.hears.recv() => return match heard {
                    Ok(heard) => Ok(Some(heard)),
                    Err(RecvError::Lagged(lines)) => Err(Status::resource_exhausted(format!(
                        "{lines} lines were missed: read faster"
                    ))),
                    Err(RecvError::Closed) => Ok(None),
                },
                said = self.said.message() => match said?.map(|said| said.what) {
                    Some(Some(say::What::Text(text))) => self.tell(heard::What::Text(text)),
                    Some(_) => return Err(Status::invalid_argument("say something")),
                    None => return Ok(None),
                },
            }
        }
    }

    fn tell(&self, what: heard::What) {
        let heard = Heard {
            name: self.who.name.clone(),
            what: Some(what),
        };
        // Nobody may be there to hear it.
        drop(self.room.send(heard));
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut rooms = self.rooms.lock();
        self.tell(heard::What::Left(Left {}));
        // This member still counts.
        if self.room.receiver_count() == 1 {
            rooms.remove(&self.who.room);
        }
    }
}
