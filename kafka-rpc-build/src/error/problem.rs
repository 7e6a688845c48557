//! One problem: what is wrong, where, and what to do about it.

use std::fmt;

/// A message, with the place it is about where there is one.
#[derive(Debug)]
pub(crate) struct Problem {
    message: String,
    place: Option<Place>,
    help: Option<String>,
}

/// A place in a `.proto`.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The file, as the user calls it.
    pub(crate) file: String,
    /// What is there, for a file that doesn't tell its lines.
    pub(crate) element: String,
    pub(crate) position: Option<Position>,
}

/// Where in a file, counted from one, and what is written there.
#[derive(Debug, Clone)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) words: Option<Words>,
}

/// A line of a `.proto` and the words in it that are meant, as byte offsets.
#[derive(Debug, Clone)]
pub(crate) struct Words {
    pub(crate) line: String,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            place: None,
            help: None,
        }
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The nearest of `known`, if `word` is likely a misspelling of it.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance <= name.len().max(word.len()) / 3)
        .min()
        .map(|(_, name)| name)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let margin = match &self.place {
            Some(place) => place.show(f)?,
            None => 1,
        };
        if let Some(help) = &self.help {
            write!(f, "\n{:margin$} = help: {help}", "")?;
        }
        Ok(())
    }
}

impl Place {
    /// Writes the place and returns the width of the margin.
    fn show(&self, f: &mut fmt::Formatter<'_>) -> Result<usize, fmt::Error> {
        let Some(position) = &self.position else {
            write!(f, "\n --> {}, in {}", self.file, self.element)?;
            return Ok(1);
        };
        let Position { line, column, .. } = position;
        let margin = line.to_string().len();
        write!(f, "\n{:margin$}--> {}:{line}:{column}", "", self.file)?;
        if let Some(words) = &position.words {
            let text = words.line.replace('\t', " ");
            let before = columns(&words.line, 0, words.start);
            let carets = "^".repeat(columns(&words.line, words.start, words.end).max(1));
            write!(f, "\n{:margin$} |", "")?;
            write!(f, "\n{line} | {}", text.trim_end())?;
            write!(f, "\n{:margin$} | {:before$}{carets}", "", "")?;
        }
        Ok(margin)
    }
}

fn columns(line: &str, start: usize, end: usize) -> usize {
    line.get(start..end).map_or(0, |part| part.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: &str, start: usize, end: usize) -> Place {
        Place {
            file: "shop.proto".to_owned(),
            element: "shop.Orders".to_owned(),
            position: Some(Position {
                line: 12,
                column: start + 1,
                words: Some(Words {
                    line: line.to_owned(),
                    start,
                    end,
                }),
            }),
        }
    }

    #[test]
    fn the_words_are_underlined_below_their_line() {
        let problem = Problem::new("no such field")
            .at(place("\tkey: \"cutomer\"", 7, 14))
            .help("did you mean `customer`?");
        let expected = "no such field\n  \
                        --> shop.proto:12:8\n   \
                        |\n\
                        12 |  key: \"cutomer\"\n   \
                        |        ^^^^^^^\n   \
                        = help: did you mean `customer`?";
        assert_eq!(problem.to_string(), expected);
    }

    #[test]
    fn a_misspelt_word_finds_its_neighbour() {
        assert_eq!(nearest("cutomer", ["customer", "order"]), Some("customer"));
        assert_eq!(nearest("colour", ["customer", "order"]), None);
    }

    #[test]
    fn wide_letters_count_once() {
        let shown = Problem::new("odd")
            .at(place("/* ä */ x", 9, 10))
            .to_string();
        assert!(shown.ends_with("12 | /* ä */ x\n   |         ^"), "{shown}");
    }

    #[test]
    fn a_file_without_lines_names_the_element() {
        let place = Place {
            file: "shop.proto".to_owned(),
            element: "shop.Orders".to_owned(),
            position: None,
        };
        let shown = Problem::new("odd")
            .at(place)
            .help("even it out")
            .to_string();
        assert_eq!(
            shown,
            "odd\n --> shop.proto, in shop.Orders\n  = help: even it out"
        );
    }
}
