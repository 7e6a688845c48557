//! Calls that go well, of our client and of another make.

use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::service::{Order, Receipt, Scripted};
use kafka_rpc_tests::world::World;

#[tokio::test]
async fn a_call_is_answered() {
    let world = World::embedded();
    let _server = world.desk(Scripted::echo()).await;
    let mut desk = world.client().await;
    let receipt = desk.ask(Order::number(7)).await.unwrap();
    assert_eq!(receipt.get_ref().number, 7);
}

#[tokio::test]
async fn a_client_of_another_make_is_answered() {
    let world = World::embedded();
    let _server = world.desk(Scripted::echo()).await;
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Desk.Ask");
    let request = Record::request(&topic, "call-1", &Order::number(5));
    foreign.write(request).await;
    let reply = foreign.read(&format!("{topic}.reply")).next().await;
    assert_eq!(reply.text("kafka_correlationId"), "call-1");
    assert_eq!(reply.decode::<Receipt>().number, 5);
}
