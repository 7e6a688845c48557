use proptest::prelude::*;

use super::code_as_text;

fn check(comment: &str, expected: &str) {
    assert_eq!(code_as_text(comment), expected);
}

#[test]
fn prose_stays_as_it_is() {
    let comment = " Places an order.\n\n - a list\n   goes on\n 1. and `code`\n\n    in it\n";
    check(comment, comment);
}

#[test]
fn a_fence_without_a_language_is_text() {
    check(" ```\n let x;\n ```\n", " ```text\n let x;\n ```\n");
    check(" ~~~ rust\n x\n ~~~\n y\n", " ~~~text\n x\n ~~~\n y\n");
    check(" ```rust,no_run\n x\n ```\n", " ```text\n x\n ```\n");
}

#[test]
fn a_language_other_than_rust_stays() {
    let comment = " ```json\n {}\n ```\n";
    check(comment, comment);
}

#[test]
fn a_fence_that_is_never_closed_ends_with_the_comment() {
    check(" ```\n x\n", " ```text\n x\n ```\n");
}

#[test]
fn an_indented_block_is_fenced() {
    check(
        " For example:\n\n     a {\n       b\n\n     }\n\n and so on\n",
        " For example:\n\n ```text\n     a {\n       b\n\n     }\n\n ```\n and so on\n",
    );
    check(" # H\n     a\n", " # H\n ```text\n     a\n ```\n");
}

#[test]
fn an_indented_block_of_a_list_item_stays_in_it() {
    check(
        " - item\n\n       code\n",
        " - item\n\n   ```text\n       code\n   ```\n",
    );
}

#[test]
fn an_indented_line_in_a_paragraph_goes_on_with_it() {
    let comment = " The first line\n     and the second.\n";
    check(comment, comment);
}

#[test]
fn code_behind_a_mark_is_text_too() {
    check(
        " > ```\n > x\n > ```\n y\n",
        " > ```text\n > x\n > ```\n y\n",
    );
    check(" - ```rust\n   x\n   ```\n", " - ```text\n   x\n   ```\n");
    check(" >     x\n -     y\n", " > x\n - y\n");
}

#[test]
fn a_quote_ends_the_code_in_it() {
    check(
        " > ```\n > x\n\n ```\n y\n ```\n",
        " > ```text\n > x\n\n ```text\n y\n ```\n",
    );
}

#[test]
fn backticks_in_a_line_are_no_fence() {
    let comment = " ```x``` is inline\n";
    check(comment, comment);
}

proptest! {
    /// Whatever the comment, a second look finds nothing left to mark.
    #[test]
    fn no_block_of_code_is_left_unmarked(comment in "([ a`~#\\n>-]|```|    |rust){0,24}") {
        let once = code_as_text(&comment);
        prop_assert_eq!(code_as_text(&once), once);
    }

    #[test]
    fn no_line_of_prose_is_lost(comment in "([ aä#\\n]|    ){0,24}") {
        let marked = code_as_text(&comment);
        let mut lines = marked.lines();
        for line in comment.lines() {
            prop_assert!(lines.any(|kept| kept == line), "{line:?} in {marked:?}");
        }
    }
}
