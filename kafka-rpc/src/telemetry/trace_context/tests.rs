use proptest::prelude::*;

use super::*;

const EXAMPLE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn text(context: &TraceContext) -> String {
    context.traceparent().to_str().unwrap().to_owned()
}

#[test]
fn the_examples_of_the_standard_are_read_and_written_back() {
    for (example, flags) in [
        (EXAMPLE, 1),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", 1),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", 0),
    ] {
        let context = TraceContext::parse(example).unwrap();
        assert_eq!(context.flags, flags);
        assert_eq!(text(&context), example);
    }
    let context = TraceContext::parse(EXAMPLE).unwrap();
    assert_eq!(context.trace_id[..2], [0x0a, 0xf7]);
    assert_eq!(
        context.span_id,
        [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]
    );
}

#[test]
fn what_the_standard_forbids_is_no_place() {
    for (wrong, traceparent) in [
        ("empty", ""),
        (
            "trace id all zero",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        ),
        (
            "span id all zero",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        ),
        (
            "upper case",
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        (
            "not hexadecimal",
            "00-0gf7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        (
            "version ff",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        (
            "version not hexadecimal",
            ".0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        (
            "flags not hexadecimal",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-.1",
        ),
        (
            "too short",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
        ),
        (
            "version 00 with more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
        ),
        (
            "version 01 with more, unseparated",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
        ),
        (
            "other separators",
            "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
        ),
        (
            "space around",
            " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        (
            "not ASCII",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333é-01",
        ),
    ] {
        assert_eq!(TraceContext::parse(traceparent), None, "{wrong}");
    }
}

#[test]
fn a_later_version_is_read_as_far_as_it_is_known_and_passed_on_as_ours() {
    for later in [
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-will-be-like",
        "fe-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
    ] {
        assert_eq!(
            text(&TraceContext::parse(later).unwrap()),
            EXAMPLE,
            "{later}"
        );
    }
}

#[test]
fn flags_without_a_meaning_are_not_passed_on() {
    let context =
        TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff").unwrap();
    assert_eq!(context.flags, SAMPLED | RANDOM);
}

#[test]
fn a_child_is_another_place_in_the_same_trace_with_the_same_lists() {
    let parent = TraceContext {
        tracestate: Some(MetadataValue::from_static("congo=t61rcWkgMzE")),
        baggage: Some(MetadataValue::from_static("tenant=north")),
        ..TraceContext::parse(EXAMPLE).unwrap()
    };
    let child = parent.child();
    assert_ne!(child.span_id, parent.span_id);
    assert_eq!(
        TraceContext {
            span_id: parent.span_id,
            ..child
        },
        parent
    );
}

#[test]
fn a_root_is_a_recorded_trace_of_its_own() {
    let (one, two) = (TraceContext::root(), TraceContext::root());
    assert_ne!((one.trace_id, one.span_id), (two.trace_id, two.span_id));
    assert_eq!(one.flags, SAMPLED);
    assert_eq!(TraceContext::parse(&text(&one)), Some(one));
}

proptest! {
    #[test]
    fn every_place_is_read_back_as_it_was_written(
        trace_id: [u8; 16],
        span_id: [u8; 8],
        flags in 0..4_u8,
    ) {
        let context = TraceContext::new(trace_id, span_id, flags).unwrap();
        prop_assert_eq!(TraceContext::parse(&text(&context)), Some(context));
    }

    #[test]
    fn what_is_read_is_written_the_same(
        traceparent in "00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]",
    ) {
        let context = TraceContext::parse(&traceparent).unwrap();
        prop_assert_eq!(text(&context), traceparent);
    }

    #[test]
    fn any_text_at_all_is_a_place_or_none(traceparent in "\\PC{0,80}") {
        if let Some(context) = TraceContext::parse(&traceparent) {
            prop_assert_eq!(&text(&context)[3..53], &traceparent[3..53]);
        }
    }

    #[test]
    fn a_place_with_one_byte_changed_is_that_place_no_more(
        place in 0..LENGTH,
        byte in 0x20..0x7f_u8,
    ) {
        let mut changed = EXAMPLE.as_bytes().to_vec();
        changed[place] = byte;
        let changed = String::from_utf8(changed).unwrap();
        let read = TraceContext::parse(&changed);
        let same = read == TraceContext::parse(EXAMPLE);
        // The version and the flags that have no meaning are the only ones that don't matter.
        prop_assert!(!same || changed == EXAMPLE || !(2..53).contains(&place), "{}", changed);
    }
}
