//! What is done to clients, servers and the broker, one after the other.

use std::time::Duration;

use kafka_rpc::simulation::{Chance, Process};
use kafka_rpc_checker::{Blow, What};
use tokio::time::{sleep, timeout};

use crate::play::World;
use crate::stage::Teller;

/// How long a process goes on at most that is to be killed at some step.
const DOOMED: Duration = Duration::from_secs(1);
/// How many steps it goes on at most.
const STEPS: u64 = 400;

pub(crate) async fn direct(world: &mut World) {
    for _ in 0..world.plan.blows {
        sleep(world.chance.millis(0..1_500)).await;
        match world.chance.of(0..12) {
            0 | 1 => kill_server(world).await,
            2 => kill_client(world).await,
            3 => pause_server(world).await,
            4 => pause_client(world).await,
            5 | 6 => cut(world).await,
            7 => {
                let away = world.chance.millis(10..3_000);
                world.broker.restart(away);
            }
            8 => world.broker.rebalance(),
            9 => bounce_server(world).await,
            10 => world.launch_server(),
            _ => retain(world),
        }
    }
}

async fn kill_server(world: &mut World) {
    if world.servers.is_empty() {
        return;
    }
    let victim = world
        .servers
        .swap_remove(world.chance.index(world.servers.len()));
    kill(&mut world.chance, &victim.process, &victim.teller).await;
    sleep(world.chance.millis(0..2_000)).await;
    world.launch_server();
}

async fn kill_client(world: &mut World) {
    if world.clients.is_empty() {
        return;
    }
    let victim = world
        .clients
        .swap_remove(world.chance.index(world.clients.len()));
    kill(&mut world.chance, &victim.process, &victim.teller).await;
    world.launch_client();
}

/// At any step.
async fn kill(chance: &mut Chance, process: &Process, teller: &Teller) {
    let steps = chance.of(0..STEPS);
    if timeout(DOOMED, process.killed_after(steps)).await.is_err() {
        process.kill();
    }
    hit(teller, Blow::Killed);
}

async fn pause_server(world: &mut World) {
    let index = world.chance.index(world.servers.len());
    let time = world.chance.millis(100..8_000);
    if let Some(server) = world.servers.get(index) {
        pause(&server.process, &server.teller, time).await;
    }
}

async fn pause_client(world: &mut World) {
    let index = world.chance.index(world.clients.len());
    let time = world.chance.millis(100..8_000);
    if let Some(client) = world.clients.get(index) {
        pause(&client.process, &client.teller, time).await;
    }
}

async fn pause(process: &Process, teller: &Teller, time: Duration) {
    process.pause();
    hit(teller, Blow::Paused);
    sleep(time).await;
    process.resume();
    hit(teller, Blow::Resumed);
}

async fn cut(world: &mut World) {
    let time = world.chance.millis(10..8_000);
    let servers = world
        .servers
        .iter()
        .map(|node| (&node.process, &node.teller));
    let clients = world
        .clients
        .iter()
        .map(|node| (&node.process, &node.teller));
    let nodes: Vec<_> = servers.chain(clients).collect();
    let index = world.chance.index(nodes.len());
    if let Some((process, teller)) = nodes.get(index) {
        process.cut(time);
        hit(teller, Blow::Cut);
    }
}

/// A server ends in good order, and another one takes its place, before or after.
async fn bounce_server(world: &mut World) {
    if world.servers.is_empty() {
        return;
    }
    let early = world.chance.permille(500);
    let mut leaving = world
        .servers
        .swap_remove(world.chance.index(world.servers.len()));
    if early {
        world.launch_server();
        sleep(world.chance.millis(0..1_000)).await;
    }
    hit(&leaving.teller, Blow::Told);
    leaving.end();
    if !early {
        sleep(world.chance.millis(0..1_000)).await;
        world.launch_server();
    }
    world.leaving.push(leaving);
}

fn retain(world: &mut World) {
    if let Some(age) = world.plan.retention {
        world.broker.retain(".reply", age);
    }
}

fn hit(teller: &Teller, by: Blow) {
    let on = teller.node().to_owned();
    teller.tell(What::Hit { on, by });
}
