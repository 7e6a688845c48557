use std::fmt;

use super::{GetAll, InvalidMetadata, MetadataIter, MetadataKey, MetadataValue};

/// Names and values that travel beside a request's or a reply's message, as headers of its record.
///
/// A name may have several values; entries keep the order in which they came. Names are looked up
/// whatever the case of their letters. Text goes under an ordinary name, raw bytes under a name
/// that ends in `-bin`. W3C's `traceparent`, `tracestate` and `baggage` are ordinary names.
///
/// All headers of a record together are limited to 64 and to 16 KiB; what is more is refused when
/// it is sent.
///
/// ```
/// use kafka_rpc::{Metadata, MetadataValue};
///
/// let mut metadata = Metadata::new();
/// metadata.insert("tenant", "north".parse()?)?;
/// metadata.append("tag", "fast".parse()?)?;
/// metadata.append("tag", "cheap".parse()?)?;
/// metadata.insert_bin("digest-bin", MetadataValue::from_bytes(&[1, 2, 3]))?;
///
/// assert_eq!(metadata.get("Tenant").unwrap(), "north");
/// assert_eq!(metadata.get_all("tag").count(), 2);
/// assert_eq!(metadata.get_bin("digest-bin").unwrap().as_bytes(), [1, 2, 3]);
/// # Ok::<(), kafka_rpc::InvalidMetadata>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    entries: Vec<(MetadataKey, MetadataValue)>,
}

/// The name that gRPC's users know [`Metadata`] by.
pub type MetadataMap = Metadata;

impl Metadata {
    /// Metadata without entries. It owns no memory.
    pub const fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    /// The first value of a name.
    pub fn get(&self, key: impl AsRef<str>) -> Option<&MetadataValue> {
        let key = key.as_ref();
        self.iter()
            .find(|(name, _)| name.is(key))
            .map(|(_, value)| value)
    }

    /// The first value of a name that ends in `-bin`; nothing for any other name.
    pub fn get_bin(&self, key: impl AsRef<str>) -> Option<&MetadataValue> {
        let key = key.as_ref();
        self.iter()
            .find(|(name, _)| name.is_binary() && name.is(key))
            .map(|(_, value)| value)
    }

    /// All values of a name, in order.
    pub fn get_all<'a>(&'a self, key: &'a str) -> GetAll<'a> {
        GetAll {
            entries: self.iter(),
            key,
        }
    }

    /// Whether a name has a value.
    pub fn contains_key(&self, key: impl AsRef<str>) -> bool {
        self.get(key).is_some()
    }

    /// Sets the value of a name in place of all that it had, and gives back the first of those.
    ///
    /// # Errors
    /// If the name is not a [`MetadataKey`], or the value is not text and the name doesn't end in
    /// `-bin`.
    pub fn insert<K>(
        &mut self,
        key: K,
        value: MetadataValue,
    ) -> Result<Option<MetadataValue>, InvalidMetadata>
    where
        K: TryInto<MetadataKey>,
        InvalidMetadata: From<K::Error>,
    {
        let key = checked(key.try_into()?, &value)?;
        Ok(self.set(key, value))
    }

    /// Like [`insert`](Self::insert), for names that end in `-bin` only.
    ///
    /// # Errors
    /// If the name is not a [`MetadataKey`] or doesn't end in `-bin`.
    pub fn insert_bin<K>(
        &mut self,
        key: K,
        value: MetadataValue,
    ) -> Result<Option<MetadataValue>, InvalidMetadata>
    where
        K: TryInto<MetadataKey>,
        InvalidMetadata: From<K::Error>,
    {
        let key = binary(key.try_into()?)?;
        Ok(self.set(key, value))
    }

    /// Adds a value to those of a name, and tells whether it had any.
    ///
    /// # Errors
    /// If the name is not a [`MetadataKey`], or the value is not text and the name doesn't end in
    /// `-bin`.
    pub fn append<K>(&mut self, key: K, value: MetadataValue) -> Result<bool, InvalidMetadata>
    where
        K: TryInto<MetadataKey>,
        InvalidMetadata: From<K::Error>,
    {
        let key = checked(key.try_into()?, &value)?;
        Ok(self.add(key, value))
    }

    /// Like [`append`](Self::append), for names that end in `-bin` only.
    ///
    /// # Errors
    /// If the name is not a [`MetadataKey`] or doesn't end in `-bin`.
    pub fn append_bin<K>(&mut self, key: K, value: MetadataValue) -> Result<bool, InvalidMetadata>
    where
        K: TryInto<MetadataKey>,
        InvalidMetadata: From<K::Error>,
    {
        let key = binary(key.try_into()?)?;
        Ok(self.add(key, value))
    }

    /// Removes all values of a name, and gives back the first.
    pub fn remove(&mut self, key: impl AsRef<str>) -> Option<MetadataValue> {
        let key = key.as_ref();
        let mut first = None;
        self.entries.retain_mut(|(name, value)| {
            let matches = name.is(key);
            if matches && first.is_none() {
                first = Some(value.clone());
            }
            !matches
        });
        first
    }

    /// The number of values, over all names.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All names and values, in order. A name with several values comes several times.
    pub fn iter(&self) -> MetadataIter<'_> {
        MetadataIter(self.entries.iter())
    }

    /// Takes over all entries of `other`. A name that is in both has the values of `other`
    /// afterwards.
    pub fn merge(&mut self, other: Self) {
        self.entries.retain(|(name, _)| !other.contains_key(name));
        self.entries.extend(other.entries);
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    pub(in crate::call) fn set(
        &mut self,
        key: MetadataKey,
        value: MetadataValue,
    ) -> Option<MetadataValue> {
        let Some(index) = self.entries.iter().position(|(name, _)| *name == key) else {
            self.entries.push((key, value));
            return None;
        };
        let old = std::mem::replace(&mut self.entries[index].1, value);
        let mut seen = false;
        self.entries
            .retain(|(name, _)| *name != key || !std::mem::replace(&mut seen, true));
        Some(old)
    }

    fn add(&mut self, key: MetadataKey, value: MetadataValue) -> bool {
        let present = self.contains_key(&key);
        self.entries.push((key, value));
        present
    }
}

fn checked(key: MetadataKey, value: &MetadataValue) -> Result<MetadataKey, InvalidMetadata> {
    if !key.is_binary() {
        value
            .check_text()
            .map_err(|error| error.under(key.as_str()))?;
    }
    Ok(key)
}

fn binary(key: MetadataKey) -> Result<MetadataKey, InvalidMetadata> {
    if key.is_binary() {
        Ok(key)
    } else {
        Err(InvalidMetadata::not_binary(key.as_str()))
    }
}

impl<'a> IntoIterator for &'a Metadata {
    type Item = (&'a MetadataKey, &'a MetadataValue);
    type IntoIter = MetadataIter<'a>;

    fn into_iter(self) -> MetadataIter<'a> {
        self.iter()
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

#[cfg(test)]
mod tests;
