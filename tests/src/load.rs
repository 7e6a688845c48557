//! Calls, many at a time, for as long as a test breaks something.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kafka_rpc::{Request, Status};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::service::{DeskClient, Order};
use crate::until;

/// A call that has ended. Times are since the Unix epoch.
#[derive(Clone, Debug)]
pub struct Call {
    /// The number of its order.
    pub order: u32,
    /// When it began.
    pub begun: Duration,
    /// How long it took.
    pub took: Duration,
    /// How it ended.
    pub outcome: Result<(), Status>,
}

impl Call {
    /// When it ended.
    pub fn ended(&self) -> Duration {
        self.begun + self.took
    }
}

/// Tasks that make one call after the other until they are stopped: every second one of an account, so with a key.
pub struct Load {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

struct Shared {
    deadline: Duration,
    stop: AtomicBool,
    next: AtomicU32,
    answered: AtomicUsize,
    failed: AtomicUsize,
    ended: Mutex<Vec<Call>>,
}

/// How much later than its deadline a call may tell its outcome on a busy machine.
pub const TOLERANCE: Duration = Duration::from_secs(1);
const ACCOUNTS: u32 = 64;

impl Load {
    /// Begins to make calls with this deadline, so many at a time.
    pub fn start(client: &DeskClient, calls: usize, deadline: Duration) -> Self {
        let shared = Arc::new(Shared {
            deadline,
            stop: AtomicBool::new(false),
            next: AtomicU32::new(0),
            answered: AtomicUsize::new(0),
            failed: AtomicUsize::new(0),
            ended: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        for _ in 0..calls {
            tasks.spawn(Arc::clone(&shared).call_on(client.clone()));
        }
        Self { shared, tasks }
    }

    /// How many calls got their reply so far.
    pub fn answered(&self) -> usize {
        self.shared.answered.load(Ordering::Relaxed)
    }

    /// How many calls ended without a reply so far.
    pub fn failed(&self) -> usize {
        self.shared.failed.load(Ordering::Relaxed)
    }

    /// Waits until so many more calls got their reply.
    ///
    /// # Panics
    /// When they do not within 20 seconds.
    pub async fn goes_on(&self, calls: usize) {
        let enough = self.answered() + calls;
        until("calls are answered", || self.answered() >= enough).await;
    }

    /// Begins no more calls, and returns all of them when they have ended.
    ///
    /// # Panics
    /// When one has no outcome long after its deadline.
    pub async fn stop(mut self) -> Vec<Call> {
        self.shared.stop.store(true, Ordering::Relaxed);
        while let Some(task) = self.tasks.join_next().await {
            if let Err(error) = task {
                std::panic::resume_unwind(error.into_panic());
            }
        }
        std::mem::take(&mut *lock(&self.shared.ended))
    }
}

impl Shared {
    async fn call_on(self: Arc<Self>, mut client: DeskClient) {
        while !self.stop.load(Ordering::Relaxed) {
            let order = self.next.fetch_add(1, Ordering::Relaxed);
            let call = self.call(&mut client, order).await;
            if call.outcome.is_ok() {
                self.answered.fetch_add(1, Ordering::Relaxed);
            } else {
                self.failed.fetch_add(1, Ordering::Relaxed);
                // Who is told that it does not work tries again a little later.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            lock(&self.ended).push(call);
        }
    }

    async fn call(&self, client: &mut DeskClient, order: u32) -> Call {
        let (begun, clock) = (now(), Instant::now());
        let account = format!("account-{}", order % ACCOUNTS);
        let mut request = Request::new(Order::of(&account, order));
        request.set_timeout(self.deadline);
        let call = async {
            match order % 2 {
                0 => client.ask(request).await,
                _ => client.place(request).await,
            }
        };
        let outcome = timeout(self.deadline + 10 * TOLERANCE, call)
            .await
            .unwrap_or_else(|_| panic!("order {order} has no outcome long after its deadline"));
        Call {
            order,
            begun,
            took: clock.elapsed(),
            outcome: outcome.map(|receipt| {
                let answered = receipt.get_ref().number;
                assert_eq!(answered, order, "the reply is another call's");
            }),
        }
    }
}

/// The time since the Unix epoch.
pub fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
