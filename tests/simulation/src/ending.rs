//! Nothing goes wrong any more: what is on its way ends, and then all do.

use std::collections::BTreeSet;
use std::time::Duration;

use kafka_rpc::simulation::{Open, Process, spawn};
use kafka_rpc::{CallHandle, Channel, Cluster, DeadLetters, DeadLettersError, Error, Method};
use kafka_rpc_checker::What;
use tokio::time::{Instant, sleep, timeout};

use crate::bank::{BankClient, Done, Order};
use crate::play::World;
use crate::stage::Teller;

/// Longer than the longest deadline, with all that may have to happen before.
const CLIENT: Duration = Duration::from_secs(120);
/// How long one reply is looked for at the end: as long as it may take to handle all calls of an account, one after the other,
/// of which each takes its time and fails twice.
const REPLY: Duration = Duration::from_secs(1_800);
/// How long one is that may be kept no more.
const GONE: Duration = Duration::from_secs(5);
/// How long the end of a call is waited for before it is looked for again.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a server may take to end, which the checker holds against what is promised.
const SERVER: Duration = Duration::from_secs(60);
/// What ends without anybody who waits for it has ended by then.
const SETTLES: Duration = Duration::from_secs(10);

pub(crate) async fn end(world: &mut World) {
    world.calm();
    if world.servers.is_empty() {
        world.launch_server();
    }
    let mut processes = end_clients(world).await;
    let teller = world.history.teller("stage");
    let stage = Process::new();
    let found = stage.spawn(find(world));
    if let Err(error) = found.await {
        left(&teller, &format!("the end failed: {error}"), 1);
    }
    processes.push(("stage".to_owned(), stage));
    processes.extend(end_servers(world).await);
    sleep(SETTLES).await;
    for (name, process) in processes {
        let tasks = process.tasks();
        left(&world.history.teller(&name), "tasks", tasks);
    }
    let Open {
        producers,
        inboxes,
        members,
    } = world.broker.open();
    left(&teller, "producers", producers);
    left(&teller, "inboxes", inboxes);
    left(&teller, "members of groups", members);
}

/// Clients go on until all of their calls have ended.
async fn end_clients(world: &mut World) -> Vec<(String, Process)> {
    let mut processes = Vec::new();
    for client in std::mem::take(&mut world.clients) {
        match timeout(CLIENT, client.ended).await {
            Ok(Ok(Ok(pending))) => left(&client.teller, "pending calls", pending),
            Ok(Ok(Err(error))) => left(&client.teller, &format!("it ended: {error}"), 1),
            Ok(Err(_)) => left(&client.teller, "it was lost", 1),
            Err(_) => left(&client.teller, "it does not end", 1),
        }
        processes.push((client.teller.node().to_owned(), client.process));
    }
    processes
}

async fn end_servers(world: &mut World) -> Vec<(String, Process)> {
    let mut processes = Vec::new();
    let mut servers = std::mem::take(&mut world.servers);
    for server in &mut servers {
        server.end();
    }
    for server in servers
        .into_iter()
        .chain(std::mem::take(&mut world.leaving))
    {
        match timeout(SERVER, server.ended).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => left(&server.teller, &format!("it ended: {error}"), 1),
            Ok(Err(_)) => left(&server.teller, "it was lost", 1),
            // The checker misses its end.
            Err(_) => {}
        }
        processes.push((server.teller.node().to_owned(), server.process));
    }
    processes
}

/// Finds the replies of calls that were left with Kafka and that nobody has found, and the dead letters.
fn find(world: &World) -> impl Future<Output = ()> + Send + use<> {
    let ended: BTreeSet<String> = world.history.look(|event| match &event.what {
        What::Ended { call, .. } => Some(call.clone()),
        _ => None,
    });
    let kept: Vec<(String, String)> = world.history.look(|event| match &event.what {
        What::Kept { call, handle } if !ended.contains(call) => {
            Some((call.clone(), handle.clone()))
        }
        _ => None,
    });
    let forgets = world.plan.retention.is_some();
    let cluster = world.cluster.clone();
    let teller = world.history.teller("stage");
    async move {
        if let Err(error) = find_replies(&cluster, &teller, kept, forgets).await {
            left(&teller, &format!("no replies: {error}"), 1);
        }
        if let Err(error) = find_letters(&cluster, &teller).await {
            left(&teller, &format!("no dead letters: {error}"), 1);
        }
    }
}

async fn find_replies(
    cluster: &Cluster,
    teller: &Teller,
    kept: Vec<(String, String)>,
    forgets: bool,
) -> Result<(), Error> {
    let channel = Channel::connect(cluster).await?;
    let mut searches = Vec::new();
    for (call, handle) in kept {
        let Ok(handle) = handle.parse::<CallHandle<Done>>() else {
            left(teller, &format!("no handle: {handle}"), 1);
            continue;
        };
        let (channel, teller) = (channel.clone(), teller.clone());
        searches.push(spawn(async move {
            let patience = if forgets { GONE } else { REPLY };
            let outcome = match timeout(patience, channel.reply(&handle)).await {
                Ok(Ok(reply)) => Ok(reply.into_inner().call),
                Ok(Err(status)) => Err(format!("{:?}: {}", status.code(), status.message())),
                Err(_) => Err(format!("no reply within {patience:?}")),
            };
            if forgets && outcome.is_err() {
                return teller.tell(What::Forgotten { call });
            }
            teller.tell(What::Ended {
                call,
                outcome,
                ended: teller.now(),
            });
        }));
    }
    for search in searches {
        // It is not ended before the process is.
        let _over = search.await;
    }
    Ok(())
}

/// Waits until each call that was left with Kafka is done or a dead letter: a reply may have been found that was written
/// before its server was killed, whose successor has only begun.
async fn find_letters(cluster: &Cluster, teller: &Teller) -> Result<(), DeadLettersError> {
    let until = Instant::now() + REPLY;
    loop {
        let buried = letters(cluster).await?;
        let done: BTreeSet<String> = teller.history().look(|event| match &event.what {
            What::Finished { call } => Some(call.clone()),
            _ => None,
        });
        let open: Vec<String> = teller.history().look(|event| match &event.what {
            What::Kept { call, .. } => Some(call.clone()),
            _ => None,
        });
        let settled = (open.iter()).all(|call| done.contains(call) || buried.contains(call));
        if settled || Instant::now() > until {
            for call in buried {
                teller.tell(What::Buried { call });
            }
            return Ok(());
        }
        sleep(PAUSE).await;
    }
}

/// The calls whose requests are dead letters.
async fn letters(cluster: &Cluster) -> Result<BTreeSet<String>, DeadLettersError> {
    let service = <BankClient>::DESCRIPTOR;
    let methods = (0..service.methods.len()).filter_map(|index| Method::new(service, index));
    let mut buried = BTreeSet::new();
    for method in methods {
        let letters = match DeadLetters::of(cluster, method).await {
            // No server has ever got as far as to make the topic.
            Err(Error::Kafka(why)) if why.starts_with("there is no topic") => continue,
            letters => letters?,
        };
        for letter in letters.list(None, usize::MAX).await? {
            buried.extend(letter.decode::<Order>().map(|order| order.call));
        }
    }
    Ok(buried)
}

/// Something is left over that should not be.
fn left(teller: &Teller, what: &str, count: usize) {
    if count > 0 {
        let what = what.to_owned();
        teller.tell(What::Left { what, count });
    }
}
