//! Code that a page shows as that of a file.

use std::collections::BTreeSet;

use crate::page;

const MARK: &str = "<!-- file: ";

#[test]
fn code_that_is_shown_from_a_file_is_what_the_file_says() {
    let mut shown = 0;
    for page in page::all() {
        for (path, code) in marked(&page.text) {
            let page = page.path.display();
            assert_eq!(
                code,
                page::read(path),
                "{page} does not show {path} as it is"
            );
            shown += 1;
        }
    }
    assert!(shown > 0, "no page shows a file");
}

/// The code blocks behind a mark, each with the path that the mark names.
fn marked(text: &str) -> impl Iterator<Item = (&str, String)> {
    text.split(MARK).skip(1).map(|rest| {
        let (path, rest) = rest.split_once(" -->\n```").expect("a code block follows");
        (path, first_block(rest))
    })
}

/// The code after the opening fence, up to the closing one.
fn first_block(text: &str) -> String {
    let (_language, rest) = text.split_once('\n').expect("the end of a fence");
    let (code, _) = rest.split_once("\n```").expect("a closing fence");
    format!("{code}\n")
}

#[test]
fn the_page_on_porting_names_every_line_that_a_port_changes() {
    let page = page::read("docs/src/porting-from-tonic.md");
    let before = page::read("tests/porting/from-tonic/src/lib.rs");
    let after = page::read("tests/porting/to-kafka-rpc/src/lib.rs");
    let (_, diff) = page.split_once("```diff").expect("what changes");
    let diff = first_block(diff);

    assert_eq!(
        lines_with(&diff, '-'),
        only_in(&before, &after),
        "what goes"
    );
    assert_eq!(
        lines_with(&diff, '+'),
        only_in(&after, &before),
        "what comes"
    );
}

fn lines_with(diff: &str, sign: char) -> BTreeSet<&str> {
    diff.lines()
        .filter_map(|line| line.strip_prefix(sign))
        .collect()
}

fn only_in<'a>(text: &'a str, other: &str) -> BTreeSet<&'a str> {
    let others: BTreeSet<&str> = other.lines().collect();
    text.lines().filter(|line| !others.contains(line)).collect()
}
