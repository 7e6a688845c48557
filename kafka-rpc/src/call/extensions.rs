use std::any::Any;
use std::fmt;

/// Values of any types that travel with a request or a response inside one process: one value a
/// type.
///
/// Interceptors and `tower` layers leave values here for handlers to find. Nothing of it is sent.
/// An empty set owns no memory.
///
/// ```
/// use kafka_rpc::Request;
///
/// #[derive(Clone)]
/// struct User(String);
///
/// let mut request = Request::new(());
/// request.extensions_mut().insert(User("ann".into()));
/// assert_eq!(request.extensions().get::<User>().map(|user| user.0.as_str()), Some("ann"));
/// ```
#[derive(Default)]
pub struct Extensions {
    values: Vec<Box<dyn Value>>,
}

impl Extensions {
    /// An empty set.
    pub const fn new() -> Self {
        Self { values: Vec::new() }
    }

    /// Keeps a value, and gives back the one of its type that was there before.
    pub fn insert<T: Clone + Send + Sync + 'static>(&mut self, value: T) -> Option<T> {
        if let Some(kept) = self.get_mut::<T>() {
            return Some(std::mem::replace(kept, value));
        }
        self.values.push(Box::new(value));
        None
    }

    /// The value of type `T`.
    pub fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
        self.values
            .iter()
            .find_map(|value| (**value).as_any().downcast_ref())
    }

    /// The value of type `T`, to change it in place.
    pub fn get_mut<T: Clone + Send + Sync + 'static>(&mut self) -> Option<&mut T> {
        self.values
            .iter_mut()
            .find_map(|value| (**value).as_any_mut().downcast_mut())
    }

    /// Takes out the value of type `T`.
    pub fn remove<T: Clone + Send + Sync + 'static>(&mut self) -> Option<T> {
        let index = self
            .values
            .iter()
            .position(|value| (**value).as_any().is::<T>())?;
        let value: Box<dyn Value> = self.values.swap_remove(index);
        Value::into_any(value).downcast().ok().map(|value| *value)
    }

    /// Drops all values.
    pub fn clear(&mut self) {
        self.values.clear();
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl Clone for Extensions {
    fn clone(&self) -> Self {
        Self {
            values: self
                .values
                .iter()
                .map(|value| (**value).clone_boxed())
                .collect(),
        }
    }
}

/// Shows the number of values: their types need not be printable.
impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extensions({})", self.len())
    }
}

// A reference to a box is a `Value` too, by the impl for all that can be cloned; so callers go
// through the box, with `(**value)`.
trait Value: Send + Sync {
    fn clone_boxed(&self) -> Box<dyn Value>;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<T: Clone + Send + Sync + 'static> Value for T {
    fn clone_boxed(&self) -> Box<dyn Value> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::Extensions;

    #[test]
    fn one_value_of_a_type_is_kept() {
        let mut extensions = Extensions::new();
        assert_eq!(extensions.insert(1_u32), None);
        assert_eq!(extensions.insert("text"), None);
        assert_eq!(extensions.insert(2_u32), Some(1));
        assert_eq!(extensions.len(), 2);
        assert_eq!(extensions.get::<u32>(), Some(&2));
        assert_eq!(extensions.get::<&str>(), Some(&"text"));
        assert_eq!(extensions.get::<u64>(), None);
    }

    #[test]
    fn a_value_can_be_changed_and_taken_out() {
        let mut extensions = Extensions::new();
        extensions.insert(String::from("a"));
        extensions.insert(7_u8);
        extensions.get_mut::<String>().unwrap().push('b');
        assert_eq!(extensions.remove::<String>().as_deref(), Some("ab"));
        assert_eq!(extensions.remove::<String>(), None);
        assert_eq!(extensions.get::<u8>(), Some(&7));
        extensions.clear();
        assert!(extensions.is_empty());
    }

    #[test]
    fn a_clone_has_values_of_its_own() {
        let mut first = Extensions::new();
        first.insert(vec![1]);
        let mut second = first.clone();
        second.get_mut::<Vec<i32>>().unwrap().push(2);
        assert_eq!(first.get::<Vec<i32>>(), Some(&vec![1]));
        assert_eq!(second.get::<Vec<i32>>(), Some(&vec![1, 2]));
    }

    #[test]
    fn an_empty_set_owns_no_memory() {
        assert_eq!(Extensions::new().values.capacity(), 0);
        assert_eq!(Extensions::new().clone().values.capacity(), 0);
    }
}
