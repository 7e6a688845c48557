//! A record's token in the one pointer that librdkafka carries along with the record.

use std::ffi::c_void;
use std::ptr::{self, NonNull};

/// The bits of a token's lower half that fit into a pointer.
const LOW: u32 = 45;
/// The bits of its upper half that do.
const HIGH: u32 = u64::BITS - LOW - 1;
/// Tells a token in place from the address of a box, which is even.
const IN_PLACE: u64 = 1;

const _: () = assert!(align_of::<u128>() > 1);

/// Puts a token into a pointer, which [`take`] has to be given once. The token of a reply is a
/// partition's number in its upper half and an offset in its lower one: as long as these are not huge,
/// the pointer itself has room for both. Else it points to them.
pub(super) fn put(token: Option<u128>) -> *mut c_void {
    let Some(token) = token else {
        return ptr::null_mut();
    };
    match in_place(token) {
        Some(address) => ptr::without_provenance_mut(address),
        None => Box::into_raw(Box::new(token)).cast(),
    }
}

fn in_place(token: u128) -> Option<usize> {
    let (high, low) = ((token >> u64::BITS) as u64, token as u64);
    if high >> HIGH != 0 || low >> LOW != 0 {
        return None;
    }
    usize::try_from(high << (LOW + 1) | low << 1 | IN_PLACE).ok()
}

/// Takes the token out of a pointer, if there is one.
///
/// # Safety
/// The pointer comes from [`put`], and its token is not taken again.
pub(super) unsafe fn take(opaque: *mut c_void) -> Option<u128> {
    let address = NonNull::new(opaque)?.addr().get() as u64;
    if address & IN_PLACE == 0 {
        // SAFETY: it comes from a box, by the caller's promise for the only time.
        return Some(*unsafe { Box::from_raw(opaque.cast()) });
    }
    let low = (address >> 1) & ((1 << LOW) - 1);
    Some(u128::from(address >> (LOW + 1)) << u64::BITS | u128::from(low))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(high: u64, low: u64) -> u128 {
        u128::from(high) << u64::BITS | u128::from(low)
    }

    proptest! {
        #[test]
        fn a_token_comes_out_as_it_was_put_in(high: u64, low: u64, narrow in 0..64u32) {
            for token in [token(high, low), token(high >> narrow, low >> (narrow / 2))] {
                let opaque = put(Some(token));
                prop_assert!(!opaque.is_null());
                // SAFETY: it was put in just now.
                prop_assert_eq!(unsafe { take(opaque) }, Some(token));
            }
        }
    }

    #[test]
    fn usual_tokens_are_in_the_pointer_itself() {
        let (high, low) = ((1 << HIGH) - 1, (1 << LOW) - 1);
        for token in [token(0, 0), token(high, low)] {
            assert_eq!(in_place(token).is_some(), usize::BITS >= u64::BITS);
        }
        assert_eq!(in_place(token(high + 1, 0)), None);
        assert_eq!(in_place(token(0, low + 1)), None);
    }

    #[test]
    fn no_token_is_no_pointer() {
        assert!(put(None).is_null());
        // SAFETY: nothing was put in.
        assert_eq!(unsafe { take(ptr::null_mut()) }, None);
    }
}
