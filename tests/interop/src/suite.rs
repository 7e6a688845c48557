use std::process::ExitCode;
use std::time::Instant;

use clap::ValueEnum as _;
use kafka_rpc_tests::{kafka, unique};

use crate::arguments::Arguments;
use crate::cases::Case;
use crate::clients::Clients;
use crate::server;

/// Runs the cases one after the other, each on the same server and the same channel. Every call of them has a deadline,
/// so all of this ends.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let brokers = match &arguments.brokers {
        Some(brokers) => brokers.as_str(),
        None => tokio::task::spawn_blocking(|| kafka::shared().bootstrap()).await?,
    };
    // Topics of this run's own, as the cluster may be used by others.
    let prefix = format!("{}.", unique("interop"));
    let mut server = {
        let (brokers, prefix) = (brokers.to_owned(), prefix.clone());
        tokio::task::spawn_blocking(move || server::spawn(&brokers, &prefix)).await??
    };
    let clients = Clients::connect(brokers, &prefix, server.id()).await?;

    let (mut passed, mut failed) = (0, 0);
    for case in chosen(arguments.test_case) {
        let begun = Instant::now();
        let outcome = case.run(&clients, arguments.soak).await;
        let took = begun.elapsed().as_millis();
        let name = case.to_possible_value();
        let name = name.as_ref().map_or("?", |value| value.get_name());
        match outcome {
            Ok(()) => {
                println!("{name} … ok ({took} ms)");
                passed += 1;
            }
            Err(error) => {
                println!("{name} … FAILED ({took} ms): {error:#}");
                failed += 1;
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    Ok(match failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn chosen(case: Case) -> Vec<Case> {
    match case {
        Case::All => Case::each().collect(),
        one => vec![one],
    }
}
