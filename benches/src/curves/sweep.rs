//! What is measured for each curve.

use std::fmt;

use clap::ValueEnum;
use serde::Serialize;

use crate::setup::{SystemName, distinct};
use crate::stage::Settings;

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SweepName {
    /// Calls in flight, for all systems
    InFlight,
    /// How long a producer waits for more records before it sends: linger.ms
    Linger,
    /// What it waits for, and whether it is idempotent
    Acks,
    /// Partitions of the request topic
    Partitions,
    /// Compression of batches, over body sizes
    Compression,
    /// Body sizes, for all systems
    Body,
}

impl fmt::Display for SweepName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InFlight => "in-flight",
            Self::Linger => "linger",
            Self::Acks => "acks",
            Self::Partitions => "partitions",
            Self::Compression => "compression",
            Self::Body => "body",
        })
    }
}

/// The points of several lines over one axis.
#[derive(Debug)]
pub(super) struct Sweep {
    pub(super) name: SweepName,
    pub(super) over: &'static str,
    pub(super) points: Vec<Point>,
}

#[derive(Debug)]
pub(super) struct Point {
    pub(super) line: String,
    pub(super) at: String,
    pub(super) settings: Settings,
    pub(super) concurrency: u32,
}

const SYSTEMS: [SystemName; 3] = [SystemName::Floor, SystemName::KafkaRpc, SystemName::Grpc];

impl SweepName {
    pub(super) fn sweep(self) -> Sweep {
        let (over, points) = match self {
            Self::InFlight => ("calls in flight", in_flight()),
            Self::Linger => ("linger.ms", linger()),
            Self::Acks => ("acks, idempotence", acks()),
            Self::Partitions => ("partitions of the request topic", partitions()),
            Self::Compression => ("bytes of the body", compression()),
            Self::Body => ("bytes of the body", body()),
        };
        Sweep {
            name: self,
            over,
            points,
        }
    }
}

impl Sweep {
    /// Along the axis.
    pub(super) fn places(&self) -> Vec<String> {
        distinct(self.points.iter().map(|point| &point.at))
    }

    pub(super) fn lines(&self) -> Vec<String> {
        distinct(self.points.iter().map(|point| &point.line))
    }
}

fn in_flight() -> Vec<Point> {
    let mut points = Vec::new();
    for concurrency in [1, 8, 64, 512, 4_096] {
        points.extend(SYSTEMS.map(|system| Point {
            line: system.to_string(),
            at: concurrency.to_string(),
            settings: Settings {
                system,
                ..Settings::default()
            },
            concurrency,
        }));
    }
    points
}

fn linger() -> Vec<Point> {
    let set = |linger| (linger, Settings::with_producer(&[("linger.ms", linger)]));
    at_some_in_flight([
        ("not set", Settings::default()),
        set("0"),
        set("1"),
        set("2"),
        set("5"),
        set("10"),
    ])
}

fn acks() -> Vec<Point> {
    let all = [("enable.idempotence", "false")];
    let one = [("enable.idempotence", "false"), ("acks", "1")];
    at_some_in_flight([
        ("all, idempotent", Settings::default()),
        ("all, not idempotent", Settings::with_producer(&all)),
        ("1, not idempotent", Settings::with_producer(&one)),
    ])
}

fn partitions() -> Vec<Point> {
    at_some_in_flight(
        [("1", 1), ("4", 4), ("16", 16), ("64", 64)].map(|(at, partitions)| {
            let settings = Settings {
                partitions,
                ..Settings::default()
            };
            (at, settings)
        }),
    )
}

/// One caller shows the latency, many show the rate.
fn at_some_in_flight<const N: usize>(places: [(&str, Settings); N]) -> Vec<Point> {
    let mut points = Vec::new();
    for (at, settings) in &places {
        points.extend([1, 64, 512].map(|concurrency| Point {
            line: format!("{concurrency} in flight"),
            at: (*at).to_owned(),
            settings: settings.clone(),
            concurrency,
        }));
    }
    points
}

fn compression() -> Vec<Point> {
    let mut points = Vec::new();
    for (at, body) in [
        ("128", 128),
        ("1 Ki", 1 << 10),
        ("8 Ki", 8 << 10),
        ("64 Ki", 64 << 10),
    ] {
        points.extend(["none", "lz4"].map(|codec| Point {
            line: codec.to_owned(),
            at: at.to_owned(),
            settings: Settings {
                body,
                ..Settings::with_producer(&[("compression.type", codec)])
            },
            concurrency: 64,
        }));
    }
    points
}

fn body() -> Vec<Point> {
    let mut points = Vec::new();
    let sizes = [
        ("16", 16),
        ("128", 128),
        ("1 Ki", 1 << 10),
        ("8 Ki", 8 << 10),
        ("64 Ki", 64 << 10),
        ("512 Ki", 512 << 10),
    ];
    for (at, body) in sizes {
        points.extend(SYSTEMS.map(|system| Point {
            line: system.to_string(),
            at: at.to_owned(),
            settings: Settings {
                system,
                body,
                ..Settings::default()
            },
            concurrency: 64,
        }));
    }
    points
}

impl Settings {
    fn with_producer(properties: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            producer: properties.iter().map(owned).collect(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_a_point_at_each_place() {
        for name in SweepName::value_variants() {
            let sweep = name.sweep();
            let (places, lines) = (sweep.places(), sweep.lines());
            assert_eq!(sweep.points.len(), places.len() * lines.len(), "{name}");
            let by_its_argument = name.to_possible_value().unwrap();
            assert_eq!(name.to_string(), by_its_argument.get_name());
        }
    }
}
