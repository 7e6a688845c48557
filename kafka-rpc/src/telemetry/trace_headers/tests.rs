use super::*;

const PLACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn metadata(entries: &[(&str, &str)]) -> Metadata {
    let mut metadata = Metadata::new();
    for (name, value) in entries {
        metadata.append(*name, value.parse().unwrap()).unwrap();
    }
    metadata
}

fn text(value: Option<MetadataValue>) -> Option<String> {
    value.map(|value| value.to_str().unwrap().to_owned())
}

#[test]
fn a_place_and_its_lists_are_read_and_written_back() {
    let original = metadata(&[
        ("traceparent", PLACE),
        ("tracestate", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        (
            "baggage",
            "userId=alice,serverNode=DF%2028,isProduction=false",
        ),
    ]);
    let mut written = Metadata::new();
    write(&mut written, &read(&original).unwrap());
    assert_eq!(written, original);
}

#[test]
fn several_values_of_a_list_are_one_list() {
    let trace = read(&metadata(&[
        ("traceparent", PLACE),
        ("tracestate", "rojo=1"),
        ("baggage", "a=1"),
        ("tracestate", "congo=2,vert=3"),
        ("baggage", "b=2"),
    ]))
    .unwrap();
    assert_eq!(text(trace.tracestate).unwrap(), "rojo=1,congo=2,vert=3");
    assert_eq!(text(trace.baggage).unwrap(), "a=1,b=2");
}

#[test]
fn without_exactly_one_valid_traceparent_there_is_no_place() {
    for entries in [
        &[("tracestate", "rojo=1")][..],
        &[("traceparent", "00-0-0-00"), ("tracestate", "rojo=1")],
        &[("traceparent", PLACE), ("traceparent", PLACE)],
    ] {
        assert_eq!(read(&metadata(entries)), None, "{entries:?}");
    }
}

#[test]
fn a_list_that_is_too_long_is_cut_after_its_last_whole_member() {
    let member = |n: usize| format!("vendor{n:02}={}", "x".repeat(91));
    let long: Vec<String> = (0..6).map(member).collect();
    let trace = read(&metadata(&[
        ("traceparent", PLACE),
        ("tracestate", &long.join(",")),
    ]));
    let kept = text(trace.unwrap().tracestate).unwrap();
    assert_eq!(kept, long[..5].join(","));
    assert!(kept.len() <= TRACESTATE_LIMIT);
}

#[test]
fn a_list_of_exactly_the_limit_is_kept_and_one_more_byte_is_not() {
    let kept = |length: usize| {
        let list = format!("a={}", "x".repeat(length - 2));
        let trace = read(&metadata(&[("traceparent", PLACE), ("tracestate", &list)])).unwrap();
        trace.tracestate.map(|list| list.len())
    };
    assert_eq!(kept(TRACESTATE_LIMIT), Some(TRACESTATE_LIMIT));
    assert_eq!(kept(TRACESTATE_LIMIT + 1), None);
}

#[test]
fn a_member_that_ends_at_the_limit_is_kept() {
    let first = format!("a={}", "x".repeat(TRACESTATE_LIMIT - 2));
    let list = format!("{first},b=1");
    let trace = read(&metadata(&[("traceparent", PLACE), ("tracestate", &list)])).unwrap();
    assert_eq!(text(trace.tracestate), Some(first));
}

#[test]
fn baggage_has_more_room_than_tracestate() {
    let list = format!("a={}", "x".repeat(BAGGAGE_LIMIT - 2));
    let trace = read(&metadata(&[("traceparent", PLACE), ("baggage", &list)])).unwrap();
    assert_eq!(trace.baggage.unwrap().len(), BAGGAGE_LIMIT);
}

#[test]
fn lists_that_are_set_already_stay() {
    let trace = read(&metadata(&[
        ("traceparent", PLACE),
        ("tracestate", "rojo=1"),
        ("baggage", "a=1"),
    ]))
    .unwrap();
    let mut written = metadata(&[("baggage", "own=2")]);
    write(&mut written, &trace);
    assert_eq!(written.get_all(BAGGAGE).count(), 1);
    assert_eq!(written.get(BAGGAGE).unwrap(), "own=2");
    assert_eq!(written.get(TRACESTATE).unwrap(), "rojo=1");
}
