use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::*;

#[test]
fn nothing_is_told_where_nothing_later_is_finished() {
    assert_eq!(encode([].into_iter(), 9), "");
    assert_eq!(encode([4].into_iter(), 5), "");
    assert_eq!(encode([4, 5, 6].into_iter(), 7), "");
}

#[test]
fn a_commit_written_by_this_version_is_read_for_ever() {
    // 100 and 102 are unfinished, 101 and 103 to 299 are finished, of 300 and later nothing is
    // known.
    let metadata = encode([100, 102, 300, 301].into_iter(), 302);
    assert_eq!(metadata, "kr1:AsYB");
    assert_eq!(
        decode(100, &metadata),
        Some((VecDeque::from([100, 102]), 300))
    );
}

#[test]
fn foreign_and_damaged_metadata_is_refused() {
    let overflow = format!("kr1:{}", URL_SAFE_NO_PAD.encode([0xff; 8].map(|_| 0xff_u8)));
    let too_long = format!("kr1:{}", "A".repeat(MAX_METADATA));
    for metadata in [
        "",
        "AgAAAX",   // Kafka Streams' kind
        "kr2:AsYB", // a later version
        "kr1",      // cut
        "kr1:A===", // padded
        "kr1:AA",   // a step of nothing
        "kr1:AsY",  // not base64 of whole bytes
        "kr1:gA",   // a varint that doesn't end
        "kr1:Asyb\u{0}",
        &overflow,
        &too_long,
    ] {
        assert_eq!(decode(5, metadata), None, "{metadata:?}");
    }
    let longest_step = format!(
        "kr1:{}",
        URL_SAFE_NO_PAD.encode([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])
    );
    assert!(decode(0, &longest_step).is_some());
    assert_eq!(
        decode(1, &longest_step),
        None,
        "an offset past the last one there is"
    );
}

#[test]
fn what_does_not_fit_is_unknown_never_finished() {
    let open: Vec<i64> = (0..5_000).map(|number| number * 3).collect();
    let metadata = encode(open.iter().copied(), 15_000);
    assert!(metadata.len() <= MAX_METADATA, "{} bytes", metadata.len());
    let (told, next) = decode(0, &metadata).expect("it is ours");
    assert!(
        told.len() > 3_000,
        "only {} of the offsets were told",
        told.len()
    );
    assert!(told.iter().eq(&open[..told.len()]));
    assert_eq!(open[told.len()], next);
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(
        open in btree_set(prop_oneof![0..300_i64, 0..1_000_000_000_i64], 0..400),
        beyond in 1..300_i64,
    ) {
        let next = open.last().unwrap_or(&0) + beyond;
        let metadata = encode(open.iter().copied(), next);
        prop_assert!(metadata.len() <= MAX_METADATA);
        let committed = *open.first().unwrap_or(&next);
        match decode(committed, &metadata) {
            Some((told, known)) => {
                prop_assert_eq!(told, open.range(..known).copied().collect::<VecDeque<_>>());
                prop_assert!((known..next).all(|offset| open.contains(&offset)));
            }
            None => {
                prop_assert_eq!(metadata, "");
                prop_assert!((committed..next).all(|offset| open.contains(&offset)));
            }
        }
    }

    #[test]
    fn any_text_is_decoded_without_harm(committed in 0..=i64::MAX, steps in vec(any::<u8>(), 0..64), text in ".{0,40}") {
        decode(committed, &text);
        if let Some((open, next)) = decode(committed, &format!("{VERSION}{}", URL_SAFE_NO_PAD.encode(&steps))) {
            prop_assert!(open.len() <= steps.len());
            prop_assert!(open.iter().all(|&offset| committed <= offset && offset < next));
        }
    }

    #[test]
    fn no_steps_are_longer_than_the_bound(steps in vec(prop_oneof![1..4_u64, 100..200_u64, 1..40_000_u64, 1..1_u64 << 40], 0..50)) {
        let mut bytes = Vec::new();
        for &step in &steps {
            push_varint(&mut bytes, step);
        }
        prop_assert!(bytes.len() <= max_len(steps.len(), steps.iter().sum()));
    }
}
