//! What is said to a stream just when it ends.

use futures_util::future::join_all;

use super::Stranger;
use crate::streams::ask;

const STREAMS: usize = 300;
/// Enough that some comes while the stream ends.
const CREDITS: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_hears_that_a_stream_has_moved_before_its_end() {
    let mut stranger = Stranger::at("Count").await;
    for number in 0..STREAMS {
        let id = format!("stream-{number}");
        let credit = || {
            let credit = stranger.addressed(&id).header("rpc-frame", "credit");
            stranger.write(credit.header("rpc-credit", "100 100000"))
        };
        let three = ask(3);
        let begun = stranger.ask(&id, &three);
        tokio::join!(begun, join_all((0..CREDITS).map(|_| credit())));
        loop {
            let reply = stranger.hears().await;
            if reply.text("kafka_correlationId") != id {
                continue;
            }
            match &*reply.text("rpc-frame") {
                "status" => break,
                frame => assert_ne!(frame, "moved", "stream {number}"),
            }
        }
    }
}
