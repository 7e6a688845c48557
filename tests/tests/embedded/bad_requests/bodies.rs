use super::*;

#[tokio::test]
async fn a_body_that_is_not_the_message_is_an_invalid_argument() {
    let mut probe = Probe::start().await;
    let request = probe.request().value([0xff, 0xff, 0xff]);
    probe
        .refuses(request, Code::InvalidArgument, "the request is not a valid")
        .await;
}

#[tokio::test]
async fn a_null_value_is_an_empty_message() {
    let mut probe = Probe::start().await;
    let mut request = probe.request();
    request.value = None;
    probe.foreign.write(request).await;
    let reply = probe.replies.next().await;
    assert_eq!(reply.get("grpc-status"), None);
    assert_eq!(probe.handled.next("it is handled").await, 0);
}

#[tokio::test]
async fn json_is_unimplemented_where_it_is_not_enabled() {
    let mut probe = Probe::start().await;
    let request = probe.request().header("content-type", "application/json");
    probe
        .refuses(
            request.value("{}"),
            Code::Unimplemented,
            "JSON is not enabled",
        )
        .await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_one_at_the_limit_handled() {
    let mut probe = Probe::with(|builder| builder.message_limit(1000)).await;
    let order = |number, payload: usize| Order {
        number,
        ..Order::large(payload)
    };
    // Two bytes of number and its tag, three of the payload's tag and length.
    let good = Record::request(&probe.topic, "bad", &order(1, 995));
    assert_eq!(good.value.as_ref().unwrap().len(), 1000);
    probe.foreign.write(good).await;
    assert_eq!(probe.replies.next().await.get("grpc-status"), None);
    assert_eq!(probe.handled.next("1000 bytes are handled").await, 1);
    probe.written += 1;
    let bad = Record::request(&probe.topic, "bad", &order(1, 996));
    probe
        .refuses(bad, Code::ResourceExhausted, "1001 bytes")
        .await;
}

#[tokio::test]
async fn a_body_over_the_limit_of_a_mebibyte_is_refused() {
    let mut probe = Probe::start().await;
    let bad = probe.request().message(&Order::large(1024 * 1024));
    probe.refuses(bad, Code::ResourceExhausted, "1048576").await;
}
