//! Servers come and go while calls run.

use std::time::{Duration, Instant};

use kafka_rpc_tests::desk_server::{DeskServer, Run, Runs, Settings};
use kafka_rpc_tests::load::{Call, Load, now};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{kafka, require_java, until};
use tempfile::TempDir;

use crate::world::{SERVER, world};

const DEADLINE: Duration = Duration::from_secs(20);
/// A call that was answered so long before its server was killed has certainly been committed.
const COMMITTED: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_join_and_leave_in_good_order_repeat_nothing() {
    require_java!();
    let mut group = Group::new().await;
    // Nobody has to be missed.
    group.settings.session_timeout = Duration::from_secs(60);
    let mut first = group.server();
    first.ready();
    let load = group.load().await;
    load.goes_on(200).await;

    let mut second = group.server();
    group.works(&mut second).await;
    load.goes_on(200).await;
    first.shut_down();
    load.goes_on(200).await;
    let mut third = group.server();
    group.works(&mut third).await;
    load.goes_on(200).await;
    second.shut_down();
    load.goes_on(200).await;

    answered(&load.stop().await);
    third.shut_down();
    let repeated = group.runs().repeated();
    assert!(repeated.is_empty(), "{repeated:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_calls_of_a_killed_server_are_answered_and_finished_ones_are_not_repeated() {
    require_java!();
    let group = Group::new().await;
    let (mut first, mut second) = (group.server(), group.server());
    let load = group.load().await;
    group.works(&mut first).await;
    group.works(&mut second).await;
    let begun = Instant::now();
    while begun.elapsed() < 3 * COMMITTED {
        load.goes_on(100).await;
    }

    second.kill();
    let killed = now();
    load.goes_on(500).await;
    let mut third = group.server();
    group.works(&mut third).await;
    load.goes_on(200).await;

    let calls = load.stop().await;
    answered(&calls);
    let runs = group.runs();
    let long_done = |run: &&Run| {
        let call = calls.iter().find(|call| call.order == run.order);
        run.server == second.id() && call.is_some_and(|call| call.ended() + COMMITTED < killed)
    };
    assert!(
        runs.iter().filter(long_done).count() > 0,
        "none was finished for long"
    );
    let repeated = runs.repeated();
    for (order, runs) in &repeated {
        let call = calls.iter().find(|call| call.order == *order).unwrap();
        assert!(
            call.ended() + COMMITTED > killed,
            "{call:?} was over long before {killed:?}, and handled again: {runs:?}"
        );
        assert_eq!(runs.len(), 2, "one server was killed: {runs:?}");
        assert_eq!(runs[0].server, second.id(), "{runs:?}");
    }
    first.shut_down();
    third.shut_down();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_static_member_comes_back_to_its_partitions_without_a_rebalance() {
    require_java!();
    let group = Group::new().await;
    let member = |id: &str| {
        let mut settings = group.settings.clone();
        settings.instance_id = Some(id.to_owned());
        // Longer than this test may take.
        settings.session_timeout = Duration::from_secs(60);
        DeskServer::launch(SERVER, &settings)
    };
    let (mut first, mut second) = (member("first"), member("second"));
    let load = group.load().await;
    group.works(&mut first).await;
    group.works(&mut second).await;
    let (assignments, rebalances) = (group.assignments(), group.rebalances());
    assert_eq!(assignments.len(), 2, "{assignments:?}");

    second.kill();
    let mut second = member("second");
    group.works(&mut second).await;
    load.goes_on(200).await;
    assert_eq!(group.assignments(), assignments);

    // Also when it shuts down: it will be back.
    second.shut_down();
    let mut second = member("second");
    group.works(&mut second).await;
    load.goes_on(200).await;
    assert_eq!(group.assignments(), assignments);
    assert_eq!(group.rebalances(), rebalances);
    answered(&load.stop().await);
    first.shut_down();
    second.shut_down();
}

fn answered(calls: &[Call]) {
    for call in calls {
        if let Err(status) = &call.outcome {
            panic!("{status}: {call:?}");
        }
        assert!(call.took <= DEADLINE, "{call:?}");
    }
}

/// The servers of one desk.
struct Group {
    world: World,
    settings: Settings,
    _folder: TempDir,
}

impl Group {
    async fn new() -> Self {
        let world = world();
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            work: Duration::from_millis(5),
            ..Settings::new(&world, folder.path().join("runs"))
        };
        Self {
            world,
            settings,
            _folder: folder,
        }
    }

    fn server(&self) -> DeskServer {
        DeskServer::launch(SERVER, &self.settings)
    }

    async fn load(&self) -> Load {
        Load::start(&self.world.client().await, 32, DEADLINE)
    }

    fn runs(&self) -> Runs {
        Runs::read(&self.settings.runs)
    }

    /// Waits until a server handles calls. It has nothing to do before it is given partitions.
    async fn works(&self, server: &mut DeskServer) {
        until("the server handles calls", || {
            self.runs().of(server.id()) > 20
        })
        .await;
    }

    /// Each static member's id and partitions, in the words of Kafka's tool.
    fn assignments(&self) -> Vec<String> {
        let name = self.world.name("tests.v1.Desk");
        let arguments = ["--describe", "--group", &name, "--members", "--verbose"];
        let described = kafka::shared()
            .tool(
                "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
                &arguments,
            )
            .run();
        let mut lines = described
            .lines()
            .skip_while(|line| !line.starts_with("GROUP"));
        let header: Vec<&str> = lines
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let column = |name| header.iter().position(|title| *title == name);
        let (instance, assignment) = (column("GROUP-INSTANCE-ID"), column("CURRENT-ASSIGNMENT"));
        let mut members: Vec<String> = lines
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .filter(|fields| fields.len() >= header.len())
            .map(|fields| {
                format!(
                    "{} {}",
                    fields[instance.unwrap()],
                    fields[assignment.unwrap()]
                )
            })
            .collect();
        members.sort();
        members
    }

    /// How many rebalances of the group the broker has begun.
    fn rebalances(&self) -> usize {
        let name = self.world.name("tests.v1.Desk");
        let log = kafka::shared().log();
        let begun = log
            .lines()
            .filter(|line| line.contains(&name) && line.contains("Preparing to rebalance"));
        begun.count()
    }
}
