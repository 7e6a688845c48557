use super::*;

#[tokio::test]
async fn a_correlation_id_that_has_no_bytes_or_too_many_is_stepped_past() {
    let mut probe = Probe::start().await;
    for length in [0, 65, 1000] {
        let bad = probe
            .anonymous()
            .header("kafka_correlationId", vec![b'i'; length]);
        probe.steps_past(bad).await;
    }
    let twice = probe.request().header("kafka_correlationId", "bad");
    probe.steps_past(twice).await;
    let none = probe.anonymous();
    probe.steps_past(none).await;
}

#[tokio::test]
async fn a_reply_address_that_can_not_be_is_stepped_past() {
    let mut probe = Probe::start().await;
    let without = probe.request().without("kafka_replyTopic");
    let long = "t".repeat(250);
    let topics: [&[u8]; 5] = [b"", b"no spaces", b"..", &[0xff, 0xfe], long.as_bytes()];
    for topic in topics {
        probe
            .steps_past(without.clone().header("kafka_replyTopic", topic))
            .await;
    }
    let twice = format!("{}.reply", probe.topic);
    probe
        .steps_past(probe.request().header("kafka_replyTopic", twice))
        .await;
    let partitions: [&[u8]; 5] = [b"", b"-1", b"first", &[0xff; 4], &[0; 8]];
    for partition in partitions {
        probe
            .steps_past(probe.request().header("kafka_replyPartition", partition))
            .await;
    }
    // A partition of what?
    probe
        .steps_past(without.header("kafka_replyPartition", "0"))
        .await;
}

#[tokio::test]
async fn a_reply_topic_that_is_not_allowed_is_stepped_past_before_the_handler_runs() {
    let mut probe = Probe::start().await;
    let elsewhere = probe.world.name("tests.v1.Desk.Place.reply");
    let bad = probe
        .request()
        .without("kafka_replyTopic")
        .header("kafka_replyTopic", &*elsewhere);
    probe.steps_past(bad.clone()).await;
    // Nor is anything refused there.
    probe.steps_past(bad.header("grpc-timeout", "never")).await;
    let mut elsewhere = probe.foreign.read(&elsewhere);
    let good = Record::request(
        &probe.world.name("tests.v1.Desk.Place"),
        "good",
        &Order::number(1),
    );
    probe.foreign.write(good).await;
    assert_eq!(elsewhere.next().await.text("kafka_correlationId"), "good");
}

#[tokio::test]
async fn a_reply_topic_on_the_servers_list_is_allowed() {
    let world = World::embedded();
    let elsewhere = world.name("tests.v1.Desk.Place.reply");
    let builder = desk(Scripted::echo()).allow_reply_topic(&elsewhere);
    let _server = world.serve(builder).await;
    let foreign = Foreign::new(world.cluster());
    let request = Record::request(
        &world.name("tests.v1.Desk.Ask"),
        "call-1",
        &Order::number(1),
    )
    .without("kafka_replyTopic")
    .header("kafka_replyTopic", &*elsewhere);
    foreign.write(request.clone()).await;
    // Refusals go there, too.
    foreign.write(request.header("grpc-timeout", "never")).await;
    let mut replies = foreign.read(&elsewhere);
    let mut statuses = [replies.next().await, replies.next().await].map(|r| r.text("grpc-status"));
    statuses.sort();
    assert_eq!(statuses, ["", "3"]);
}

#[tokio::test]
async fn a_reply_partition_that_the_topic_does_not_have_blocks_nothing() {
    let mut probe = Probe::start().await;
    for partition in ["1", "4000"] {
        let number = probe.written + 1;
        let lost = probe.request().message(&Order::number(number));
        probe
            .foreign
            .write(lost.header("kafka_replyPartition", partition))
            .await;
        assert_eq!(probe.handled.next("it is handled").await, number);
        probe.written += 1;
        // And so for one that is refused.
        let bad = probe.request().header("kafka_replyPartition", partition);
        probe.steps_past(bad.header("grpc-timeout", "never")).await;
    }
}
