use super::*;
use crate::transport::memory::log::RETAINED;

#[tokio::test(start_paused = true)]
async fn a_topic_has_the_partitions_that_it_was_created_with_first() {
    let transport = transport(3).await;
    let again = NewTopic {
        name: topic(),
        partitions: 5,
        replication: None,
        config: Vec::new(),
    };
    transport.create_topics(&[again], LIMIT).await.unwrap();
    let states = transport.topics(&[topic(), "other".into()], LIMIT).await;
    let states = states.unwrap();
    assert!(
        matches!(
            states[..],
            [TopicState::Ready { partitions: 3, .. }, TopicState::Missing]
        ),
        "{states:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_fate_of_a_reply_is_told_with_its_token_once_it_is_written() {
    let transport = transport(1).await;
    let (told, mut events) = Told::new();
    let producer = producer(&transport, Writes::Replies, told);
    producer
        .send(outgoing(Some(0), None, "a"), Some(7))
        .unwrap();
    assert!(events.try_recv().is_err(), "told before it was written");
    assert_eq!(next(&mut events).await, Event::Delivered(Some(7), Ok(())));
    producer
        .send(outgoing(Some(1), None, "b"), Some(8))
        .unwrap();
    let missing = Event::Delivered(Some(8), Err(Failure::Missing));
    assert_eq!(next(&mut events).await, missing);
}

#[tokio::test(start_paused = true)]
async fn of_requests_only_those_are_told_that_could_not_be_written() {
    let transport = transport(1).await;
    let (told, mut events) = Told::new();
    let producer = producer(&transport, Writes::Requests, told);
    producer
        .send(outgoing(Some(0), None, "a"), Some(1))
        .unwrap();
    producer
        .send(outgoing(Some(9), None, "b"), Some(2))
        .unwrap();
    let missing = Event::Delivered(None, Err(Failure::Missing));
    assert_eq!(next(&mut events).await, missing);
    drop(producer);
    let end = timeout(LIMIT, events.recv()).await.expect("it goes on");
    assert_eq!(end, None);
}

#[tokio::test(start_paused = true)]
async fn what_a_dropped_producer_has_queued_is_written() {
    let transport = transport(1).await;
    let (told, mut events) = Told::new();
    let producer = producer(&transport, Writes::Replies, told);
    producer
        .send(outgoing(Some(0), None, "a"), Some(1))
        .unwrap();
    drop(producer);
    assert_eq!(next(&mut events).await, Event::Delivered(Some(1), Ok(())));
}

#[tokio::test(start_paused = true)]
async fn an_inbox_reads_each_partition_in_order_from_where_it_was_first_followed() {
    let transport = transport(2).await;
    let (told, mut delivered) = Told::new();
    let producer = producer(&transport, Writes::Replies, told);
    producer
        .send(outgoing(Some(0), None, "before"), Some(1))
        .unwrap();
    next(&mut delivered).await;

    let (told, mut records) = Told::new();
    let inbox = transport.inbox(&[], Box::new(told)).unwrap();
    inbox.follow(partition(0)).await.unwrap();
    for value in ["first", "second"] {
        producer.send(outgoing(Some(0), None, value), None).unwrap();
        producer
            .send(outgoing(Some(1), None, "unread"), None)
            .unwrap();
    }
    let first = Event::Record(0, 1, Bytes::from_static(b"first"));
    assert_eq!(next(&mut records).await, first);
    inbox.follow(partition(0)).await.unwrap();
    let second = Event::Record(0, 2, Bytes::from_static(b"second"));
    assert_eq!(next(&mut records).await, second);

    let error = inbox.follow(partition(2)).await.unwrap_err();
    assert_eq!(error.failure, Failure::Missing, "{error}");
    drop(inbox);
    let end = timeout(LIMIT, records.recv()).await.expect("it reads on");
    assert_eq!(end, None);
}

#[tokio::test(start_paused = true)]
async fn records_with_a_key_go_where_other_producers_put_them_and_those_without_in_turn() {
    let transport = transport(12).await;
    let (told, mut records) = Told::new();
    let inbox = transport.inbox(&[], Box::new(told)).unwrap();
    for number in 0..12 {
        inbox.follow(partition(number)).await.unwrap();
    }
    let producer = producer(&transport, Writes::Replies, Told::new().0);
    producer
        .send(outgoing(None, Some("abc"), ""), None)
        .unwrap();
    // As Kafka's Java client hashes it.
    let by_key = Event::Record(479_470_107 % 12, 0, Bytes::new());
    assert_eq!(next(&mut records).await, by_key);
    let mut seen = Vec::new();
    for _ in 0..12 {
        producer.send(outgoing(None, None, ""), None).unwrap();
        match next(&mut records).await {
            Event::Record(partition, ..) => seen.push(partition),
            other => panic!("{other:?}"),
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..12).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_partition_keeps_the_latest_records() {
    let transport = transport(1).await;
    let partition = partition(0);
    for _ in 0..RETAINED + 2 {
        transport
            .log
            .append(outgoing(Some(0), None, ""), 0)
            .unwrap();
    }
    let mut batch = Vec::new();
    transport.log.read(&partition, 0, 1, &mut batch);
    assert_eq!(batch[0].offset, 2);
    assert_eq!(transport.log.end(&partition), Some(RETAINED as i64 + 2));
}

#[tokio::test(start_paused = true)]
async fn a_partition_is_read_at_offsets_and_loses_what_is_deleted() {
    let transport = transport(1).await;
    let (told, mut events) = Told::new();
    let producer = producer(&transport, Writes::Replies, told);
    for value in ["a", "b", "c", "d"] {
        producer
            .send(outgoing(Some(0), None, value), Some(0))
            .unwrap();
        next(&mut events).await;
    }
    let partition = partition(0);
    let read = async |offsets, most| {
        let records = transport.read(&partition, offsets, most, LIMIT).await;
        let records = records.unwrap().into_iter();
        records.map(|record| record.value).collect::<Vec<_>>()
    };
    assert_eq!(transport.bounds(&partition, LIMIT).await.unwrap(), 0..4);
    assert_eq!(read(1..3, 9).await, ["b", "c"]);
    assert_eq!(read(0..4, 2).await, ["a", "b"]);
    transport.delete_before(&partition, 3, LIMIT).await.unwrap();
    assert_eq!(transport.bounds(&partition, LIMIT).await.unwrap(), 3..4);
    assert_eq!(read(0..4, 9).await, ["d"]);
    let missing = transport
        .bounds(&super::partition(1), LIMIT)
        .await
        .unwrap_err();
    assert_eq!(missing.failure, Failure::Missing);
}
