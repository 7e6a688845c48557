//! The maps on the path of a call.

/// Faster than the standard library's for small keys, and seeded at random as that is: whoever
/// sends keys and ids can't know which of them collide.
#[cfg(not(feature = "__simulated"))]
pub(crate) type Hasher = foldhash::fast::RandomState;
/// The same, but for simulations, whose seed decides in which order entries come.
#[cfg(feature = "__simulated")]
pub(crate) type Hasher = crate::simulation::Hasher;

pub(crate) type HashMap<K, V> = std::collections::HashMap<K, V, Hasher>;
pub(crate) type HashSet<T> = std::collections::HashSet<T, Hasher>;
