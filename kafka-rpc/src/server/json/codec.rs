use std::collections::HashMap;
use std::collections::hash_map::Entry;

use bytes::Bytes;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

use super::message;
use super::writer::WriteError;
use crate::call::Status;
use crate::descriptor::{Method, MethodDescriptor, ServiceDescriptor};
use crate::error::Error;

/// Turns the requests of a server's methods from JSON into protobuf, and their replies back.
#[derive(Debug)]
pub(crate) struct JsonCodec {
    /// By the method's path, since one descriptor may be at several addresses.
    methods: HashMap<&'static str, Messages>,
    max_reply: usize,
}

#[derive(Debug)]
struct Messages {
    input: MessageDescriptor,
    output: MessageDescriptor,
}

impl JsonCodec {
    /// Reads the descriptors of all messages. A method of a service that was defined in code has
    /// none, and answers `UNIMPLEMENTED`. Replies may have `max_reply` bytes of JSON.
    ///
    /// # Errors
    /// [`Error::Config`] when a descriptor set can't be read, or lacks a message of a method.
    pub(crate) fn new(
        services: impl Iterator<Item = &'static ServiceDescriptor>,
        max_reply: usize,
    ) -> Result<Self, Error> {
        // A pool for each set: in one pool, files of the same name from two crates would collide.
        let mut pools = HashMap::new();
        let mut methods = HashMap::new();
        for service in services.filter(|service| !service.file_descriptor_set.is_empty()) {
            let pool = match pools.entry(service.file_descriptor_set) {
                Entry::Occupied(read) => read.into_mut(),
                Entry::Vacant(unread) => unread.insert(read_descriptors(service)?),
            };
            for method in service.methods.iter().filter(|method| is_described(method)) {
                methods.insert(method.path, Messages::find(pool, method)?);
            }
        }
        Ok(Self { methods, max_reply })
    }

    /// The protobuf of a request in JSON.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when it is no JSON of the method's request, and `UNIMPLEMENTED` when the
    /// method has no descriptors.
    pub(crate) fn decode(&self, method: Method, json: &[u8]) -> Result<Bytes, Status> {
        let input = &self.messages(method)?.input;
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let message = DynamicMessage::deserialize(input.clone(), &mut deserializer)
            .and_then(|message| deserializer.end().map(|()| message))
            .map_err(|error| {
                Status::invalid_argument(format!(
                    "the request is not a valid {} in JSON: {}",
                    input.full_name(),
                    shortened(&error.to_string())
                ))
            })?;
        Ok(message.encode_to_vec().into())
    }

    /// The JSON of a reply in protobuf.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED` when it is too long, `INTERNAL` when the reply is not the method's or
    /// has no JSON, and `UNIMPLEMENTED` when the method has no descriptors.
    pub(crate) fn encode(&self, method: Method, protobuf: &[u8]) -> Result<Bytes, Status> {
        let output = &self.messages(method)?.output;
        let reply = DynamicMessage::decode(output.clone(), protobuf).map_err(|error| {
            Status::internal(format!(
                "the reply is not a valid {}: {error}",
                output.full_name()
            ))
        })?;
        match message::write(&reply, self.max_reply) {
            Ok(json) => Ok(json.into()),
            Err(WriteError::TooLong) => Err(Status::resource_exhausted(format!(
                "the reply in JSON is over the limit of {} bytes",
                self.max_reply
            ))),
            Err(WriteError::NoJson(why)) => Err(Status::internal(format!(
                "the reply {} can't be written in JSON: {}",
                output.full_name(),
                shortened(&why)
            ))),
        }
    }

    fn messages(&self, method: Method) -> Result<&Messages, Status> {
        let path = method.descriptor().path;
        self.methods.get(path).ok_or_else(|| {
            Status::unimplemented(format!(
                "{path} can't be called in JSON: its service was defined in code, so its messages \
                 are not described; send application/protobuf"
            ))
        })
    }
}

impl Messages {
    fn find(pool: &DescriptorPool, method: &MethodDescriptor) -> Result<Self, Error> {
        let find = |name| {
            pool.get_message_by_name(name).ok_or_else(|| {
                Error::Config(format!(
                    "{}: {name} is not in the service's descriptor set, which has to be the one \
                     that kafka-rpc-build wrote for the service",
                    method.path
                ))
            })
        };
        Ok(Self {
            input: find(method.input)?,
            output: find(method.output)?,
        })
    }
}

fn read_descriptors(service: &ServiceDescriptor) -> Result<DescriptorPool, Error> {
    DescriptorPool::decode(service.file_descriptor_set).map_err(|error| {
        Error::Config(format!(
            "the descriptor set of {} can't be read: {error}",
            service.name
        ))
    })
}

fn is_described(method: &MethodDescriptor) -> bool {
    !method.input.is_empty() && !method.output.is_empty()
}

/// An error without the middle, where it is long: it quotes the caller, and the place comes last.
fn shortened(error: &str) -> String {
    const START: usize = 200;
    const END: usize = 60;
    let start = error.char_indices().nth(START).map(|(index, _)| index);
    let end = error
        .char_indices()
        .nth_back(END - 1)
        .map(|(index, _)| index);
    match (start, end) {
        (Some(start), Some(end)) if start < end => {
            format!("{}…{}", &error[..start], &error[end..])
        }
        _ => error.to_owned(),
    }
}
