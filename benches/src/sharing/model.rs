//! From what one client spends on replies for others to what each of many would.

use serde::Serialize;

use crate::table::{aligned, grouped, micros};

/// A client without calls that reads replies for others.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Model {
    /// Of one core, in percent, without any replies.
    idle_percent: f64,
    heard: Vec<Heard>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Heard {
    replies_per_s: f64,
    /// Of one core, in percent, beyond an idle client.
    extra_percent: f64,
}

/// What sharing takes of each of so many clients.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Forecast {
    clients: u32,
    calls_per_s: f64,
    partitions: u32,
    /// Replies for others that each client reads, on average.
    foreign_per_s: f64,
    /// Of one core, in percent.
    extra_percent: f64,
    /// Whether it is the fewest partitions, among powers of two, that keep within the budget.
    advised: bool,
}

const CLIENTS: [u32; 3] = [100, 1_000, 10_000];

impl Model {
    /// What the client uses of a core without replies, and at rates that rise.
    pub(super) fn new(idle: f64, heard: Vec<(f64, f64)>) -> Self {
        Self {
            idle_percent: idle * 100.0,
            heard: heard
                .into_iter()
                .map(|(replies_per_s, busy)| Heard {
                    replies_per_s,
                    extra_percent: (busy - idle) * 100.0,
                })
                .collect(),
        }
    }

    /// Straight between the rates that were measured. Beyond them a reply costs what it did at the highest: the more come, the
    /// more are read at a time. Never less than at a lower rate, where one measured more by chance or because a busier machine
    /// reads more at a time.
    fn extra_percent(&self, replies_per_s: f64) -> f64 {
        let mut from = Heard {
            replies_per_s: 0.0,
            extra_percent: 0.0,
        };
        for &Heard {
            replies_per_s: rate,
            extra_percent,
        } in &self.heard
        {
            let extra_percent = extra_percent.max(from.extra_percent);
            if replies_per_s <= rate {
                let share = (replies_per_s - from.replies_per_s) / (rate - from.replies_per_s);
                return from.extra_percent + share * (extra_percent - from.extra_percent);
            }
            from = Heard {
                replies_per_s: rate,
                extra_percent,
            };
        }
        let highest = self.heard.last().map_or(0.0, |heard| {
            heard.extra_percent * replies_per_s / heard.replies_per_s
        });
        highest.max(from.extra_percent)
    }

    /// For powers of two of partitions, up to a step after the advised.
    pub(super) fn forecasts(&self, rates: &[f64], budget_percent: f64) -> Vec<Forecast> {
        let mut forecasts = Vec::new();
        for &calls_per_s in rates {
            for clients in CLIENTS {
                let mut enough = false;
                let counts = (0..).step_by(2).map(|power| 1_u32 << power);
                for partitions in counts.take_while(|count| *count <= clients) {
                    let mut forecast = self.forecast(clients, calls_per_s, partitions);
                    forecast.advised = !enough && forecast.extra_percent <= budget_percent;
                    forecasts.push(forecast);
                    if enough {
                        break;
                    }
                    enough = forecast.advised;
                }
            }
        }
        forecasts
    }

    /// A client chooses its partition at random, so it meets an even share of the others there.
    fn forecast(&self, clients: u32, calls_per_s: f64, partitions: u32) -> Forecast {
        let others = f64::from(clients - 1) / f64::from(partitions);
        let foreign_per_s = others * calls_per_s;
        Forecast {
            clients,
            calls_per_s,
            partitions,
            foreign_per_s,
            extra_percent: self.extra_percent(foreign_per_s),
            advised: false,
        }
    }

    pub(super) fn table(&self, forecasts: &[Forecast], budget_percent: f64) -> String {
        let mut heard = vec![
            ["foreign replies/s", "extra CPU", "a reply"]
                .map(str::to_owned)
                .to_vec(),
        ];
        heard.extend(self.heard.iter().map(|heard| {
            vec![
                grouped(heard.replies_per_s),
                format!("{:.2} %", heard.extra_percent),
                micros(heard.extra_percent * 1e4 / heard.replies_per_s),
            ]
        }));
        let mut lines = vec![
            [
                "clients",
                "calls/s of each",
                "on 1 partition",
                "enough partitions",
                "on these",
            ]
            .map(str::to_owned)
            .to_vec(),
        ];
        let groups =
            forecasts.chunk_by(|a, b| (a.clients, a.calls_per_s) == (b.clients, b.calls_per_s));
        lines.extend(groups.map(|group| {
            let enough = group.iter().find(|forecast| forecast.advised);
            let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            vec![
                grouped(group[0].clients.into()),
                group[0].calls_per_s.to_string(),
                format!("{:.2} %", group[0].extra_percent),
                or_dash(enough.map(|forecast| grouped(forecast.partitions.into()))),
                or_dash(enough.map(|forecast| format!("{:.2} %", forecast.extra_percent))),
            ]
        }));
        format!(
            "A client without calls uses {:.2} % of a core. Beyond that, for replies to another client:\n\n{}\n\
             So each of many clients would use, where {budget_percent} % is enough:\n\n{}",
            self.idle_percent,
            aligned(&heard),
            aligned(&lines)
        )
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    /// 50 µs a reply at 100 a second, 20 µs at 1,000, 5 µs for each more.
    fn model() -> Model {
        Model::new(0.01, vec![(100.0, 0.015), (1_000.0, 0.03), (5_000.0, 0.05)])
    }

    fn about(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found}");
    }

    #[test]
    fn between_rates_and_beyond_them_it_goes_straight() {
        let model = model();
        about(model.extra_percent(0.0), 0.0);
        about(model.extra_percent(50.0), 0.25);
        about(model.extra_percent(1_000.0), 2.0);
        about(model.extra_percent(3_000.0), 3.0);
        about(model.extra_percent(10_000.0), 8.0);
        about(Model::new(0.01, Vec::new()).extra_percent(10.0), 0.0);
    }

    #[test]
    fn more_replies_never_cost_less() {
        let model = Model::new(0.0, vec![(1_000.0, 0.05), (2_000.0, 0.01), (4_000.0, 0.02)]);
        about(model.extra_percent(1_500.0), 5.0);
        about(model.extra_percent(8_000.0), 5.0);
        about(model.extra_percent(20_000.0), 10.0);
    }

    #[test]
    fn more_partitions_mean_fewer_foreign_replies() {
        let found = model().forecast(1_001, 10.0, 100);
        about(found.foreign_per_s, 100.0);
        about(found.extra_percent, 0.5);
    }

    #[test]
    fn the_fewest_partitions_within_the_budget_are_advised() {
        let model = model();
        let forecasts = model.forecasts(&[10.0], 1.0);
        expect![[r#"
            A client without calls uses 1.00 % of a core. Beyond that, for replies to another client:

            foreign replies/s  extra CPU  a reply
            100                   0.50 %  50.0 µs
            1,000                 2.00 %  20.0 µs
            5,000                 4.00 %  8.00 µs

            So each of many clients would use, where 1 % is enough:

            clients  calls/s of each  on 1 partition  enough partitions  on these
            100                   10          1.98 %                  4    0.75 %
            1,000                 10          7.99 %                 64    0.59 %
            10,000                10         79.99 %                256    0.98 %
        "#]]
        .assert_eq(&model.table(&forecasts, 1.0));
    }
}
