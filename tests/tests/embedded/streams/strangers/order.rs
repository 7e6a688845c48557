//! Messages that do not come in order.

use kafka_rpc::Code;

use super::Stranger;
use crate::streams::all_dropped;

#[tokio::test]
async fn a_message_behind_a_gap_is_data_loss() {
    let mut stranger = Stranger::at("Sum").await;
    stranger.begin("gap").await;
    for number in [1, 3] {
        stranger.write(stranger.message("gap", number)).await;
    }
    stranger
        .is_refused("gap", Code::DataLoss, "number 3 came after number 1")
        .await;
    all_dropped(&stranger.seen).await;
}

#[tokio::test]
async fn an_end_behind_a_gap_is_data_loss() {
    let mut stranger = Stranger::at("Sum").await;
    stranger.begin("gap").await;
    stranger.write(stranger.message("gap", 1)).await;
    stranger
        .write(stranger.numbered("gap", "half-close", 3))
        .await;
    stranger
        .is_refused("gap", Code::DataLoss, "number 3 came after number 1")
        .await;
    all_dropped(&stranger.seen).await;
}

#[tokio::test]
async fn a_message_that_comes_again_is_dropped() {
    let mut stranger = Stranger::at("Sum").await;
    stranger.begin("again").await;
    for number in [1, 1, 2, 1, 2, 3, 0] {
        stranger.write(stranger.message("again", number)).await;
    }
    for _ in 0..2 {
        stranger
            .write(stranger.numbered("again", "half-close", 4))
            .await;
    }
    stranger.is_answered("again", 6).await;
}
