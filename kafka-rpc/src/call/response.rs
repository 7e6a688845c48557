use super::{Extensions, Metadata, Trailers};

/// A reply's message and what goes with it.
///
/// ```
/// use kafka_rpc::Response;
///
/// let mut response = Response::new("hello");
/// response.metadata_mut().insert("served-by", "node-3".parse()?)?;
/// assert_eq!(*response.get_ref(), "hello");
/// # Ok::<(), kafka_rpc::InvalidMetadata>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Response<T> {
    metadata: Metadata,
    message: T,
    extensions: Extensions,
}

impl<T> Response<T> {
    /// A response without metadata.
    pub fn new(message: T) -> Self {
        Self::from_parts(Metadata::new(), message, Extensions::new())
    }

    /// Puts a response together.
    pub fn from_parts(metadata: Metadata, message: T, extensions: Extensions) -> Self {
        Self {
            metadata,
            message,
            extensions,
        }
    }

    /// Takes a response apart.
    pub fn into_parts(self) -> (Metadata, T, Extensions) {
        (self.metadata, self.message, self.extensions)
    }

    /// The message.
    pub fn get_ref(&self) -> &T {
        &self.message
    }

    /// The message, to change it in place.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.message
    }

    /// Takes the message out and drops the rest.
    pub fn into_inner(self) -> T {
        self.message
    }

    /// Turns the message into another and keeps the rest.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Response<U> {
        Response::from_parts(self.metadata, f(self.message), self.extensions)
    }

    /// The metadata that the server sends along.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The metadata, to change it.
    pub fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata
    }

    /// Where a handler puts metadata that its stream sends behind the last message.
    pub fn trailers(&mut self) -> Trailers {
        if let Some(trailers) = self.extensions.get::<Trailers>() {
            return trailers.clone();
        }
        let trailers = Trailers::default();
        self.extensions.insert(trailers.clone());
        trailers
    }

    /// Values of this process that travel along, unsent.
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// The extensions, to change them.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }
}

impl<T> From<T> for Response<T> {
    fn from(message: T) -> Self {
        Self::new(message)
    }
}

#[cfg(test)]
mod tests {
    use super::Response;

    #[test]
    fn mapping_the_message_keeps_metadata_and_extensions() {
        let mut response = Response::from(20);
        response.metadata_mut().insert("shard", 4.into()).unwrap();
        response.extensions_mut().insert("kept");
        *response.get_mut() += 1;

        let mapped = response.map(|number| number.to_string());
        assert_eq!(mapped.get_ref(), "21");
        assert_eq!(mapped.metadata().get("shard").unwrap(), "4");
        assert_eq!(mapped.extensions().get(), Some(&"kept"));
        assert_eq!(mapped.into_inner(), "21");
    }

    #[test]
    fn parts_put_together_again_are_the_same_response() {
        let mut response = Response::new(());
        response.metadata_mut().insert("shard", 4.into()).unwrap();
        response.extensions_mut().insert(1_u8);
        let (metadata, message, extensions) = response.into_parts();
        let response = Response::from_parts(metadata, message, extensions);
        assert_eq!(response.metadata().get("shard").unwrap(), "4");
        assert_eq!(response.extensions().get(), Some(&1_u8));
    }
}
