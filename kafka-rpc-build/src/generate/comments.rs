//! Comments of a `.proto` as documentation: code in them is text, not a test of the user's crate.

use prost_types::FileDescriptorProto;

/// Rewrites the comments that become documentation.
pub(super) fn tame(file: &mut FileDescriptorProto) {
    let locations = file
        .source_code_info
        .iter_mut()
        .flat_map(|info| &mut info.location);
    for location in locations {
        let leading = &mut location.leading_comments;
        let trailing = &mut location.trailing_comments;
        for text in [leading, trailing].into_iter().flatten() {
            *text = tame_text(text);
        }
    }
}

/// Marks blocks of code as text: those between fences, and those that are only indented.
fn tame_text(comment: &str) -> String {
    let margin = comment
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(indentation)
        .min()
        .unwrap_or(0);
    let edge = " ".repeat(margin);
    let mut text = String::with_capacity(comment.len() + 16);
    let mut state = State::Prose { can_indent: true };
    for line in comment.lines() {
        let content = line.trim();
        let depth = indentation(line).saturating_sub(margin);
        state = match state {
            State::Fenced(fence) => {
                text.push_str(line);
                if depth < 4 && closes(content, &fence) {
                    State::Prose { can_indent: true }
                } else {
                    State::Fenced(fence)
                }
            }
            State::Indented if content.is_empty() || depth >= 4 => {
                text.push_str(line);
                State::Indented
            }
            State::Prose { can_indent: true } if depth >= 4 && !content.is_empty() => {
                text.push_str(&format!("{edge}```text\n{line}"));
                State::Indented
            }
            State::Indented | State::Prose { .. } => {
                if matches!(state, State::Indented) {
                    text.push_str(&format!("{edge}```\n"));
                }
                match opens(content) {
                    Some((fence, info)) => {
                        let blanks = &line[..line.len() - line.trim_start().len()];
                        text.push_str(&format!("{blanks}{fence}{}", text_info(info)));
                        State::Fenced(fence.to_owned())
                    }
                    None => {
                        text.push_str(line);
                        State::Prose {
                            can_indent: ends_paragraph(content),
                        }
                    }
                }
            }
        };
        text.push('\n');
    }
    match state {
        State::Indented => text.push_str(&format!("{edge}```\n")),
        State::Fenced(fence) => text.push_str(&format!("{edge}{fence}\n")),
        State::Prose { .. } => {}
    }
    text
}

enum State {
    /// Text; after a paragraph's line an indented one goes on with the paragraph.
    Prose { can_indent: bool },
    /// A block of code that was only indented, in fences of ours.
    Indented,
    /// A block of code in its own fences.
    Fenced(String),
}

fn indentation(line: &str) -> usize {
    line.chars()
        .take_while(|c| c.is_whitespace())
        .map(|c| if c == '\t' { 4 } else { 1 })
        .sum()
}

/// The fence that a line starts, and what is behind it.
fn opens(content: &str) -> Option<(&str, &str)> {
    ['`', '~'].into_iter().find_map(|mark| {
        let rest = content.trim_start_matches(mark);
        let length = content.len() - rest.len();
        let is_inline = mark == '`' && rest.contains('`');
        (length >= 3 && !is_inline).then(|| content.split_at(length))
    })
}

fn closes(content: &str, fence: &str) -> bool {
    content.starts_with(fence) && content.trim_start_matches(['`', '~']).is_empty()
}

/// What stands behind a fence: the language where it has one that is not taken for Rust.
fn text_info(info: &str) -> &str {
    const TESTED: [&str; 6] = [
        "rust",
        "ignore",
        "no_run",
        "should_panic",
        "compile_fail",
        "test_harness",
    ];
    let is_tested = info
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .any(|word| TESTED.contains(&word) || word.starts_with("edition") || word.starts_with('E'));
    if info.trim().is_empty() || is_tested {
        "text"
    } else {
        info
    }
}

fn ends_paragraph(content: &str) -> bool {
    let is_rule = |mark: char| content.trim_matches(mark).trim().is_empty();
    content.is_empty() || content.starts_with('#') || ['-', '=', '*', '_'].into_iter().any(is_rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_stays_as_it_is() {
        let comment = " Places an order.\n\n - a list\n   goes on\n 1. and `code` in a line\n";
        assert_eq!(tame_text(comment), comment);
    }

    #[test]
    fn a_fence_without_a_language_is_text() {
        assert_eq!(
            tame_text(" ```\n let x;\n ```\n"),
            " ```text\n let x;\n ```\n"
        );
        assert_eq!(
            tame_text(" ~~~ rust\n x\n ~~~\n y\n"),
            " ~~~text\n x\n ~~~\n y\n"
        );
        assert_eq!(
            tame_text(" ```rust,no_run\n x\n ```\n"),
            " ```text\n x\n ```\n"
        );
    }

    #[test]
    fn a_language_other_than_rust_stays() {
        let comment = " ```json\n {}\n ```\n";
        assert_eq!(tame_text(comment), comment);
    }

    #[test]
    fn a_fence_that_is_never_closed_ends_with_the_comment() {
        assert_eq!(tame_text(" ```\n x\n"), " ```text\n x\n ```\n");
    }

    #[test]
    fn an_indented_block_is_fenced() {
        assert_eq!(
            tame_text(" For example:\n\n     a {\n       b\n\n     }\n\n and so on\n"),
            " For example:\n\n ```text\n     a {\n       b\n\n     }\n\n ```\n and so on\n"
        );
        assert_eq!(
            tame_text(" # H\n     a\n"),
            " # H\n ```text\n     a\n ```\n"
        );
    }

    #[test]
    fn an_indented_line_in_a_paragraph_goes_on_with_it() {
        let comment = " The first line\n     and the second.\n";
        assert_eq!(tame_text(comment), comment);
    }

    #[test]
    fn backticks_in_a_line_are_no_fence() {
        let comment = " ```x``` is inline\n";
        assert_eq!(tame_text(comment), comment);
    }
}
