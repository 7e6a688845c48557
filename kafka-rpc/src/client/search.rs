use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::route::Route;
use crate::{Error, outside};

/// A method's route that is being found, for all who wait for it. They go on in the order in which
/// they came: what they send may have one key.
#[derive(Default)]
pub(super) struct Search {
    outcome: Mutex<Option<Outcome>>,
    over: Notify,
}

type Outcome = Result<Arc<Route>, Arc<Error>>;

impl Search {
    /// Goes on in a task of its own, whoever waits for it.
    pub(super) fn begin(
        self: &Arc<Self>,
        find: impl Future<Output = Result<Arc<Route>, Error>> + Send + 'static,
    ) {
        let end = End(Arc::clone(self));
        outside::spawn(async move { end.tell(find.await.map_err(Arc::new)) });
    }

    pub(super) async fn outcome(&self) -> Outcome {
        // Made before the look, or an end between the two would be missed.
        let over = self.over.notified();
        if let Some(outcome) = self.outcome.lock().clone() {
            return outcome;
        }
        over.await;
        self.outcome.lock().clone().unwrap_or_else(ended)
    }
}

/// Sees to it that those who wait are told.
struct End(Arc<Search>);

impl End {
    fn tell(&self, outcome: Outcome) {
        self.0.outcome.lock().get_or_insert(outcome);
        self.0.over.notify_waiters();
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.tell(ended());
    }
}

fn ended() -> Outcome {
    let message = "the search for the method's topics was ended".to_owned();
    Err(Arc::new(Error::Kafka(message)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;
    use tokio::time::sleep;

    use super::*;

    async fn missing() -> Result<Arc<Route>, Error> {
        sleep(Duration::from_secs(1)).await;
        Err(Error::Kafka("missing".to_owned()))
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_go_on_in_the_order_in_which_they_came() {
        let search = Arc::new(Search::default());
        search.begin(missing());
        let told = Arc::new(Mutex::new(Vec::new()));
        let mut given_up = Some(Box::pin(search.outcome()));
        assert!(given_up.as_mut().unwrap().now_or_never().is_none());
        let mut waiting = Vec::new();
        for number in 0..3 {
            let (search, told) = (Arc::clone(&search), Arc::clone(&told));
            waiting.push(tokio::spawn(async move {
                assert!(search.outcome().await.is_err());
                told.lock().push(number);
            }));
            tokio::task::yield_now().await;
            if number == 0 {
                // Its place is nobody else's.
                drop(given_up.take());
            }
        }
        for waiting in waiting {
            waiting.await.unwrap();
        }
        assert_eq!(*told.lock(), [0, 1, 2]);
        assert!(search.outcome().await.is_err(), "it is over");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_told_where_the_search_is_lost() {
        let search = Arc::new(Search::default());
        search.begin(async { panic!("a search that panics") });
        let error = search.outcome().await.unwrap_err();
        assert!(error.to_string().contains("was ended"), "{error}");
    }
}
