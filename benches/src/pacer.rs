use std::sync::mpsc;
use std::thread;

use tokio::sync::oneshot;
use tokio::time::Instant;

/// Waits for a moment to some tens of microseconds, on a thread of its own: the runtime's timer counts in milliseconds, which
/// would show in the time of every call.
pub(crate) struct Pacer {
    waits: mpsc::Sender<(Instant, oneshot::Sender<()>)>,
}

impl Pacer {
    /// The thread ends with this value.
    pub(crate) fn start() -> std::io::Result<Self> {
        let (waits, wanted) = mpsc::channel::<(Instant, oneshot::Sender<()>)>();
        thread::Builder::new()
            .name("pacer".to_owned())
            .spawn(move || {
                for (moment, reached) in wanted {
                    thread::sleep(moment.saturating_duration_since(Instant::now()));
                    let _nobody_waits = reached.send(());
                }
            })?;
        Ok(Self { waits })
    }

    pub(crate) async fn wait_until(&self, moment: Instant) {
        let (reached, waiting) = oneshot::channel();
        // Both fail only when the thread has ended, which it does after this value.
        if self.waits.send((moment, reached)).is_ok() {
            let _ended = waiting.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn it_waits_until_the_moment_and_not_for_one_that_has_passed() {
        let pacer = Pacer::start().unwrap();
        let begin = Instant::now();
        let moment = begin + Duration::from_micros(1_500);
        pacer.wait_until(moment).await;
        assert!(Instant::now() >= moment);
        pacer.wait_until(begin).await;
    }
}
