use super::*;
use crate::simulation::Process;

const ROUGH: Faults = Faults {
    usual_delay: 20,
    slow: 100,
    slow_delay: 500,
    ..Faults::NONE
};

async fn seconds(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn records_of_a_producer_keep_their_order_within_a_partition() {
    let site = Site::with(1, 2, ROUGH).await;
    let fates = Fates::default();
    let producer = site
        .transport
        .producer(Writes::Replies, &[], Arc::new(fates.clone()))
        .unwrap();
    for number in 0..100 {
        let sent = producer.send(record(i32::from(number % 2), number), Some(number.into()));
        sent.unwrap();
        if number == 50 {
            site.transport.restart(Duration::from_secs(2));
        }
    }
    seconds(10).await;
    let (even, odd) = (site.values(0).await, site.values(1).await);
    assert!(even.iter().copied().eq((0..100).step_by(2)), "{even:?}");
    assert!(odd.iter().copied().eq((1..100).step_by(2)), "{odd:?}");
    let fates = fates.sorted();
    assert!(fates.iter().all(|(_, outcome)| outcome.is_ok()) && fates.len() == 100);
    assert_eq!(site.transport.open().producers, 1);
    drop(producer);
    seconds(1).await;
    assert_eq!(site.transport.open(), Open::default());
}

#[tokio::test(start_paused = true)]
async fn what_is_told_of_records_is_so() {
    let faults = Faults {
        queue_full: 100,
        unwritten: 200,
        lost: 200,
        unacknowledged: 200,
        ..ROUGH
    };
    let site = Site::with(2, 1, faults).await;
    let fates = Fates::default();
    let producer = site
        .transport
        .producer(Writes::DurableRequests, &[], Arc::new(fates.clone()))
        .unwrap();
    let mut queued = Vec::new();
    for number in 0..200 {
        match producer.send(record(0, number), Some(number.into())) {
            Ok(()) => queued.push(number),
            Err(refused) => assert!(refused.error.unwritten),
        }
    }
    seconds(60).await;
    let written = site.values(0).await;
    let fates = fates.sorted();
    let told: Vec<u8> = fates.iter().map(|(token, _)| *token as u8).collect();
    assert_eq!(told, queued, "each is told of once");
    let mut unknown = [0, 0];
    for (token, outcome) in fates {
        let is_there = written.contains(&(token as u8));
        match outcome {
            Ok(()) => assert!(is_there, "{token} was acknowledged"),
            Err(true) => assert!(!is_there, "{token} surely was not written"),
            Err(false) => unknown[usize::from(is_there)] += 1,
        }
    }
    assert!(unknown.iter().all(|count| *count > 10), "{unknown:?}");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_killed_or_cut_off_writes_no_more() {
    let site = Site::with(3, 1, Faults::NONE).await;
    let write = |process: &Process, number| {
        let producer = process.within(|| {
            let fates = Arc::new(Fates::default());
            site.transport.producer(Writes::Requests, &[], fates)
        });
        let producer = producer.unwrap();
        producer.send(record(0, number), None).unwrap();
        producer
    };
    let (killed, cut) = (Process::new(), Process::new());
    cut.cut(Duration::from_secs(5));
    let _kept = write(&cut, 1);
    seconds(1).await;
    assert!(site.values(0).await.is_empty());
    seconds(5).await;
    assert_eq!(site.values(0).await, [1]);
    let producer = write(&killed, 2);
    seconds(1).await;
    killed.kill();
    producer.send(record(0, 3), None).unwrap();
    seconds(1).await;
    assert_eq!(site.values(0).await, [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn old_records_go_and_the_offsets_of_the_others_stay() {
    let site = Site::with(4, 1, Faults::NONE).await;
    let fates = Arc::new(Fates::default());
    let producer = site.transport.producer(Writes::Requests, &[], fates);
    let producer = producer.unwrap();
    producer.send(record(0, 1), None).unwrap();
    seconds(10).await;
    producer.send(record(0, 2), None).unwrap();
    seconds(1).await;
    site.transport.retain(TOPIC, Duration::from_secs(5));
    assert_eq!(site.values(0).await, [2]);
    let partition = PartitionRef {
        topic: TOPIC.into(),
        partition: 0,
    };
    let bounds = site
        .transport
        .bounds(&partition, Duration::from_secs(1))
        .await;
    assert_eq!(bounds.unwrap(), 1..2);
}
