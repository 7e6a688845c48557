use std::collections::HashMap;

use parking_lot::RwLock;

use crate::descriptor::Method;

/// One value for each method that was asked for. Descriptions of methods live as long as the
/// process, so what is made for them does, too.
pub(super) struct PerMethod<T: 'static> {
    by_address: RwLock<HashMap<usize, &'static T>>,
}

impl<T> Default for PerMethod<T> {
    fn default() -> Self {
        Self {
            by_address: RwLock::default(),
        }
    }
}

impl<T> PerMethod<T> {
    pub(super) fn get_or_make(
        &self,
        method: Method,
        make: impl FnOnce(&'static str) -> T,
    ) -> &'static T {
        let descriptor = method.descriptor();
        let address = std::ptr::from_ref(descriptor).addr();
        if let Some(&value) = self.by_address.read().get(&address) {
            return value;
        }
        self.by_address
            .write()
            .entry(address)
            .or_insert_with(|| Box::leak(Box::new(make(descriptor.path))))
    }
}
