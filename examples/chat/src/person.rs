//! A client with a person at the keyboard.

use kafka_rpc::{BoxError, Channel, Cluster};
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};

use crate::member::{self, Mouth};

/// Says what is typed and prints what is heard, until the input ends.
pub async fn talk(cluster: &Cluster, room: &str, name: &str) -> Result<(), BoxError> {
    let channel = Channel::connect(cluster).await?;
    let (mouth, mut ears) = member::enter(&channel, room, name).await?;
    let saying = tokio::spawn(say_what_is_typed(mouth));
    while let Some(line) = ears.next().await? {
        println!("{line}");
    }
    saying.await?
}

async fn say_what_is_typed(mouth: Mouth) -> Result<(), BoxError> {
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        mouth.text(&line).await?;
    }
    Ok(())
}
