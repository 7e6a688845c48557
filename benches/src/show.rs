//! Figures in the book are those of files that the other commands write.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

const MARK: &str = "<!-- file: ";
const MARK_END: &str = " -->\n```";
const FENCE: &str = "\n```";

pub(crate) fn show(page: &Path) -> anyhow::Result<()> {
    let text =
        fs::read_to_string(page).with_context(|| format!("can't read {}", page.display()))?;
    let shown = with_files(&text, |path| {
        fs::read_to_string(path).with_context(|| format!("can't read {path}"))
    })?;
    fs::write(page, shown).with_context(|| format!("can't write {}", page.display()))
}

/// The page with each marked block as its file is.
fn with_files(page: &str, read: impl Fn(&str) -> anyhow::Result<String>) -> anyhow::Result<String> {
    let mut parts = page.split(MARK);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (path, rest) = part.split_once(MARK_END).with_context(|| {
            format!("no code block follows the mark: {MARK}{}", first_line(part))
        })?;
        let (language, rest) = rest.split_once('\n').context("a block does not end")?;
        // An empty block has its end at once.
        let after = match rest.strip_prefix("```") {
            Some(after) => after,
            None => rest.split_once(FENCE).context("a block does not end")?.1,
        };
        let file = read(path)?;
        shown.push_str(&format!(
            "{MARK}{path}{MARK_END}{language}\n{}{FENCE}{after}",
            file.trim_end_matches('\n')
        ));
    }
    Ok(shown)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> anyhow::Result<String> {
        anyhow::ensure!(path == "figures.txt", "no {path}");
        Ok("calls/s\n  1,000\n".to_owned())
    }

    #[test]
    fn a_marked_block_becomes_what_its_file_says_and_the_rest_stays() {
        let page = "Text.\n\n<!-- file: figures.txt -->\n```text\nold\nlines\n```\n\n```rust\nfn kept() {}\n```\n\
                    <!-- file: figures.txt -->\n```text\n```\nEnd.\n";
        let shown = with_files(page, read).unwrap();
        assert_eq!(
            shown,
            "Text.\n\n<!-- file: figures.txt -->\n```text\ncalls/s\n  1,000\n```\n\n```rust\nfn kept() {}\n```\n\
             <!-- file: figures.txt -->\n```text\ncalls/s\n  1,000\n```\nEnd.\n"
        );
        assert_eq!(with_files(&shown, read).unwrap(), shown);
    }

    #[test]
    fn a_mark_without_a_block_or_a_file_is_an_error() {
        for page in [
            "<!-- file: figures.txt -->\nText.\n",
            "<!-- file: other.txt -->\n```text\n```\n",
        ] {
            assert!(with_files(page, read).is_err(), "{page}");
        }
    }
}
