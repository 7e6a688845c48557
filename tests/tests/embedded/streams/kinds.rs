//! The three kinds, as their users see them.

use futures_util::stream::{self, StreamExt as _};
use kafka_rpc::{Code, IntoRequest as _, Request};
use kafka_rpc_tests::relay::{Ask, Number};
use kafka_rpc_tests::soon;
use kafka_rpc_tests::world::World;

use super::{all_dropped, ask, client, relay};

#[tokio::test]
async fn a_server_streams() {
    let world = World::embedded();
    let (_server, seen) = relay(&world).await;
    let mut relay = client(&world).await;
    let mut request = ask(5).into_request();
    let tag = "blue".parse().unwrap();
    request.metadata_mut().insert("tag", tag).unwrap();
    let response = soon("the stream begins", relay.count(request))
        .await
        .unwrap();
    assert_eq!(response.metadata().get("tag").unwrap(), "blue");
    let mut numbers = response.into_inner();
    for value in 1..=5 {
        let number = soon("a number comes", numbers.message()).await.unwrap();
        assert_eq!(number.unwrap().value, value);
    }
    let trailers = soon("the trailers come", numbers.trailers()).await.unwrap();
    assert_eq!(trailers.unwrap().get("last").unwrap(), "5");
    all_dropped(&seen).await;
}

#[tokio::test]
async fn a_stream_may_be_empty_and_has_trailers_all_the_same() {
    let world = World::embedded();
    let (_server, _) = relay(&world).await;
    let mut numbers = client(&world)
        .await
        .count(ask(0))
        .await
        .unwrap()
        .into_inner();
    assert!(soon("it ends", numbers.message()).await.unwrap().is_none());
    assert!(numbers.trailers().await.unwrap().is_some());
}

#[tokio::test]
async fn a_client_streams() {
    let world = World::embedded();
    let (_server, seen) = relay(&world).await;
    let mut relay = client(&world).await;
    let mut request = Request::new(stream::iter((1..=1000).map(Number::new)));
    let tag = "red".parse().unwrap();
    request.metadata_mut().insert("tag", tag).unwrap();
    let response = soon("the sum comes", relay.sum(request)).await.unwrap();
    assert_eq!(response.metadata().get("tag").unwrap(), "red");
    assert_eq!(response.get_ref().value, 500_500);
    let nothing = stream::empty::<Number>();
    let response = soon("also of nothing", relay.sum(nothing)).await.unwrap();
    assert_eq!(response.get_ref().value, 0);
    all_dropped(&seen).await;
}

#[tokio::test]
async fn both_sides_stream_message_by_message() {
    let world = World::embedded();
    let (_server, seen) = relay(&world).await;
    let mut relay = client(&world).await;
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let questions = stream::unfold(receiver, |mut receiver| async {
        Some((receiver.recv().await?, receiver))
    });
    let response = soon(
        "it begins before the first message",
        relay.double(questions),
    )
    .await;
    let mut answers = response.unwrap().into_inner();
    for value in 1..=20 {
        sender.send(Number::new(value)).unwrap();
        let answer = soon("an answer comes", answers.message()).await.unwrap();
        assert_eq!(answer.unwrap().value, 2 * value);
    }
    drop(sender);
    assert!(soon("it ends", answers.message()).await.unwrap().is_none());
    all_dropped(&seen).await;
}

#[tokio::test]
async fn many_streams_share_a_channel_and_keep_apart() {
    let world = World::with_partitions(3);
    let (_server, _) = relay(&world).await;
    let relay = client(&world).await;
    let mut streams = tokio::task::JoinSet::new();
    for id in 0..50_u64 {
        let mut relay = relay.clone();
        streams.spawn(async move {
            let numbers = stream::iter((0..200).map(move |n| Number::new(1000 * id + n)));
            let answers = relay.double(numbers).await.unwrap().into_inner();
            let answers: Vec<_> = answers.map(|number| number.unwrap().value).collect().await;
            let expected: Vec<_> = (0..200).map(|n| 2 * (1000 * id + n)).collect();
            assert_eq!(answers, expected);
        });
    }
    soon("all end", streams.join_all()).await;
}

#[tokio::test]
async fn a_status_ends_a_stream_behind_its_messages() {
    let world = World::embedded();
    let (_server, _) = relay(&world).await;
    let mut relay = client(&world).await;
    let failing = Ask {
        count: 3,
        status: Code::FailedPrecondition as i32,
        ..Ask::default()
    };
    let mut numbers = relay.count(failing).await.unwrap().into_inner();
    for value in 1..=3 {
        let number = soon("a number comes", numbers.message()).await.unwrap();
        assert_eq!(number.unwrap().value, value);
    }
    let status = soon("it ends", numbers.message()).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(status.message(), "as asked");
    assert!(numbers.message().await.unwrap().is_none());
}

#[tokio::test]
async fn a_handler_that_fails_gives_no_stream() {
    let world = World::embedded();
    let (_server, _) = relay(&world).await;
    let failing = Ask {
        status: Code::NotFound as i32,
        ..Ask::default()
    };
    let outcome = client(&world).await.count(failing).await;
    let status = soon("the status comes", async { outcome })
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::NotFound, "at once")
    );
}
