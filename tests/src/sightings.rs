use tokio::sync::mpsc;

use crate::soon;

/// The end at which handlers tell what they see; see [`sightings`].
#[derive(Debug)]
pub struct Seen<T>(mpsc::UnboundedSender<T>);

/// The end at which a test waits for what handlers see; see [`sightings`].
#[derive(Debug)]
pub struct Sightings<T>(mpsc::UnboundedReceiver<T>);

/// A way from handlers to their test.
pub fn sightings<T>() -> (Seen<T>, Sightings<T>) {
    let (seen, sightings) = mpsc::unbounded_channel();
    (Seen(seen), Sightings(sightings))
}

impl<T> Seen<T> {
    /// Tells the test. It may have ended by now.
    pub fn tell(&self, sight: T) {
        let _unwanted = self.0.send(sight);
    }

    /// Tells the test when the returned value is dropped.
    pub fn on_drop(&self, sight: T) -> OnDrop<T> {
        OnDrop {
            seen: self.clone(),
            sight: Some(sight),
        }
    }
}

impl<T> Clone for Seen<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Sightings<T> {
    /// The next sight; `what` says in the panic's message what was waited for.
    ///
    /// # Panics
    /// When there is none within the time that [`soon`] allows.
    pub async fn next(&mut self, what: &str) -> T {
        let next = soon(what, self.0.recv()).await;
        next.unwrap_or_else(|| panic!("nobody is left to tell: {what}"))
    }

    /// As many of the next sights, sorted.
    ///
    /// # Panics
    /// As [`next`](Self::next).
    pub async fn sorted(&mut self, count: usize, what: &str) -> Vec<T>
    where
        T: Ord,
    {
        let mut sights = Vec::with_capacity(count);
        while sights.len() < count {
            sights.push(self.next(what).await);
        }
        sights.sort();
        sights
    }

    /// What was seen and not asked for yet.
    pub fn so_far(&mut self) -> Vec<T> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }
}

/// Tells a test that it was dropped, and with it the future that holds it.
#[derive(Debug)]
pub struct OnDrop<T> {
    seen: Seen<T>,
    sight: Option<T>,
}

impl<T> OnDrop<T> {
    /// Ends in good order: nothing is told.
    pub fn disarm(mut self) {
        self.sight = None;
    }
}

impl<T> Drop for OnDrop<T> {
    fn drop(&mut self) {
        if let Some(sight) = self.sight.take() {
            self.seen.tell(sight);
        }
    }
}
