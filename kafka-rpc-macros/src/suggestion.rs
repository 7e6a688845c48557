//! "Did you mean": the known name that a misspelt one is near.

/// The nearest of `known`, if `word` is likely a misspelling of it.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(word, name), *name))
        .filter(|(distance, name)| *distance <= name.len().max(word.len()) / 3)
        .min()
        .map(|(_, name)| name)
}

/// The end of an error message that lists what `word` could have been.
pub(crate) fn hint(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(name) => format!("; did you mean `{name}`?"),
        None => format!("; known are {}", list(known)),
    }
}

fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_finds_its_neighbour() {
        assert_eq!(nearest("delivry", &["delivery", "key"]), Some("delivery"));
        assert_eq!(nearest("kye", &["delivery", "key"]), Some("key"));
    }

    #[test]
    fn a_word_that_is_near_nothing_gets_the_list() {
        assert_eq!(nearest("colour", &["delivery", "key"]), None);
        assert_eq!(
            hint("colour", &["delivery", "key"]),
            "; known are `delivery`, `key`"
        );
    }
}
