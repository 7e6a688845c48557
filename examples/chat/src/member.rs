//! The client's side of being in a room.

use std::time::Duration;

use futures_util::stream;
use kafka_rpc::{BoxError, Channel, Request, Streaming};
use tokio::sync::mpsc;

use crate::proto::{ChatClient, Enter, Heard, Say, heard, say};

/// Every call has a deadline; a talk may last.
const LONGEST_TALK: Duration = Duration::from_secs(24 * 60 * 60);

/// Says things in a room. To drop it is to have said everything: the server ends the talk.
pub struct Mouth(mpsc::Sender<Say>);

/// Hears what is said in a room. To drop it cancels the talk.
pub struct Ears(Streaming<Heard>);

/// Enters a room.
pub async fn enter(channel: &Channel, room: &str, name: &str) -> Result<(Mouth, Ears), BoxError> {
    let (sender, receiver) = mpsc::channel(16);
    let mouth = Mouth(sender);
    mouth
        .say(say::What::Enter(Enter {
            room: room.to_owned(),
            name: name.to_owned(),
        }))
        .await?;
    let says = stream::unfold(receiver, async |mut receiver| {
        Some((receiver.recv().await?, receiver))
    });
    let mut request = Request::new(says);
    // All of a room in one partition, and so at one server.
    request.set_key(room.to_owned());
    request.set_timeout(LONGEST_TALK);
    let response = ChatClient::new(channel.clone()).talk(request).await?;
    Ok((mouth, Ears(response.into_inner())))
}

impl Mouth {
    pub async fn text(&self, text: &str) -> Result<(), BoxError> {
        self.say(say::What::Text(text.to_owned())).await
    }

    async fn say(&self, what: say::What) -> Result<(), BoxError> {
        let sent = self.0.send(Say { what: Some(what) }).await;
        sent.map_err(|_| "the talk is over".into())
    }
}

impl Ears {
    /// The next thing that happens in the room, as people write it; none once the talk is over.
    pub async fn next(&mut self) -> Result<Option<String>, BoxError> {
        Ok(self.0.message().await?.map(written))
    }
}

fn written(heard: Heard) -> String {
    let name = heard.name;
    match heard.what {
        Some(heard::What::Entered(_)) => format!("{name} comes in"),
        Some(heard::What::Text(text)) => format!("{name}: {text}"),
        Some(heard::What::Left(_)) => format!("{name} leaves"),
        None => format!("{name} does something that this program does not know"),
    }
}
