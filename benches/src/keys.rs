/// The keys of one caller's calls: evenly spread, and the same in every run.
#[derive(Debug)]
pub(crate) struct Keys {
    count: Option<u64>,
    state: u64,
}

impl Keys {
    pub(crate) fn new(count: Option<u64>, caller: u32) -> Self {
        Self {
            count,
            state: u64::from(caller).wrapping_mul(0xD1B5_4A32_D192_ED03),
        }
    }

    /// The next call's key; `None` where calls have none.
    pub(crate) fn next(&mut self) -> Option<u64> {
        let count = self.count?;
        // SplitMix64.
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Some((mixed ^ (mixed >> 31)) % count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_spread_evenly() {
        let mut used = [0_u32; 10];
        for caller in 0..64 {
            let mut keys = Keys::new(Some(10), caller);
            for _ in 0..100 {
                used[usize::try_from(keys.next().unwrap()).unwrap()] += 1;
            }
        }
        assert!(
            used.iter().all(|count| (560..=720).contains(count)),
            "{used:?}"
        );
    }

    #[test]
    fn without_keys_calls_have_none() {
        assert_eq!(Keys::new(None, 1).next(), None);
    }
}
