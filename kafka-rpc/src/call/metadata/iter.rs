use std::iter::FusedIterator;
use std::slice;

use super::{MetadataKey, MetadataValue};

/// The entries of [`Metadata`](super::Metadata), in order.
#[derive(Debug, Clone)]
pub struct MetadataIter<'a>(pub(super) slice::Iter<'a, (MetadataKey, MetadataValue)>);

impl<'a> Iterator for MetadataIter<'a> {
    type Item = (&'a MetadataKey, &'a MetadataValue);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for MetadataIter<'_> {}
impl FusedIterator for MetadataIter<'_> {}

/// The values of one key, in order: what [`Metadata::get_all`](super::Metadata::get_all) gives.
#[derive(Debug, Clone)]
pub struct GetAll<'a> {
    pub(super) entries: MetadataIter<'a>,
    pub(super) key: &'a str,
}

impl<'a> GetAll<'a> {
    /// The values from the first on.
    pub fn iter(&self) -> Self {
        self.clone()
    }
}

impl<'a> Iterator for GetAll<'a> {
    type Item = &'a MetadataValue;

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.key;
        self.entries
            .find(|(name, _)| name.is(key))
            .map(|(_, value)| value)
    }
}

impl FusedIterator for GetAll<'_> {}
