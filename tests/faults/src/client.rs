//! The process of a client: callers that make one call after the other, until it is told to end.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kafka_rpc::{Channel, Cluster, IdempotencyKey, IntoRequest as _, Request, Response, Status};
use kafka_rpc_checker::{What, micros};
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use crate::clock::{History, now};
use crate::node::shows_warnings;
use crate::till::{Paid, Payment, TillClient};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ClientSettings {
    pub(crate) node: String,
    pub(crate) bootstrap: String,
    pub(crate) prefix: String,
    pub(crate) histories: PathBuf,
    pub(crate) callers: usize,
    /// How long a caller rests between its calls.
    pub(crate) pause: Duration,
    pub(crate) timeout: Duration,
    /// Whether it makes calls that are deduplicated, in place of those that are left with Kafka.
    pub(crate) settles: bool,
}

struct Caller {
    settings: Arc<ClientSettings>,
    history: Arc<History>,
    channel: Channel,
    till: TillClient,
    /// Which of the client's callers it is, and of how many calls it has told.
    number: usize,
    calls: u64,
    /// Of its account.
    payments: u64,
}

pub(crate) async fn call(settings: &str) -> anyhow::Result<()> {
    shows_warnings();
    let settings: Arc<ClientSettings> = Arc::new(serde_json::from_str(settings)?);
    let history = Arc::new(History::append(&settings.histories, &settings.node)?);
    let cluster = Cluster::new(settings.bootstrap.as_str()).topic_prefix(settings.prefix.as_str());
    let channel = Channel::builder()
        .connect_timeout(Duration::from_secs(60))
        .service(<TillClient>::DESCRIPTOR)
        .connect(&cluster)
        .await?;
    let stop = Arc::new(AtomicBool::new(false));
    let mut callers = JoinSet::new();
    for number in 0..settings.callers {
        let caller = Caller {
            settings: Arc::clone(&settings),
            history: Arc::clone(&history),
            channel: channel.clone(),
            till: TillClient::new(channel.clone()),
            number,
            calls: 0,
            payments: 0,
        };
        callers.spawn(caller.run(Arc::clone(&stop)));
    }
    writeln!(io::stdout(), "ready")?;
    signal(SignalKind::terminate())?.recv().await;
    stop.store(true, Ordering::Relaxed);
    while let Some(ended) = callers.join_next().await {
        ended??;
    }
    history.tell(What::Done)?;
    writeln!(io::stdout(), "ended")?;
    Ok(())
}

impl Caller {
    async fn run(mut self, stop: Arc<AtomicBool>) -> anyhow::Result<()> {
        while !stop.load(Ordering::Relaxed) {
            match self.calls % 4 {
                0 | 1 => self.pay_twice().await?,
                2 => self.quote().await?,
                _ if self.settings.settles => self.settle().await?,
                _ => self.leave().await?,
            }
            tokio::time::sleep(self.settings.pause).await;
        }
        Ok(())
    }

    /// Two calls with one key, of which the second does not wait for the first.
    async fn pay_twice(&mut self) -> anyhow::Result<()> {
        let (one, two) = (self.payment(), self.payment());
        let (first, second) = (self.begin(&one, true)?, self.begin(&two, true)?);
        let mut till = self.till.clone();
        let one_call = self.till.pay(first);
        let two_call = till.pay(second);
        // Polled in this order, so sent in this order.
        let (one_ended, two_ended) = tokio::join!(
            biased;
            async { (one_call.await, now()) },
            async { (two_call.await, now()) },
        );
        self.ended(one, one_ended)?;
        self.ended(two, two_ended)
    }

    async fn quote(&mut self) -> anyhow::Result<()> {
        let payment = self.payment_of_nobody();
        let request = self.begin(&payment, true)?;
        let outcome = self.till.quote(request).await;
        self.ended(payment, (outcome, now()))
    }

    /// A call that is left with Kafka. Its reply is waited for in two cases of three; whoever runs the scenario looks for the
    /// others.
    async fn leave(&mut self) -> anyhow::Result<()> {
        let payment = self.payment_of_nobody();
        let request = self.begin(&payment, false)?;
        match self.till.quote(request).enqueue().await {
            Ok(handle) => {
                self.history.tell(What::Kept {
                    call: payment.call.clone(),
                    handle: handle.to_string(),
                })?;
                if !self.calls.is_multiple_of(3) {
                    let waited = self.channel.reply(&handle);
                    if let Ok(outcome) = tokio::time::timeout(self.settings.timeout, waited).await {
                        self.ended(payment, (outcome, now()))?;
                    }
                }
                Ok(())
            }
            Err(status) => self.ended(payment, (Err(status), now())),
        }
    }

    /// Makes one call again and again, until it is answered, and once more.
    async fn settle(&mut self) -> anyhow::Result<()> {
        const ATTEMPT: Duration = Duration::from_secs(3);
        let payment = self.payment_of_nobody();
        let call = payment.call.clone();
        self.history
            .tell(What::Deduplicated { call: call.clone() })?;
        let mut request = self.begin(&payment, true)?;
        request.set_timeout(ATTEMPT);
        request.set_idempotency_key(call.parse::<IdempotencyKey>()?);
        let until = now() + micros(self.settings.timeout);
        let outcome = loop {
            match self.till.settle(request.clone()).await {
                Err(_) if now() + micros(ATTEMPT) < until => {}
                outcome => break outcome,
            }
        };
        if outcome.is_ok() {
            self.history.tell(What::Recorded { call: call.clone() })?;
        }
        let ended = now();
        if let Ok(repeated) = self.till.settle(request).await {
            let repeated = repeated.into_inner().call;
            anyhow::ensure!(repeated == call, "{call} got the record of {repeated}");
        }
        self.ended(payment, (outcome, ended))
    }

    fn payment(&mut self) -> Payment {
        let payment = Payment {
            account: format!("{}-{}", self.settings.node, self.number),
            number: self.payments,
            ..self.payment_of_nobody()
        };
        self.payments += 1;
        payment
    }

    fn payment_of_nobody(&mut self) -> Payment {
        self.calls += 1;
        Payment {
            call: format!("{}-{}-{}", self.settings.node, self.number, self.calls),
            ..Payment::default()
        }
    }

    fn begin(&self, payment: &Payment, with_deadline: bool) -> anyhow::Result<Request<Payment>> {
        let timeout = self.settings.timeout;
        let order =
            (!payment.account.is_empty()).then(|| (payment.account.clone(), payment.number));
        self.history.tell(What::Called {
            call: payment.call.clone(),
            order,
            deadline: with_deadline.then(|| now() + micros(timeout)),
        })?;
        let mut request = payment.clone().into_request();
        if with_deadline {
            request.set_timeout(timeout);
        }
        Ok(request)
    }

    fn ended(
        &self,
        payment: Payment,
        (outcome, at): (Result<Response<Paid>, Status>, u64),
    ) -> anyhow::Result<()> {
        let outcome = match outcome {
            Ok(reply) => Ok(reply.into_inner().call),
            Err(status) => Err(format!("{:?}: {}", status.code(), status.message())),
        };
        let call = payment.call;
        self.history.tell(What::Ended {
            call,
            outcome,
            ended: at,
        })
    }
}
