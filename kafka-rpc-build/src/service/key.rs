//! The `key` option: from a path of protobuf fields to a path of Rust fields.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use crate::error::{Problem, nearest};
use crate::ident::to_snake;

/// What the attribute calls a request that is a single value.
const WHOLE_REQUEST: &str = "self";

/// Why a path is no key, and the word in it that is to blame.
#[derive(Debug)]
pub(super) struct BadKey {
    pub(super) word: String,
    message: String,
    help: Option<String>,
}

/// The Rust path of the key, with a `?` behind each step that is an `Option`.
pub(super) fn resolve(path: &str, request: &MessageDescriptor) -> Result<String, BadKey> {
    let mut message = request.clone();
    let mut steps: Vec<String> = Vec::new();
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        let field = find(path, name, &message)?;
        check_single(&field)?;
        let is_last = names.peek().is_none();
        // prost writes a wrapper as the value inside of it.
        if !is_wrapper(&message) {
            steps.push(to_snake(field.name()));
        }
        match field.kind() {
            kind if is_last => check_type(&field, &kind)?,
            Kind::Message(inner) => {
                if let Some(step) = steps
                    .last_mut()
                    .filter(|_| !is_wrapper(&inner) && !field.is_required())
                {
                    step.push('?');
                }
                message = inner;
            }
            _ => {
                let next = names.next().unwrap_or_default();
                let name = field.full_name();
                let wrong = format!("`{name}` is no message, so it has no field `{next}`");
                return Err(BadKey::new(next, wrong, None));
            }
        }
    }
    Ok(if steps.is_empty() {
        WHOLE_REQUEST.to_owned()
    } else {
        steps.join(".")
    })
}

impl BadKey {
    fn new(word: &str, message: String, help: Option<String>) -> Self {
        let word = word.to_owned();
        Self {
            word,
            message,
            help,
        }
    }

    pub(super) fn problem(&self) -> Problem {
        let problem = Problem::new(self.message.clone());
        match &self.help {
            Some(help) => problem.help(help.clone()),
            None => problem,
        }
    }
}

fn find(path: &str, name: &str, message: &MessageDescriptor) -> Result<FieldDescriptor, BadKey> {
    if name.is_empty() {
        let wrong = match path {
            "" => "the key is empty".to_owned(),
            path => format!("the key `{path}` has a step without a name"),
        };
        let help = "write a field of the request, or a path such as `customer.id`".to_owned();
        return Err(BadKey::new(path, wrong, Some(help)));
    }
    message.get_field_by_name(name).ok_or_else(|| {
        let fields: Vec<FieldDescriptor> = message.fields().collect();
        let wrong = format!("key field `{name}` is not in {}", message.full_name());
        let help = nearest(name, fields.iter().map(FieldDescriptor::name))
            .map(|name| format!("did you mean `{name}`?"));
        BadKey::new(name, wrong, help)
    })
}

/// A key is one value: no step of its path may hold many, or hold its value by chance.
fn check_single(field: &FieldDescriptor) -> Result<(), BadKey> {
    let oneof = field
        .containing_oneof()
        .filter(|oneof| !oneof.is_synthetic());
    if field.is_map() {
        Err(no_key(field, "a map"))
    } else if field.is_list() {
        Err(no_key(field, "repeated"))
    } else if let Some(oneof) = oneof {
        Err(no_key(
            field,
            &format!("a member of the oneof `{}`", oneof.name()),
        ))
    } else {
        Ok(())
    }
}

fn check_type(field: &FieldDescriptor, kind: &Kind) -> Result<(), BadKey> {
    match kind {
        Kind::Float | Kind::Double => Err(no_key(field, "a floating point number")),
        Kind::Message(_) if field.is_group() => Err(no_key(field, "a group")),
        Kind::Message(message) => {
            let mut bad = no_key(field, "a message");
            if let Some(inner) = message.fields().next() {
                bad.help = Some(format!(
                    "name one of its fields, such as `{}.{}`",
                    field.name(),
                    inner.name()
                ));
            }
            Err(bad)
        }
        _ => Ok(()),
    }
}

fn no_key(field: &FieldDescriptor, what: &str) -> BadKey {
    let wrong = format!("`{}` is {what} and can't be a key", field.full_name());
    let help = "a key is a single string, bytes, integer, boolean or enum".to_owned();
    BadKey::new(field.name(), wrong, Some(help))
}

/// A message such as `google.protobuf.StringValue`, which is its value in Rust.
fn is_wrapper(message: &MessageDescriptor) -> bool {
    message.parent_file().name() == "google/protobuf/wrappers.proto"
}
