//! What a line of Markdown starts with.

pub(super) fn indentation(line: &str) -> usize {
    line.chars()
        .take_while(|c| c.is_whitespace())
        .map(|c| if c == '\t' { 4 } else { 1 })
        .sum()
}

/// The marks of quotes and list items before the text, whether one is an item's, and the text. Text
/// that would be code for being indented behind its mark is moved up to it.
pub(super) fn split_markers(content: &str) -> (String, bool, &str) {
    let mut markers = String::new();
    let mut is_item = false;
    let mut rest = content;
    while let Some((length, is_list)) = marker_length(rest) {
        let (marker, behind) = rest.split_at(length);
        rest = behind.trim_start();
        is_item |= is_list;
        markers.push_str(marker);
        let blanks = &behind[..behind.len() - rest.len()];
        if blanks.len() < 4 {
            markers.push_str(blanks);
        }
    }
    (markers, is_item, rest)
}

/// The length of a mark with the blank behind it, and whether it is a list item's.
fn marker_length(text: &str) -> Option<(usize, bool)> {
    if let Some(quoted) = text.strip_prefix('>') {
        return Some((1 + usize::from(quoted.starts_with(' ')), false));
    }
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mark = match digits {
        0 => text.starts_with(['-', '*', '+']),
        1..=9 => text[digits..].starts_with(['.', ')']),
        _ => false,
    };
    let length = digits + 1;
    (mark && text[length..].starts_with(' ')).then_some((length + 1, true))
}

/// The fence that a line starts, and what is behind it.
pub(super) fn opens(content: &str) -> Option<(&str, &str)> {
    ['`', '~'].into_iter().find_map(|mark| {
        let rest = content.trim_start_matches(mark);
        let length = content.len() - rest.len();
        let is_inline = mark == '`' && rest.contains('`');
        (length >= 3 && !is_inline).then(|| content.split_at(length))
    })
}

pub(super) fn closes(content: &str, fence: &str) -> bool {
    content.starts_with(fence) && content.trim_start_matches(&fence[..1]).trim().is_empty()
}

/// What stands behind a fence: its language, where that is one that rustdoc does not test.
pub(super) fn text_info(info: &str) -> &str {
    const TESTED: [&str; 5] = ["rust", "ignore", "no_run", "should_panic", "test_harness"];
    let is_tested = info
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .any(|word| {
            TESTED.contains(&word)
                || ["edition", "compile_fail", "E"]
                    .iter()
                    .any(|start| word.starts_with(start))
        });
    if info.trim().is_empty() || is_tested {
        "text"
    } else {
        info
    }
}

/// Whether an indented line behind this one is code, since this one ends its block by itself.
pub(super) fn ends_paragraph(content: &str) -> bool {
    let is_rule = |mark: char| content.trim_matches(mark).trim().is_empty();
    content.is_empty()
        || content.starts_with(['#', '<'])
        || ['-', '=', '*', '_'].into_iter().any(is_rule)
}
