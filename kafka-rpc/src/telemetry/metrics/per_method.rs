use std::collections::HashMap;

use parking_lot::RwLock;

use crate::descriptor::Method;

/// One value for each method that was asked for. There are only as many as the program describes, so
/// they are kept for good, and to hold one costs nothing.
pub(super) struct PerMethod<T: 'static> {
    by_path: RwLock<HashMap<&'static str, &'static T>>,
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
        if let Some(&value) = self.by_path.read().get(path) {
            return value;
        }
        self.by_path
            .write()
            .entry(path)
            .or_insert_with(|| Box::leak(Box::new(make(path))))
    }
}
