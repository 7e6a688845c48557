//! The maps on the path of a call.

/// Faster than the standard library's for small keys, and seeded at random as that is: whoever
/// sends keys and ids can't know which of them collide.
pub(crate) type Hasher = foldhash::fast::RandomState;

pub(crate) type HashMap<K, V> = std::collections::HashMap<K, V, Hasher>;
pub(crate) type HashSet<T> = std::collections::HashSet<T, Hasher>;
