//! Which topics and groups calls go through.

use kafka_rpc::{Code, Request, Response, Server, Status};
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::service::{
    DeskClient, DeskServer, LedgerClient, LedgerServer, Order, Receipt, Scripted, receipt,
};
use kafka_rpc_tests::world::{World, desk};
use kafka_rpc_tests::{sightings, soon};

/// Answers with the path of the method.
fn tells_method() -> Scripted {
    Scripted::new(|request: Request<Order>| async move {
        let path = request.method().unwrap().descriptor().path;
        Ok(receipt(Order {
            payload: path.into(),
            ..Order::default()
        }))
    })
}

fn payload(response: Response<Receipt>) -> String {
    String::from_utf8(response.into_inner().payload).unwrap()
}

#[tokio::test]
async fn two_services_are_served_by_one_server_and_called_on_one_channel() {
    let world = World::embedded();
    let builder = desk(tells_method()).add_service(LedgerServer::new(tells_method()));
    let _server = world.serve(builder).await;
    let channel = world.channel().await;
    let mut desk = DeskClient::new(channel.clone());
    let mut ledger = LedgerClient::new(channel);
    assert_eq!(
        payload(desk.ask(Order::default()).await.unwrap()),
        "tests.v1.Desk/Ask"
    );
    let deposited = ledger.deposit(Order::default()).await.unwrap();
    assert_eq!(payload(deposited), "tests.v1.Ledger/Deposit");
    assert_eq!(
        payload(desk.place(Order::default()).await.unwrap()),
        "tests.v1.Desk/Place"
    );
    let withdrawn = ledger.withdraw(Order::default()).await.unwrap();
    assert_eq!(payload(withdrawn), "tests.v1.Ledger/Withdraw");
}

#[tokio::test]
async fn two_services_in_one_group_are_served_together() {
    let world = World::embedded();
    let builder = desk(tells_method())
        .add_service(LedgerServer::new(tells_method()))
        .group("everything");
    let _server = world.serve(builder).await;
    let channel = world.channel().await;
    let answer = DeskClient::new(channel.clone())
        .ask(Order::default())
        .await
        .unwrap();
    assert_eq!(payload(answer), "tests.v1.Desk/Ask");
    let answer = LedgerClient::new(channel)
        .deposit(Order::default())
        .await
        .unwrap();
    assert_eq!(payload(answer), "tests.v1.Ledger/Deposit");

    let foreign = Foreign::new(world.cluster());
    let group = foreign.group(&world.name("everything"));
    soon("both services' offsets are the group's", async {
        for topic in ["tests.v1.Desk.Ask", "tests.v1.Ledger"] {
            'committed: loop {
                for partition in 0..4 {
                    if group
                        .committed(&world.name(topic), partition)
                        .await
                        .is_some()
                    {
                        break 'committed;
                    }
                }
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_topic_prefix_keeps_environments_on_one_cluster_apart() {
    let world = World::embedded();
    let other = world.clone().with(|cluster| cluster.topic_prefix("other."));
    let (seen, mut sights) = sightings();
    let script = |environment: &'static str| {
        let seen = seen.clone();
        Scripted::new(move |request: Request<Order>| {
            seen.tell((environment, request.origin().unwrap().topic.to_string()));
            async { Ok(receipt(Order::default())) }
        })
    };
    let _server = world.desk(script("world")).await;
    let _other = other.desk(script("other")).await;
    other.client().await.ask(Order::default()).await.unwrap();
    let sight = sights.next("the call is handled").await;
    assert_eq!(sight, ("other", "other.tests.v1.Desk.Ask".to_owned()));
    world.client().await.ask(Order::default()).await.unwrap();
    let sight = sights.next("the call is handled").await;
    assert_eq!(sight, ("world", world.name("tests.v1.Desk.Ask")));
    assert_eq!(sights.so_far(), []);
}

/// A service whose topics and group have names of their own.
#[kafka_rpc::service(name = "tests.v1.Mail", group = "post-office")]
pub trait Mail {
    /// Goes through a topic of another name.
    #[rpc(topic = "letters")]
    async fn send(&self, request: Request<Order>) -> Result<Response<Receipt>, Status>;

    /// Goes through the topic that is named after it.
    async fn track(&self, request: Request<Order>) -> Result<Response<Receipt>, Status>;
}

impl Mail for () {
    async fn send(&self, request: Request<Order>) -> Result<Response<Receipt>, Status> {
        Ok(receipt(request.into_inner()))
    }

    async fn track(&self, request: Request<Order>) -> Result<Response<Receipt>, Status> {
        Ok(receipt(request.into_inner()))
    }
}

#[tokio::test]
async fn a_method_and_a_service_can_name_their_topic_and_group() {
    let world = World::embedded();
    let _server = world
        .serve(Server::builder().add_service(MailServer::new(())))
        .await;
    let mut mail = MailClient::new(world.channel().await);
    mail.send(Order::number(1)).await.unwrap();
    mail.track(Order::number(2)).await.unwrap();
    let foreign = Foreign::new(world.cluster());
    let sent = foreign.read(&world.name("letters")).next().await;
    assert_eq!(sent.decode::<Order>().number, 1);
    assert_eq!(sent.text("kafka_replyTopic"), world.name("letters.reply"));
    let tracked = foreign
        .read(&world.name("tests.v1.Mail.Track"))
        .next()
        .await;
    assert_eq!(tracked.decode::<Order>().number, 2);
    let group = foreign.group(&world.name("post-office"));
    let (topic, partition) = (world.name("letters"), sent.partition.unwrap());
    group
        .reaches(&topic, partition, "the group commits", |_| true)
        .await;
}

/// What clients of a later version know of the ledger.
mod later {
    use super::*;

    /// The ledger with a method that servers do not have yet.
    #[kafka_rpc::service(name = "tests.v1.Ledger", topics = "PER_SERVICE", server = false)]
    pub trait Ledger {
        /// New.
        async fn audit(&self, request: Request<Order>) -> Result<Response<Receipt>, Status>;
    }
}

#[tokio::test]
async fn a_method_that_a_server_does_not_have_yet_is_unimplemented_to_our_client() {
    let world = World::embedded();
    let builder = Server::builder().add_service(LedgerServer::new(Scripted::echo()));
    let _server = world.serve(builder).await;
    let mut ledger = later::LedgerClient::new(world.channel().await);
    let status = ledger.audit(Order::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(
        status.message().contains("tests.v1.Ledger/Audit"),
        "{status}"
    );
}

#[tokio::test]
async fn a_request_that_names_no_method_is_of_the_topics_only_one() {
    let world = World::embedded();
    let builder = desk(tells_method()).add_service(LedgerServer::new(tells_method()));
    let _server = world.serve(builder).await;
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Desk.Ask");
    foreign
        .write(Record::request(&topic, "call-1", &Order::default()))
        .await;
    let reply = foreign.read(&format!("{topic}.reply")).next().await;
    assert_eq!(reply.decode::<Receipt>().payload, b"tests.v1.Desk/Ask");

    let topic = world.name("tests.v1.Ledger");
    foreign
        .write(Record::request(&topic, "call-2", &Order::default()))
        .await;
    let mut replies = foreign.read(&format!("{topic}.reply"));
    let reply = replies.next().await;
    assert_eq!(
        reply.text("grpc-status"),
        (Code::Unimplemented as i32).to_string()
    );
    assert!(
        reply.text("grpc-message").contains("rpc-method"),
        "{reply:?}"
    );
    let request = Record::request(&topic, "call-3", &Order::default());
    foreign
        .write(request.header("rpc-method", "tests.v1.Ledger/Withdraw"))
        .await;
    let reply = replies.next().await;
    assert_eq!(
        reply.decode::<Receipt>().payload,
        b"tests.v1.Ledger/Withdraw"
    );
}

#[tokio::test]
async fn a_server_can_be_shared_by_an_arc() {
    let world = World::embedded();
    let desk = std::sync::Arc::new(Scripted::echo());
    let builder = Server::builder().add_service(DeskServer::from_arc(desk));
    let _server = world.serve(builder).await;
    assert!(world.client().await.ask(Order::number(1)).await.is_ok());
}
