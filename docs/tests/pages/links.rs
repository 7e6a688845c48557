//! Links within the repository.

use std::path::Path;

use crate::page::{self, Page};

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    let broken: Vec<String> = page::all()
        .iter()
        .flat_map(|page| {
            let targets = page.prose().flat_map(targets);
            targets.filter_map(|target| check(page, target).err())
        })
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_summary_lists_every_chapter_once() {
    let summary = page::read("docs/src/SUMMARY.md");
    for page in page::of("docs/src") {
        let name = page.path.file_name().expect("a name").to_string_lossy();
        if name != "SUMMARY.md" {
            assert_eq!(summary.matches(&format!("({name})")).count(), 1, "{name}");
        }
    }
}

/// What the links in a line lead to.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target)
}

fn check(page: &Page, target: &str) -> Result<(), String> {
    if target.starts_with("https://") {
        return Ok(());
    }
    let broken = |why: &str| Err(format!("{}: {target}: {why}", page.path.display()));
    let (file, heading) = match target.split_once('#') {
        Some((file, heading)) => (file, Some(heading)),
        None => (target, None),
    };
    let path = match file {
        "" => page.path.clone(),
        file => page.path.parent().unwrap_or(Path::new("")).join(file),
    };
    if !page::root().join(&path).exists() {
        return broken("no such file");
    }
    let Some(heading) = heading else {
        return Ok(());
    };
    let text = page::read(&path);
    let linked = Page { path, text };
    let found = linked
        .prose()
        .filter_map(|line| line.strip_prefix('#'))
        .any(|title| anchor(title.trim_start_matches('#')) == heading);
    if found {
        Ok(())
    } else {
        broken("no such heading")
    }
}

/// What mdBook and GitHub make of a heading.
fn anchor(title: &str) -> String {
    title
        .trim()
        .to_lowercase()
        .chars()
        .filter_map(|letter| match letter {
            ' ' => Some('-'),
            '-' | '_' => Some(letter),
            _ => letter.is_alphanumeric().then_some(letter),
        })
        .collect()
}

#[test]
fn a_heading_loses_all_but_letters_and_hyphens_in_its_anchor() {
    assert_eq!(anchor(" Kafka's own `tools`: a-b"), "kafkas-own-tools-a-b");
}
