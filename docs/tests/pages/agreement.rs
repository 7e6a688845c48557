//! What the reference says, against the code that it is about.

use crate::page;

/// The source up to its tests.
fn source(path: &str) -> String {
    let text = page::read(path);
    match text.split_once("#[cfg(test)]") {
        Some((code, _tests)) => code.to_owned(),
        None => text,
    }
}

fn rows(page: &str) -> impl Iterator<Item = &str> {
    page.lines().filter(|line| line.starts_with('|'))
}

#[test]
fn the_configuration_page_names_every_setting() {
    let page = page::read("docs/src/configuration.md");
    for path in [
        "kafka-rpc/src/cluster/mod.rs",
        "kafka-rpc/src/cluster/environment.rs",
        "kafka-rpc/src/cluster/credentials.rs",
        "kafka-rpc/src/cluster/topic_settings.rs",
        "kafka-rpc/src/server/builder.rs",
        "kafka-rpc/src/client/builder.rs",
        "kafka-rpc-build/src/builder.rs",
    ] {
        let source = source(path);
        let settings: Vec<&str> = source.split("    pub fn ").skip(1).map(name).collect();
        assert!(!settings.is_empty(), "{path} has no settings");
        for setting in settings {
            let named = [
                format!("{setting}("),
                format!("`{setting}`"),
                format!("::{setting}`"),
            ]
            .iter()
            .any(|form| page.contains(form));
            assert!(named, "{path}: {setting} is not on the page");
        }
    }
}

/// The name at the start of a function without its `fn`.
fn name(function: &str) -> &str {
    let end = function.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    &function[..end.unwrap_or(function.len())]
}

#[test]
fn the_configuration_page_tells_every_property_with_its_value() {
    let page = page::read("docs/src/configuration.md");
    let source = source("kafka-rpc/src/transport/kafka/config.rs");
    let properties: Vec<(&str, &str)> = source
        .lines()
        .filter_map(|line| line.split_once("(\"")?.1.split_once("\")"))
        .filter_map(|(pair, _)| pair.split_once("\", \""))
        .collect();
    assert!(properties.len() > 20, "{properties:?}");
    for (name, value) in properties {
        let told = rows(&page).any(|row| {
            let mut cells = row.split('|').skip(1);
            let (names, values) = (cells.next(), cells.next());
            names.is_some_and(|names| names.contains(&format!("`{name}`")))
                && values.is_some_and(|values| values.contains(&format!("`{value}`")))
        });
        assert!(told, "{name}={value} is not on the page");
    }
}

#[test]
fn the_configuration_page_names_every_environment_variable_and_feature() {
    let page = page::read("docs/src/configuration.md");
    let source = source("kafka-rpc/src/cluster/environment.rs");
    let variables: Vec<&str> = source
        .split("\"KAFKA_")
        .skip(1)
        .map(|rest| rest.split(['"', ' ']).next().unwrap_or(rest))
        .collect();
    assert!(variables.len() > 5, "{variables:?}");
    for variable in variables {
        assert!(
            page.contains(&format!("`KAFKA_{variable}`")),
            "KAFKA_{variable}"
        );
    }

    let manifest = page::read("kafka-rpc/Cargo.toml");
    let (_, features) = manifest.split_once("[features]\n").expect("features");
    let (features, _) = features.split_once("\n[").expect("what follows");
    let features = features.lines().filter_map(|line| line.split_once(" = ["));
    // Two underscores: not for users.
    for feature in features.filter(|(name, _)| !name.starts_with("__")) {
        assert!(
            page.contains(&format!("| `{}` |", feature.0)),
            "{}",
            feature.0
        );
    }
}

#[test]
fn the_wire_contract_names_every_header() {
    let page = page::read("docs/src/wire-contract.md");
    let source = source("kafka-rpc/src/wire/names.rs");
    let headers: Vec<&str> = source.split('"').skip(1).step_by(2).collect();
    assert!(headers.len() > 8, "{headers:?}");
    for header in headers {
        assert!(
            rows(&page).any(|row| row.starts_with(&format!("| `{header}` |"))),
            "{header}"
        );
    }
}

#[test]
fn the_observability_page_has_the_tables_of_the_code() {
    let page = page::read("docs/src/observability.md");
    let source = page::read("kafka-rpc/src/telemetry/mod.rs");
    let tables: Vec<&str> = source
        .lines()
        .filter_map(|line| line.strip_prefix("//! "))
        .filter(|line| line.starts_with('|'))
        .collect();
    assert!(tables.len() > 30, "{tables:?}");
    for row in tables {
        assert!(rows(&page).any(|shown| shown == row), "{row}");
    }
}

#[test]
fn the_architecture_names_what_is_there() {
    let page = page::read("ARCHITECTURE.md");
    let mut code = String::new();
    for folder in [
        "kafka-rpc/src",
        "kafka-rpc-build/src",
        "kafka-rpc-macros/src",
    ] {
        page::read_all(folder, &mut code);
    }
    let (_, text) = page
        .split_once("\n## The life of a call")
        .expect("the text");
    let names: Vec<&str> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| name.contains("::") || name.starts_with(char::is_uppercase))
        .map(|name| name.rsplit("::").next().unwrap_or(name))
        .filter(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_'))
        // Codes, and what is generated for the page's example.
        .filter(|name| name.chars().any(char::is_lowercase) && !name.starts_with("Orders"))
        .collect();
    assert!(names.len() > 40, "{names:?}");
    for name in names {
        let there = [
            "struct ", "enum ", "trait ", "fn ", "mod ", "type ", "const ",
        ]
        .iter()
        .any(|keyword| code.contains(&format!("{keyword}{name}")))
            || code.contains(&format!("{name}: "))
            || code.contains(&format!("    {name},"));
        assert!(there, "{name} is not in the code any more");
    }
}

#[test]
fn the_map_of_the_architecture_shows_folders_that_are_there() {
    let page = page::read("ARCHITECTURE.md");
    let (_, map) = page.split_once("```text\n").expect("the map");
    let (map, _) = map.split_once("\n```").expect("its end");
    let mut above = "";
    for line in map.lines() {
        let folder = line.trim_start().split(' ').next().unwrap_or_default();
        let path = if line.starts_with(' ') {
            format!("{above}{folder}")
        } else {
            above = folder;
            folder.to_owned()
        };
        assert!(page::root().join(&path).is_dir(), "{path}");
    }
}
