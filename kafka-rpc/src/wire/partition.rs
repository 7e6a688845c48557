//! Which partition a key belongs to, as Java producers compute it.

use std::num::NonZeroU32;

/// The partition that Kafka's Java client, and librdkafka's `murmur2_random`, choose for a record
/// with this key.
pub(crate) fn partition_for_key(key: &[u8], partitions: NonZeroU32) -> i32 {
    let positive = murmur2(key) & 0x7fff_ffff;
    (positive % partitions) as i32
}

/// The 32-bit MurmurHash2 of the bytes, with the seed of Kafka's Java client.
pub(crate) fn murmur2(data: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    const R: u32 = 24;

    let (words, tail) = data.as_chunks::<4>();
    // Kafka's lengths are 32-bit.
    let mut hash = SEED ^ data.len() as u32;
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k ^= k >> R;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !tail.is_empty() {
        let rest = tail
            .iter()
            .rev()
            .fold(0, |rest, &byte| rest << 8 | u32::from(byte));
        hash = (hash ^ rest).wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ hash >> 15
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// From the tests of Kafka's Java client (`UtilsTest.testMurmur2`).
    #[test]
    fn the_hash_is_that_of_the_java_client() {
        let vectors: [(&[u8], i32); 6] = [
            (b"21", -973_932_308),
            (b"foobar", -790_332_482),
            (b"a-little-bit-long-string", -985_981_536),
            (b"a-little-bit-longer-string", -1_486_304_829),
            (
                b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8",
                -58_897_971,
            ),
            (b"abc", 479_470_107),
        ];
        for (key, hash) in vectors {
            assert_eq!(murmur2(key) as i32, hash, "{}", key.escape_ascii());
        }
    }

    #[test]
    fn a_negative_hash_is_masked_not_negated() {
        // -790332482 & 0x7fffffff = 1357151166; its absolute value would be 790332482.
        let partitions = |n| NonZeroU32::new(n).unwrap();
        assert_eq!(partition_for_key(b"foobar", partitions(1000)), 166);
        assert_eq!(partition_for_key(b"abc", partitions(12)), 479_470_107 % 12);
        assert_eq!(partition_for_key(b"", partitions(1)), 0);
    }

    proptest! {
        #[test]
        fn the_partition_exists(key: Vec<u8>, partitions in 1..=i32::MAX as u32) {
            let partition = partition_for_key(&key, NonZeroU32::new(partitions).unwrap());
            prop_assert!((0..partitions as i32).contains(&partition));
        }
    }
}
