//! The errors of the protobuf compiler, shown as our own.

use miette::Diagnostic;
use prost_reflect::{DescriptorPool, MessageDescriptor};

use super::Error;
use super::problem::{Place, Problem, nearest};
use crate::options;
use crate::source::{Sources, Token, place_in_text, tokens};

impl Error {
    /// Shows an error of the compiler with the lines of the files that it is about.
    pub(crate) fn compiler(error: protox::Error, sources: &Sources) -> Self {
        let file = error.file().map(str::to_owned);
        let first: &dyn Diagnostic = &error;
        let problems = std::iter::once(first)
            .chain(error.related().into_iter().flatten())
            .map(|diagnostic| explain(diagnostic, file.as_deref(), sources))
            .collect();
        Self {
            problems,
            cause: Some(Box::new(error)),
        }
    }
}

fn explain(diagnostic: &dyn Diagnostic, file: Option<&str>, sources: &Sources) -> Problem {
    let inner = diagnostic.diagnostic_source();
    let message = inner.map_or_else(|| diagnostic.to_string(), ToString::to_string);
    let mut problem = Problem::new(message.replace('\'', "`"));
    let mut suggestion = None;
    if let Some(file) = file {
        let name = sources.display(file);
        let text = sources.text(file).unwrap_or_default();
        let meant = Meant::find(diagnostic, &message, &text);
        suggestion = meant
            .as_ref()
            .and_then(|meant| suggest(meant.word, &message, &text));
        problem = problem.at(match meant {
            Some(Meant { start, end, .. }) => place_in_text(name, String::new(), &text, start, end),
            None => Place {
                element: "the whole file".to_owned(),
                file: name,
                position: None,
            },
        });
    }
    let given = || {
        let help = inner
            .and_then(Diagnostic::help)
            .or_else(|| diagnostic.help())?;
        Some(help.to_string().replace('\'', "`"))
    };
    match suggestion.or_else(given) {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// The word that an error is about.
struct Meant<'a> {
    word: &'a str,
    start: usize,
    end: usize,
}

impl<'a> Meant<'a> {
    /// What the first label holds; where that is a statement, the word in it that the message
    /// quotes, the last one if there are more.
    fn find(diagnostic: &dyn Diagnostic, message: &str, text: &'a str) -> Option<Self> {
        let label = diagnostic.labels()?.next()?;
        let (start, end) = (label.offset(), label.offset() + label.len());
        let statement = text.get(start..end)?;
        let statement_tokens = tokens(statement);
        let quoted = quoted(message).into_iter().rev().find_map(|name| {
            let word = last_segment(name);
            statement_tokens
                .iter()
                .rev()
                .find(|token| unquoted(token) == word)
        });
        Some(match quoted {
            Some(token) => Self {
                word: unquoted(token),
                start: start + token.start,
                end: start + token.end(),
            },
            None => Self {
                word: statement,
                start,
                end,
            },
        })
    }
}

/// What to do about a name that is not known.
fn suggest(word: &str, message: &str, text: &str) -> Option<String> {
    let options = options::pool();
    let names = quoted(message);
    let is_undefined = message.contains("not defined");
    let is_option = |name: &&&str| options.get_extension_by_name(name).is_some();
    if let Some(name) = names.iter().find(is_option).filter(|_| is_undefined) {
        return Some(format!("for `{name}` add: import \"{}\";", options::FILE));
    }
    let mut known: Vec<String> = Vec::new();
    for name in names {
        known.extend(members(&options, name));
        if is_undefined {
            known.extend(neighbours(&options, name));
        }
    }
    if is_undefined {
        known.extend(types(text));
    }
    let found = nearest(word, known.iter().map(String::as_str))?;
    (found != word).then(|| format!("did you mean `{found}`?"))
}

/// What can be written inside of a type of the options file.
fn members(options: &DescriptorPool, name: &str) -> Vec<String> {
    if let Some(message) = options.get_message_by_name(name) {
        return field_names(&message);
    }
    match options.get_enum_by_name(name) {
        Some(found) => found
            .values()
            .map(|value| value.name().to_owned())
            .collect(),
        None => Vec::new(),
    }
}

/// What can stand in place of a misspelt option: `kafka_rpc.x` or `(kafka_rpc.method).x`.
fn neighbours(options: &DescriptorPool, name: &str) -> Vec<String> {
    let mut extensions = options.all_extensions();
    match name.rsplit_once('.').map(|(parent, _)| parent) {
        Some("kafka_rpc") => extensions.map(|option| option.name().to_owned()).collect(),
        Some(parent) => extensions
            .find(|option| parent == format!("({})", option.full_name()))
            .and_then(|option| option.kind().as_message().map(field_names))
            .unwrap_or_default(),
        None => Vec::new(),
    }
}

fn field_names(message: &MessageDescriptor) -> Vec<String> {
    message
        .fields()
        .map(|field| field.name().to_owned())
        .collect()
}

/// The names of the messages and enums of a file that may not compile as a whole.
fn types(text: &str) -> Vec<String> {
    let words = tokens(text);
    words
        .windows(2)
        .filter(|pair| matches!(pair[0].text, "message" | "enum"))
        .map(|pair| pair[1].text.to_owned())
        .collect()
}

fn quoted(message: &str) -> Vec<&str> {
    message.split('\'').skip(1).step_by(2).collect()
}

fn last_segment(name: &str) -> &str {
    name.rsplit('.')
        .next()
        .unwrap_or(name)
        .trim_matches(['(', ')'])
}

fn unquoted<'a>(token: &Token<'a>) -> &'a str {
    token.text.trim_matches(['"', '\''])
}
