//! From an element of a descriptor to its place in the `.proto`.

use prost_reflect::FileDescriptor;

use super::{Sources, Token, place_in_text, tokens};
use crate::error::{Place, Position};

/// An element of a `.proto`: a service, a method, one of their options.
pub(crate) struct Site<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) file: FileDescriptor,
    /// The way to the element from the descriptor of its file, as `SourceCodeInfo` has it.
    pub(crate) path: Vec<i32>,
    /// The full name, for files that don't tell their lines.
    pub(crate) element: String,
}

impl Site<'_> {
    /// The place of a part of the element, such as its name; of the element where the part's is
    /// not known.
    pub(crate) fn part(&self, part: &[i32]) -> Place {
        let path = [self.path.as_slice(), part].concat();
        self.narrow(&path, |_| None)
            .or_else(|| self.narrow(&self.path, |_| None))
            .unwrap_or_else(|| self.whole_file())
    }

    /// The place of the value of a field in an option message, however the option was written:
    ///
    /// - `option (extension).field = value;`
    /// - `option (extension).field.part = value;`
    /// - `option (extension) = { field: value };`
    ///
    /// `options` is the number of the field that holds the element's options.
    pub(crate) fn option_value(
        &self,
        options: i32,
        extension: u32,
        field: (&str, u32),
        word: &str,
    ) -> Place {
        let statement = [&self.path, &[options, extension.cast_signed()][..]].concat();
        let single = [&statement[..], &[field.1.cast_signed()]].concat();
        self.narrow(&self.first_within(&single), |tokens| {
            let equals = tokens.iter().rposition(|token| token.text == "=")?;
            word_in(&tokens[equals + 1..], word)
        })
        .or_else(|| {
            self.narrow(&statement, |tokens| {
                let name = tokens.iter().rposition(|token| token.text == field.0)?;
                word_in(&tokens[name + 1..], word)
            })
        })
        .unwrap_or_else(|| self.part(&[1]))
    }

    /// The place of the value of a part of an option that is a message itself:
    ///
    /// - `option (extension).field.part = value;`
    /// - `option (extension).field = { part: value };`
    /// - `option (extension) = { field: { part: value } };`
    pub(crate) fn option_part(
        &self,
        options: i32,
        extension: u32,
        field: (&str, u32),
        (part, number): (&str, u32),
        word: &str,
    ) -> Place {
        let statement = [&self.path, &[options, extension.cast_signed()][..]].concat();
        let message = [&statement[..], &[field.1.cast_signed()]].concat();
        let single = [&message[..], &[number.cast_signed()]].concat();
        let after = |tokens: &[Token<'_>], names: &[&str]| {
            let behind = names.iter().try_fold(0, |from, name| {
                let found = tokens[from..]
                    .iter()
                    .position(|token| token.text == *name)?;
                Some(from + found + 1)
            })?;
            let rest = &tokens[behind..];
            let named = rest.iter().find(|token| token.text == word);
            match named {
                Some(token) => Some((token.start, token.end())),
                None => word_in(rest, word),
            }
        };
        self.narrow(&single, |tokens| after(tokens, &["="]))
            .or_else(|| self.narrow(&message, |tokens| after(tokens, &["=", part])))
            .or_else(|| self.narrow(&statement, |tokens| after(tokens, &[field.0, part])))
            .unwrap_or_else(|| self.option_value(options, extension, field, ""))
    }

    /// The path of the first location that is this one's or one of its parts'.
    fn first_within(&self, path: &[i32]) -> Vec<i32> {
        let info = &self.file.file_descriptor_proto().source_code_info;
        let mut locations = info.iter().flat_map(|info| &info.location);
        let found = locations.find(|location| location.path.starts_with(path));
        found.map_or_else(|| path.to_vec(), |location| location.path.clone())
    }

    /// The place of the location with this path; `choose` picks the words that are meant.
    fn narrow(
        &self,
        path: &[i32],
        choose: impl FnOnce(&[Token<'_>]) -> Option<(usize, usize)>,
    ) -> Option<Place> {
        let info = self
            .file
            .file_descriptor_proto()
            .source_code_info
            .as_ref()?;
        let location = info.location.iter().find(|place| place.path == path)?;
        let (from, to) = match location.span.as_slice() {
            [line, start, end] => ((*line, *start), (*line, *end)),
            [line, start, end_line, end] => ((*line, *start), (*end_line, *end)),
            _ => return None,
        };
        let file = self.sources.display(self.file.name());
        let element = self.element.clone();
        let text = self.sources.text(self.file.name());
        let Some((text, start, end)) = text.and_then(|text| {
            let start = offset(&text, from)?;
            let end = offset(&text, to)?.max(start);
            Some((text, start, end))
        }) else {
            let position = Position {
                line: usize::try_from(from.0).ok()? + 1,
                column: usize::try_from(from.1).ok()? + 1,
                words: None,
            };
            return Some(Place {
                file,
                element,
                position: Some(position),
            });
        };
        let statement = text.get(start..end)?;
        let (start, end) = match choose(&tokens(statement)) {
            Some((from, to)) => (start + from, start + to),
            None => (start, end),
        };
        Some(place_in_text(file, element, &text, start, end))
    }

    fn whole_file(&self) -> Place {
        Place {
            file: self.sources.display(self.file.name()),
            element: self.element.clone(),
            position: None,
        }
    }
}

/// The first of the tokens, without quotes; only the `word` in it, if it is there.
fn word_in(tokens: &[Token<'_>], word: &str) -> Option<(usize, usize)> {
    let value = tokens.iter().find(|token| token.text != ":")?;
    if !value.is_string() {
        return Some((value.start, value.end()));
    }
    let content = value.text.get(1..value.text.len() - 1)?;
    let start = value.start + 1;
    match content.find(word) {
        Some(offset) if !word.is_empty() => Some((start + offset, start + offset + word.len())),
        _ => Some((value.start, value.end())),
    }
}

/// The byte offset of a line and a byte column, both counted from zero.
fn offset(text: &str, (line, column): (i32, i32)) -> Option<usize> {
    let mut start = 0;
    for _ in 0..line {
        start += text.get(start..)?.find('\n')? + 1;
    }
    let offset = start + usize::try_from(column).ok()?;
    text.is_char_boundary(offset).then_some(offset)
}
