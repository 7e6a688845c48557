use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::outside;

/// Counts the tenths of a second in a task that another one began.
fn clock(process: &Process) -> Arc<AtomicU32> {
    let tenths = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&tenths);
    process.spawn(async move {
        outside::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(100)).await;
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
    });
    tenths
}

async fn seconds(seconds: u64) {
    tokio::time::sleep(Duration::from_millis(seconds * 1_000 + 50)).await;
}

#[tokio::test(start_paused = true)]
async fn what_the_tasks_of_a_process_begin_ends_with_it() {
    let process = Process::new();
    let tenths = clock(&process);
    seconds(1).await;
    assert_eq!((tenths.load(Ordering::Relaxed), process.tasks()), (10, 1));
    process.kill();
    seconds(1).await;
    assert_eq!((tenths.load(Ordering::Relaxed), process.tasks()), (10, 0));
    assert_eq!(Arc::strong_count(&tenths), 1, "it is kept");
    let late = process.spawn(async {});
    assert!(late.await.is_err(), "a task of a process that was killed");
}

#[tokio::test(start_paused = true)]
async fn a_process_can_be_killed_after_so_many_steps() {
    let process = Process::new();
    let tenths = clock(&process);
    tokio::task::yield_now().await;
    process.killed_after(4).await;
    seconds(1).await;
    assert!(process.is_killed());
    assert!((2..=4).contains(&tenths.load(Ordering::Relaxed)));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_stands_still_goes_on_where_it_was() {
    let process = Process::new();
    let tenths = clock(&process);
    seconds(1).await;
    process.pause();
    seconds(5).await;
    assert_eq!(tenths.load(Ordering::Relaxed), 10);
    process.resume();
    seconds(1).await;
    assert!((19..=21).contains(&tenths.load(Ordering::Relaxed)));
}

#[tokio::test(start_paused = true)]
async fn tasks_of_no_process_are_the_runtimes() {
    assert!(outside::spawn(async { current().is_none() }).await.unwrap());
    let process = Process::new();
    assert!(process.spawn(async { current().is_some() }).await.unwrap());
}
