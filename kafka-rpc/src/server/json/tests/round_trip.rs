use proptest::prelude::*;

use super::valid::shapes;
use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_valid_message_survives_the_way_through_json(protobuf in shapes()) {
        let json = CODEC.encode(echo(), &protobuf).unwrap();
        let back = CODEC.decode(echo(), &json).unwrap();
        prop_assert!(parsed(&back) == parsed(&protobuf), "{}", json.escape_ascii());
    }

    #[test]
    fn the_json_is_what_prost_reflect_writes(protobuf in shapes()) {
        let json = CODEC.encode(echo(), &protobuf).unwrap();
        // In a wrapper it writes `null` for that.
        prop_assume!(!json.escape_ascii().to_string().contains("Infinity"));
        let expected = serde_json::to_vec(&parsed(&protobuf)).unwrap();
        let parse = |json| serde_json::from_slice::<serde_json::Value>(json).unwrap();
        prop_assert_eq!(parse(&json), parse(&expected));
    }
}
