//! Clients that talk as it is written here.

use kafka_rpc::{BoxError, Channel, Cluster};

use crate::member::{self, Ears, Mouth};

/// Somebody in a room.
struct Part {
    name: &'static str,
    /// What is said, each when something else is heard.
    lines: &'static [(&'static str, &'static str)],
    /// What is heard last.
    stays_until: &'static str,
}

const KITCHEN: [Part; 2] = [
    Part {
        name: "ann",
        lines: &[
            ("ben comes in", "Is there any tea left?"),
            ("ben: Two bags. Shall I put the kettle on?", "Please do!"),
        ],
        stays_until: "ben leaves",
    },
    Part {
        name: "ben",
        lines: &[
            (
                "ann: Is there any tea left?",
                "Two bags. Shall I put the kettle on?",
            ),
            ("ann: Please do!", "It will take a minute."),
        ],
        stays_until: "ben: It will take a minute.",
    },
];

const GARDEN: [Part; 2] = [
    Part {
        name: "cyd",
        lines: &[
            ("dan comes in", "Mind the bees."),
            ("dan: Which bees?", "Those."),
        ],
        stays_until: "dan leaves",
    },
    Part {
        name: "dan",
        lines: &[("cyd: Mind the bees.", "Which bees?")],
        stays_until: "cyd: Those.",
    },
];

/// Plays in both rooms at once.
pub async fn play(cluster: &Cluster) -> Result<(), BoxError> {
    tokio::try_join!(
        play_in(cluster, "kitchen", KITCHEN),
        play_in(cluster, "garden", GARDEN),
    )?;
    Ok(())
}

/// The second comes in when the first is there. What the first hears is printed. Each has a channel of its own, as a
/// client in a process of its own would have.
async fn play_in(cluster: &Cluster, room: &str, parts: [Part; 2]) -> Result<(), BoxError> {
    let [first, second] = parts;
    let first_in = member::enter(&Channel::connect(cluster).await?, room, first.name).await?;
    let second_in = member::enter(&Channel::connect(cluster).await?, room, second.name).await?;
    tokio::try_join!(
        act(&first, first_in, |heard| println!("[{room}] {heard}")),
        act(&second, second_in, |_| {}),
    )?;
    Ok(())
}

async fn act(
    part: &Part,
    (mouth, mut ears): (Mouth, Ears),
    hears: impl Fn(&str),
) -> Result<(), BoxError> {
    for (cue, line) in part.lines {
        wait_for(cue, &mut ears, &hears).await?;
        mouth.text(line).await?;
    }
    wait_for(part.stays_until, &mut ears, &hears).await?;
    drop(mouth);
    while let Some(heard) = ears.next().await? {
        hears(&heard);
    }
    Ok(())
}

async fn wait_for(cue: &str, ears: &mut Ears, hears: impl Fn(&str)) -> Result<(), BoxError> {
    while let Some(heard) = ears.next().await? {
        hears(&heard);
        if heard == cue {
            return Ok(());
        }
    }
    Err(format!("the talk ended before {cue:?}").into())
}
