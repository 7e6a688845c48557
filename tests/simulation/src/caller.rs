//! A caller of a client.

use kafka_rpc::simulation::{Chance, spawn};
use kafka_rpc::{Channel, IntoRequest as _, Request, Response, Status};
use kafka_rpc_checker::What;
use tokio::time::{sleep, timeout};

use crate::bank::{BankClient, Done, Order};
use crate::stage::Teller;

/// Makes one call after the other.
pub(crate) struct Caller {
    pub(crate) teller: Teller,
    pub(crate) channel: Channel,
    pub(crate) bank: BankClient,
    pub(crate) chance: Chance,
    pub(crate) name: String,
    pub(crate) calls: u64,
    /// Of its account.
    pub(crate) orders: u64,
}

impl Caller {
    pub(crate) async fn run(mut self, calls: u64, rest: u64) {
        while self.calls < calls {
            match self.chance.of(0..11) {
                0..=2 => self.pay_some().await,
                3 | 4 => self.quote().await,
                5 => self.charge().await,
                8 => self.transfer().await,
                6 => self.audit().await,
                7 => self.give_up().await,
                _ => self.leave().await,
            }
            sleep(self.chance.millis(0..rest + 1)).await;
        }
    }

    /// Calls with one key, of which none waits for those before.
    async fn pay_some(&mut self) {
        let orders: Vec<Order> = (0..self.chance.of(1..4))
            .map(|_| self.order_of_account())
            .collect();
        let mut ends = Vec::new();
        for order in orders {
            let request = self.begin(&order);
            let (mut bank, teller) = (self.bank.clone(), self.teller.clone());
            // Begun in this order, and so sent in this order.
            ends.push(spawn(async move {
                let outcome = bank.pay(request).await;
                ended(&teller, order, outcome);
            }));
        }
        for end in ends {
            // It is not ended before the process is.
            let _over = end.await;
        }
    }

    async fn quote(&mut self) {
        let order = self.order();
        let request = self.begin(&order);
        let outcome = self.bank.quote(request).await;
        ended(&self.teller, order, outcome);
    }

    async fn charge(&mut self) {
        let order = self.order();
        let request = self.begin(&order);
        self.teller.tell(What::Once {
            call: order.call.clone(),
        });
        let outcome = self.bank.charge(request).await;
        ended(&self.teller, order, outcome);
    }

    /// A call that is made until it has an end, and sometimes twice at a time.
    async fn transfer(&mut self) {
        let order = self.order();
        let call = || order.call.clone();
        self.teller.tell(What::Called {
            call: call(),
            order: None,
            deadline: None,
        });
        self.teller.tell(What::Deduplicated { call: call() });
        let mut outcome = Err(Status::internal("never made"));
        for _ in 0..4 {
            let mut attempt = || {
                let mut request = order.clone().into_request();
                request.set_timeout(self.chance.millis(1..3_000));
                if let Ok(key) = call().parse() {
                    request.set_idempotency_key(key);
                }
                let mut bank = self.bank.clone();
                async move { bank.transfer(request).await }
            };
            let (one, other) = (attempt(), attempt());
            outcome = match self.chance.permille(300) {
                true => {
                    let (one, other) = tokio::join!(biased; one, other);
                    one.or(other)
                }
                false => one.await,
            };
            if outcome.is_ok() {
                break;
            }
        }
        ended(&self.teller, order, outcome);
    }

    async fn audit(&mut self) {
        let mut order = self.order();
        order.account = format!("{}-audit", self.name);
        order.number = self.calls;
        order.fails = self.chance.of(0..5) as u32;
        let request = self.begin(&order);
        let outcome = self.bank.audit(request).await;
        ended(&self.teller, order, outcome);
    }

    /// A call whose caller loses patience before its deadline.
    async fn give_up(&mut self) {
        let mut order = self.order();
        let pays = self.chance.permille(500);
        if pays {
            order = self.order_of_account();
        }
        let request = self.begin(&order);
        let patience = self.chance.millis(0..300);
        let outcome = if pays {
            timeout(patience, self.bank.pay(request)).await
        } else {
            timeout(patience, self.bank.quote(request)).await
        };
        match outcome {
            Ok(outcome) => ended(&self.teller, order, outcome),
            Err(_) => self.teller.tell(What::Cancelled { call: order.call }),
        }
    }

    /// A call that is left with Kafka. Its reply is waited for, or left to be found at the end.
    async fn leave(&mut self) {
        let mut order = self.order();
        order.fails = self.chance.of(0..5) as u32;
        if self.chance.permille(20) {
            // Longer than a server has when it ends.
            order.work = self.chance.of(0..40_000);
        }
        self.teller.tell(What::Called {
            call: order.call.clone(),
            order: None,
            deadline: None,
        });
        let audits = self.chance.permille(500);
        let request = order.clone().into_request();
        let left = if audits {
            self.bank.audit(request).enqueue().await
        } else {
            order.fails = 0;
            let request = order.clone().into_request();
            self.bank.quote(request).enqueue().await
        };
        let handle = match left {
            Ok(handle) => handle,
            Err(status) => return ended(&self.teller, order, Err(status)),
        };
        self.teller.tell(What::Kept {
            call: order.call.clone(),
            handle: handle.to_string(),
        });
        if self.chance.permille(300) {
            let patience = self.chance.millis(0..3_000);
            // Others are found at the end, also those that the channel has no room for.
            if let Ok(outcome @ Ok(_)) = timeout(patience, self.channel.reply(&handle)).await {
                ended(&self.teller, order, outcome);
            }
        }
    }

    fn order(&mut self) -> Order {
        self.calls += 1;
        Order {
            call: format!("{}-{}", self.name, self.calls),
            work: match self.chance.of(0..100) {
                0 | 1 => self.chance.of(0..12_000),
                2..20 => self.chance.of(0..1_000),
                _ => self.chance.of(0..20),
            },
            refused: false,
            ..Order::default()
        }
    }

    fn order_of_account(&mut self) -> Order {
        let order = self.order();
        self.orders += 1;
        Order {
            account: self.name.clone(),
            number: self.orders,
            refused: self.chance.permille(50),
            ..order
        }
    }

    fn begin(&mut self, order: &Order) -> Request<Order> {
        let timeout = match self.chance.of(0..4) {
            0 => self.chance.millis(1..100),
            1 => self.chance.millis(100..2_000),
            _ => self.chance.millis(2_000..15_000),
        };
        self.teller.tell(What::Called {
            call: order.call.clone(),
            order: order.place(),
            deadline: Some(self.teller.until(timeout)),
        });
        let mut request = order.clone().into_request();
        request.set_timeout(timeout);
        request
    }
}

fn ended(teller: &Teller, order: Order, outcome: Result<Response<Done>, Status>) {
    let outcome = match outcome {
        Ok(reply) => Ok(reply.into_inner().call),
        Err(status) => Err(format!("{:?}: {}", status.code(), status.message())),
    };
    teller.tell(What::Ended {
        call: order.call,
        outcome,
        ended: teller.now(),
    });
}
