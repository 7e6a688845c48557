//! Processes that are killed, again and again, and such as never come back.

use std::process::Command;
use std::time::Duration;

use kafka_rpc_tests::foreign::Foreign;
use kafka_rpc_tests::process::Child;
use kafka_rpc_tests::service::{Order, Scripted, receipt};
use kafka_rpc_tests::{Gate, kafka, require_java, sightings};

use crate::world::world;

#[test]
fn every_call_is_answered_though_servers_are_killed_again_and_again() {
    require_java!();
    survives(&[
        "for=18s",
        "every=8s",
        "session-timeout=6s",
        "static-members=false",
    ]);
}

#[test]
fn static_members_take_up_where_they_were_killed() {
    require_java!();
    // Long after the end of this test the group would have noticed.
    survives(&[
        "for=10s",
        "every=2s",
        "session-timeout=60s",
        "static-members=true",
    ]);
}

fn survives(settings: &[&str]) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_survives-kills"));
    program
        .arg(format!("bootstrap={}", kafka::shared().bootstrap()))
        // Leaves some of the machine to the other tests.
        .args(["work=50ms", "deadline=20s"])
        .args(settings);
    let mut run = Child::spawn(&mut program);
    let status = run.wait(Duration::from_secs(120));
    let printed = run.printed();
    assert!(status.success(), "{status}: {printed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_a_killed_client_are_finished_and_harm_nobody() {
    require_java!();
    let world = world();
    let gate = Gate::closed();
    let (seen, mut begun) = sightings();
    let script = {
        let gate = gate.clone();
        Scripted::new(move |request| {
            let (gate, seen) = (gate.clone(), seen.clone());
            async move {
                seen.tell(request.get_ref().number);
                gate.pass().await;
                Ok(receipt(request.into_inner()))
            }
        })
    };
    let server = world.desk(script).await;
    let mut desk = world.client().await;
    let mut client = Command::new(env!("CARGO_BIN_EXE_desk-client"));
    client.args([world.cluster().bootstrap_servers(), &world.name(""), "10"]);
    let mut client = Child::spawn(&mut client);
    let orders: Vec<u32> = (0..10).collect();
    assert_eq!(begun.sorted(10, "the client's calls begin").await, orders);

    client.kill();
    gate.open();
    let replies = world.name("tests.v1.Desk.Ask.reply");
    let mut replies = Foreign::new(world.cluster()).read(&replies);
    for _ in orders {
        replies.next().await;
    }
    assert_eq!(
        desk.ask(Order::number(10)).await.unwrap().get_ref().number,
        10
    );
    server.shutdown().await;
}
