//! The errors of the protobuf compiler, shown as our own.

use miette::Diagnostic;
use prost_reflect::DescriptorPool;

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
    let text = file.and_then(|file| sources.text(file));
    let mut problem = Problem::new(message.replace('\'', "`"));
    if let Some(file) = file {
        let name = sources.display(file);
        let place = text
            .as_deref()
            .and_then(|text| underline(diagnostic, &message, &name, text));
        problem = problem.at(place.unwrap_or(Place {
            element: "the whole file".to_owned(),
            file: name,
            position: None,
        }));
    }
    let given = inner
        .and_then(Diagnostic::help)
        .or_else(|| diagnostic.help());
    match given
        .map(|help| help.to_string())
        .or_else(|| suggest(&message, text.as_deref()))
    {
        Some(help) => problem.help(help.replace('\'', "`")),
        None => problem,
    }
}

/// The place of the first label; where that holds a whole statement, of the word that is meant.
fn underline(diagnostic: &dyn Diagnostic, message: &str, file: &str, text: &str) -> Option<Place> {
    let label = diagnostic.labels()?.next()?;
    let (start, end) = (label.offset(), label.offset() + label.len());
    let statement = tokens(text.get(start..end)?);
    let (start, end) = match meant(&statement, message) {
        Some(token) => (start + token.start, start + token.end()),
        None => (start, end),
    };
    Some(place_in_text(
        file.to_owned(),
        String::new(),
        text,
        start,
        end,
    ))
}

/// The token that the message quotes; the last that it quotes if there are more.
fn meant<'a>(statement: &[Token<'a>], message: &str) -> Option<Token<'a>> {
    quoted(message).into_iter().rev().find_map(|name| {
        let word = last_segment(name);
        statement
            .iter()
            .rev()
            .find(|token| token.text == word || token.text.trim_matches(['"', '\'']) == word)
            .copied()
    })
}

/// What a misspelt name was likely meant to be.
fn suggest(message: &str, text: Option<&str>) -> Option<String> {
    let options = options::pool();
    let names = quoted(message);
    if let Some(name) = names
        .iter()
        .find(|name| options.get_extension_by_name(name).is_some())
    {
        return message
            .contains("not defined")
            .then(|| format!("for `{name}` add: import \"{}\";", options::FILE));
    }
    let mut known: Vec<String> = names
        .iter()
        .flat_map(|name| members(&options, name))
        .collect();
    if message.contains("not defined") {
        known.extend(
            options
                .all_extensions()
                .map(|option| option.full_name().to_owned()),
        );
        known.extend(text.map(types).unwrap_or_default());
    }
    names.iter().find_map(|name| {
        let known = || known.iter().map(String::as_str);
        nearest(name, known())
            .or_else(|| nearest(last_segment(name), known()))
            .filter(|found| found != name)
            .map(|name| format!("did you mean `{name}`?"))
    })
}

/// What can be written inside of a type of the options file, or inside of an option: `(a.b).c`.
fn members(options: &DescriptorPool, name: &str) -> Vec<String> {
    let extension = name.split_once(").").and_then(|(extension, _)| {
        let option = options.get_extension_by_name(extension.trim_start_matches('('))?;
        option.kind().as_message().cloned()
    });
    if let Some(message) = extension.or_else(|| options.get_message_by_name(name)) {
        return message
            .fields()
            .map(|field| field.name().to_owned())
            .collect();
    }
    let values = options.get_enum_by_name(name);
    values
        .iter()
        .flat_map(|values| {
            values
                .values()
                .map(|value| value.name().to_owned())
                .collect::<Vec<_>>()
        })
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
