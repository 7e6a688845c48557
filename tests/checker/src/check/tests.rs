use super::*;

const ALLOWANCE: Allowance = Allowance {
    outcome: Duration::from_millis(100),
    wakes_up: Duration::from_secs(2),
    drain: Duration::from_secs(20),
};

fn told(at: u64, node: &str, what: What) -> Event {
    Event {
        at,
        node: node.to_owned(),
        what,
    }
}

/// A history in which all is well: two payments of an account, and a call that was left with Kafka.
fn well() -> Vec<Event> {
    let mut events = Vec::new();
    let mut tell = |at: u64, node: &str, what: What| {
        events.push(told(at, node, what));
    };
    for (number, begun) in [(0, 1_000), (1, 2_000)] {
        let call = format!("c-{number}");
        let order = Some(("ann".to_owned(), number));
        tell(
            begun,
            "client",
            What::Called {
                call: call.clone(),
                order: order.clone(),
                deadline: Some(begun + 1_000_000),
            },
        );
        let origin = ("pay".to_owned(), 0, number as i64);
        tell(
            begun + 10,
            "server",
            What::Started {
                call: call.clone(),
                order,
                origin,
            },
        );
        tell(begun + 20, "server", What::Finished { call: call.clone() });
        tell(
            begun + 30,
            "client",
            What::Ended {
                call: call.clone(),
                outcome: Ok(call),
                ended: begun + 30,
            },
        );
    }
    let call = "left".to_owned();
    tell(
        5_000,
        "client",
        What::Called {
            call: call.clone(),
            order: None,
            deadline: None,
        },
    );
    tell(
        5_010,
        "client",
        What::Kept {
            call: call.clone(),
            handle: "kr1".to_owned(),
        },
    );
    tell(
        5_020,
        "server",
        What::Started {
            call: call.clone(),
            order: None,
            origin: ("quote".to_owned(), 0, 0),
        },
    );
    tell(5_030, "server", What::Finished { call: call.clone() });
    tell(
        5_040,
        "stage",
        What::Ended {
            call: call.clone(),
            outcome: Ok(call),
            ended: 5_040,
        },
    );
    tell(6_000, "server", What::Draining);
    tell(7_000, "server", What::Drained);
    events
}

fn violations(events: &[Event]) -> Vec<String> {
    check(events, &ALLOWANCE).violations
}

/// Without the events that match.
fn without(events: Vec<Event>, which: impl Fn(&Event) -> bool) -> Vec<Event> {
    events.into_iter().filter(|event| !which(event)).collect()
}

#[test]
fn a_history_as_promised_has_no_violations() {
    let report = check(&well(), &ALLOWANCE);
    assert_eq!(report.violations, [""; 0]);
    assert_eq!((report.calls, report.failed, report.repeated), (3, 0, 0));
}

#[test]
fn a_call_that_has_not_ended_is_found_unless_its_client_was_killed() {
    let of_first = |event: &Event| matches!(&event.what, What::Ended { call, .. } if call == "c-0");
    let mut events = without(well(), of_first);
    assert_eq!(violations(&events), ["c-0: it has not ended"]);
    events.push(Event {
        at: 1_020,
        node: "stage".to_owned(),
        what: What::Hit {
            on: "client".to_owned(),
            by: Blow::Killed,
        },
    });
    assert_eq!(violations(&events), [""; 0]);
}

#[test]
fn a_second_outcome_a_late_one_and_one_of_another_call_are_found() {
    let ended = |call: &str, of: &str, ended: u64| Event {
        at: ended,
        node: "client".to_owned(),
        what: What::Ended {
            call: call.to_owned(),
            outcome: Ok(of.to_owned()),
            ended,
        },
    };
    let mut twice = well();
    twice.push(ended("c-0", "c-0", 1_100));
    assert_eq!(violations(&twice), ["c-0: it has ended more than once"]);

    let of_first = |event: &Event| matches!(&event.what, What::Ended { call, .. } if call == "c-0");
    let mut late = without(well(), of_first);
    late.push(ended("c-0", "c-0", 1_201_000));
    assert_eq!(violations(&late), ["c-0: it ended 200 ms late"]);

    let mut others = without(well(), of_first);
    others.push(ended("c-0", "c-1", 1_100));
    assert_eq!(violations(&others), ["c-0: it got the reply of c-1"]);
}

#[test]
fn a_call_that_kafka_has_and_nobody_has_done_is_found() {
    let of_left = |event: &Event| matches!(&event.what, What::Finished { call } | What::Started { call, .. } if call == "left");
    let events = without(well(), of_left);
    assert_eq!(
        violations(&events),
        ["left: Kafka has it, and no handler has done it"]
    );
    let of_left = |event: &Event| matches!(&event.what, What::Ended { call, .. } if call == "left");
    assert_eq!(violations(&without(well(), of_left)).len(), 1);
}

#[test]
fn a_call_that_its_caller_gave_up_or_that_is_buried_needs_no_more() {
    let told = |what: What| told(5_050, "stage", what);
    let of_first = |event: &Event| matches!(&event.what, What::Ended { call, .. } if call == "c-0");
    let mut cancelled = without(well(), of_first);
    let call = "c-0".to_owned();
    cancelled.push(told(What::Cancelled { call }));
    assert_eq!(violations(&cancelled), [""; 0]);

    let of_left = |event: &Event| matches!(&event.what, What::Finished { call } | What::Ended { call, .. } if call == "left");
    let mut buried = without(well(), of_left);
    let call = "left".to_owned();
    buried.push(told(What::Buried { call }));
    assert_eq!(violations(&buried), [""; 0]);

    let of_left = |event: &Event| matches!(&event.what, What::Ended { call, .. } if call == "left");
    let mut forgotten = without(well(), of_left);
    let call = "left".to_owned();
    forgotten.push(told(What::Forgotten { call }));
    assert_eq!(violations(&forgotten), [""; 0]);
}

#[test]
fn a_second_handler_of_a_call_at_most_once_and_what_is_left_over_are_found() {
    let mut events = well();
    let call = "c-0".to_owned();
    let origin = ("pay".to_owned(), 0, 0);
    for (at, node, what) in [
        (6_500, "client", What::Once { call: call.clone() }),
        (
            6_600,
            "other",
            What::Started {
                call,
                order: None,
                origin,
            },
        ),
        (
            7_500,
            "server",
            What::Left {
                what: "tasks".to_owned(),
                count: 2,
            },
        ),
    ] {
        events.push(told(at, node, what));
    }
    let mut found = violations(&events);
    found.sort();
    assert_eq!(
        found,
        [
            "c-0: it was handled more than once",
            "server has left 2: tasks"
        ]
    );
}

#[test]
fn a_deduplicated_call_that_is_handled_again_is_found() {
    let call = "c-0".to_owned();
    let mut events = well();
    events.insert(
        0,
        told(0, "client", What::Deduplicated { call: call.clone() }),
    );
    events.push(told(7_100, "store", What::Recorded { call: call.clone() }));
    assert_eq!(violations(&events), [""; 0]);
    let started = What::Started {
        call,
        order: None,
        origin: ("pay".to_owned(), 0, 7),
    };
    for at in [7_200, 7_300] {
        events.push(told(at, "other", started.clone()));
    }
    let again = "c-0: it took effect, and was handled again";
    let twice = "c-0: it was handled twice at a time by other";
    assert_eq!(violations(&events), [again, again, twice]);
}

#[test]
fn a_deduplicated_call_may_be_handled_by_a_server_that_was_cut_off_and_by_its_successor() {
    let call = "c-0".to_owned();
    let deduplicated = told(0, "client", What::Deduplicated { call: call.clone() });
    let again = What::Started {
        call,
        order: None,
        origin: ("pay".to_owned(), 0, 7),
    };
    // It was answered by `server`, and then handled by `other`.
    let mut events = well();
    events.insert(0, deduplicated);
    events.push(told(7_200, "other", again));
    assert_eq!(
        violations(&events),
        ["c-0: it took effect, and was handled again"]
    );
    for cut in ["server", "other"] {
        let mut events = events.clone();
        let (on, by) = (cut.to_owned(), Blow::Cut);
        events.insert(0, told(0, "stage", What::Hit { on, by }));
        assert_eq!(violations(&events), [""; 0], "{cut}");
    }
}

#[test]
fn calls_of_a_key_out_of_order_or_at_the_same_time_are_found() {
    let mut events = well();
    for event in &mut events {
        if let What::Started { call, .. } = &event.what
            && call == "c-1"
        {
            event.at = 1_005;
        }
    }
    events.sort_by_key(|event| event.at);
    let found = violations(&events);
    assert!(
        found.contains(&"account ann: c-1 began before c-0".to_owned()),
        "{found:?}"
    );
    assert!(
        found.contains(&"c-0 began while c-1 of its account was handled".to_owned()),
        "{found:?}"
    );
}

#[test]
fn a_call_that_begins_again_where_it_was_given_up_is_all_right() {
    let mut events = well();
    let started = events.iter().find(|event| {
        let What::Started { call, .. } = &event.what else {
            return false;
        };
        call == "c-0"
    });
    let mut again = started.expect("it was started").clone();
    again.at += 1;
    // It lost its partition while it handled the call, and got it back.
    events.push(again.clone());
    events.sort_by_key(|event| event.at);
    assert_eq!(violations(&events), [""; 0]);

    // But where the first handler goes on, there are two at a time.
    let call = "c-0".to_owned();
    let twice = told(1_021, "server", What::Finished { call });
    events.push(twice);
    events.sort_by_key(|event| event.at);
    assert_eq!(
        violations(&events),
        ["c-0 began while c-0 of its account was handled"]
    );
}

#[test]
fn a_server_that_takes_too_long_to_end_is_found() {
    let mut events = well();
    for event in &mut events {
        if matches!(event.what, What::Drained) {
            event.at = 30_000_000;
        }
    }
    assert_eq!(violations(&events), ["server took 29994 ms to end"]);
    let never = without(well(), |event| matches!(event.what, What::Drained));
    assert_eq!(violations(&never), ["server has not ended"]);
}

#[test]
fn the_time_until_another_server_goes_on_is_told() {
    let mut events = well();
    for (at, node, what) in [
        (
            8_000,
            "stage",
            What::Hit {
                on: "server".to_owned(),
                by: Blow::Killed,
            },
        ),
        (
            9_500,
            "other",
            What::Started {
                call: "c-1".to_owned(),
                order: Some(("ann".to_owned(), 1)),
                origin: ("pay".to_owned(), 0, 1),
            },
        ),
    ] {
        events.push(told(at, node, what));
    }
    let report = check(&events, &ALLOWANCE);
    assert_eq!(report.takeovers, [1_500]);
    assert_eq!((report.repeated, report.blows), (1, 1));
}

#[test]
fn a_second_effect_is_found_and_one_that_is_missing_where_all_are_told() {
    let told = |what: What| told(7_050, "stage", what);
    let effect = |call: &str| {
        told(What::Effect {
            call: call.to_owned(),
        })
    };
    let mut events = well();
    events.extend(["c-0", "c-1"].map(effect));
    assert_eq!(violations(&events), [""; 0]);
    events.push(told(What::Effects));
    assert_eq!(
        violations(&events),
        ["left: it was answered, and has no effect"]
    );
    events.extend(["left", "c-1"].map(effect));
    assert_eq!(violations(&events), ["c-1: it has taken effect 2 times"]);
}
