use std::time::Duration;

use kafka_rpc::{
    Code, Delivery, HedgingPolicy, Idempotency, Redelivery, Repeats, RetryPolicy, TopicLayout,
};
use kafka_rpc_tests_codegen::{bare, shop};
use prost_reflect::DescriptorPool;

type OrdersClient = shop::v1::OrdersClient;
type ReturnsClient = shop::v1::ReturnsClient;

#[test]
fn the_options_of_the_proto_are_in_the_description() {
    let orders = OrdersClient::DESCRIPTOR;
    assert_eq!(orders.topics, TopicLayout::PerMethod);
    let [place, get, clear, _, price] = orders.methods else {
        panic!("five methods: {orders:?}");
    };
    assert_eq!(place.delivery, Delivery::AtLeastOnce);
    assert_eq!(place.idempotency, Idempotency::Unknown);
    assert_eq!(place.topic, None);
    assert_eq!(get.idempotency, Idempotency::NoSideEffects);
    assert_eq!(clear.idempotency, Idempotency::Idempotent);
    assert_eq!(clear.delivery, Delivery::AtMostOnce);
    assert_eq!(clear.topic, Some("shop.clear"));
    assert_eq!(clear.input, "google.protobuf.Empty");
    let policy = Redelivery::new()
        .attempts(3)
        .initial_backoff(Duration::from_millis(5))
        .codes(&[Code::Aborted]);
    assert_eq!((place.redelivery, price.redelivery), (None, Some(policy)));

    let retry = RetryPolicy::new().attempts(4).codes(&[Code::Aborted]);
    assert_eq!(place.repeats, Some(Repeats::Retry(retry)));
    let hedging = HedgingPolicy::new().delay(Duration::from_millis(700));
    assert_eq!(get.repeats, Some(Repeats::Hedging(hedging)));
    assert_eq!(clear.repeats, None);

    let returns = ReturnsClient::DESCRIPTOR;
    assert_eq!(returns.topics, TopicLayout::PerService);
    assert_eq!(returns.topic, Some("shop.returns"));
    assert_eq!(returns.group, Some("returns-desk"));
}

#[test]
fn the_descriptor_set_holds_the_package_and_what_it_imports() {
    let set = OrdersClient::DESCRIPTOR.file_descriptor_set;
    assert_eq!(set, shop::v1::FILE_DESCRIPTOR_SET);
    let pool = DescriptorPool::decode(set).expect("a set that is whole");
    let files: Vec<String> = pool.files().map(|file| file.name().to_owned()).collect();
    for name in [
        "shop/v1/orders.proto",
        "shop/v1/parts.proto",
        "common/v1/money.proto",
    ] {
        assert!(files.iter().any(|file| file == name), "{name} in {files:?}");
    }
    let service = pool
        .get_service_by_name("shop.v1.Orders")
        .expect("the service");
    let options = service.methods().next().expect("a method").options();
    assert!(
        options.extensions().next().is_some(),
        "the options of kafka-rpc are kept"
    );
    assert!(
        pool.file_descriptor_protos()
            .all(|file| file.source_code_info.is_none()),
        "comments are left out"
    );
}

#[test]
fn a_file_without_a_package_has_a_descriptor_set_too() {
    let pool = DescriptorPool::decode(bare::FILE_DESCRIPTOR_SET).expect("a set that is whole");
    let files: Vec<String> = pool.files().map(|file| file.name().to_owned()).collect();
    assert_eq!(files, ["bare.proto"]);
    assert_eq!(<bare::EchoClient>::DESCRIPTOR.name, "Echo");
}
