//! Processes that are killed, again and again, and such as never come back.

use std::process::Command;
use std::time::Duration;

use kafka_rpc::{Channel, Code, IntoRequest as _};
use kafka_rpc_tests::desk_server::{DeskServer, Settings};
use kafka_rpc_tests::foreign::Foreign;
use kafka_rpc_tests::process::Child;
use kafka_rpc_tests::relay::{Ask, RelayClient};
use kafka_rpc_tests::service::{Order, Scripted, receipt};
use kafka_rpc_tests::{Gate, kafka, require_java, sightings, soon};
use tokio::time::Instant;

use crate::world::{SERVER, world};

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
    // Leaves some of the machine to the other tests.
    program.args(["work=50ms", "deadline=20s"]).args(settings);
    runs_well(program);
}

fn runs_well(mut program: Command) {
    program.arg(format!("bootstrap={}", kafka::shared().bootstrap()));
    let mut run = Child::spawn(&mut program);
    let status = run.wait(Duration::from_secs(120));
    let printed = run.printed();
    assert!(status.success(), "{status}: {printed}");
}

#[test]
fn resumable_streams_go_on_though_servers_are_killed_again_and_again() {
    require_java!();
    let mut program = Command::new(env!("CARGO_BIN_EXE_streams-survive-kills"));
    program.args(["for=16s", "every=7s", "streams=20"]);
    runs_well(program);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_soon_after_its_server_was_killed() {
    require_java!();
    let world = world();
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        relay: true,
        ..Settings::new(&world, folder.path().join("runs"))
    };
    let session = settings.session_timeout;
    let mut servers = [(); 2].map(|()| DeskServer::start(SERVER, &settings));
    let channel = Channel::builder().stream_timeout(session);
    let mut relay = RelayClient::new(world.connect(channel).await);
    let mut request = Ask {
        count: u64::MAX - 1,
        pause_millis: 20,
        ..Ask::default()
    }
    .into_request();
    request.set_timeout(Duration::from_secs(120));
    let mut numbers = relay.count(request).await.unwrap().into_inner();
    let first = soon("a number comes", numbers.message()).await.unwrap();
    let process = first.unwrap().process;
    for server in &mut servers {
        if server.id() == process {
            server.kill();
        }
    }
    let killed = Instant::now();
    let status = loop {
        match soon("it goes on or ends", numbers.message()).await {
            Ok(number) => assert!(number.is_some()),
            Err(status) => break status,
        }
    };
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    let after = killed.elapsed();
    assert!(after < session + Duration::from_secs(2), "{after:?}");
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
