use parking_lot::RwLock;

use crate::descriptor::Method;
use crate::hashing::HashMap;

/// One value for each method that was asked for. There are only as many as the program describes, so
/// they are kept for good, and to hold one costs nothing.
pub(super) struct PerMethod<T: 'static> {
    /// By where the method's path lies in memory, which is quicker than by its text.
    by_path: RwLock<HashMap<usize, &'static T>>,
}

impl<T> Default for PerMethod<T> {
    fn default() -> Self {
        Self {
            by_path: RwLock::default(),
        }
    }
}

impl<T> PerMethod<T> {
    pub(super) fn get_or_make(
        &self,
        method: Method,
        make: impl FnOnce(&'static str) -> T,
    ) -> &'static T {
        let path = method.descriptor().path;
        let place = path.as_ptr().addr();
        if let Some(&value) = self.by_path.read().get(&place) {
            return value;
        }
        self.by_path
            .write()
            .entry(place)
            .or_insert_with(|| Box::leak(Box::new(make(path))))
    }
}
