use super::*;

fn text(value: &str) -> MetadataValue {
    value.parse().unwrap()
}

fn entries(entries: &[(&str, &str)]) -> Metadata {
    let mut metadata = Metadata::new();
    for (key, value) in entries {
        metadata.append(*key, text(value)).unwrap();
    }
    metadata
}

#[test]
fn entries_keep_their_order() {
    let metadata = entries(&[("b", "1"), ("a", "2"), ("b", "3")]);
    assert_eq!(format!("{metadata:?}"), r#"{"b": "1", "a": "2", "b": "3"}"#);
    assert_eq!(metadata.iter().len(), 3);
    assert_eq!(metadata.get_all("b").collect::<Vec<_>>(), ["1", "3"]);
    assert_eq!(metadata.get("b").unwrap(), "1");
}

#[test]
fn names_are_found_in_any_case() {
    let metadata = entries(&[("Tenant", "a")]);
    assert!(metadata.contains_key("TENANT") && metadata.contains_key("tenant"));
    assert_eq!(metadata.get_all("tEnAnT").count(), 1);
    assert_eq!(metadata.get("tenants"), None);
}

#[test]
fn inserting_replaces_all_values_of_the_name_where_the_first_was() {
    let mut metadata = entries(&[("a", "1"), ("b", "2"), ("a", "3"), ("c", "4"), ("a", "5")]);
    assert_eq!(metadata.insert("A", text("6")), Ok(Some(text("1"))));
    assert_eq!(format!("{metadata:?}"), r#"{"a": "6", "b": "2", "c": "4"}"#);
    assert_eq!(metadata.insert("d", text("7")), Ok(None));
}

#[test]
fn appending_tells_whether_the_name_was_there() {
    let mut metadata = Metadata::new();
    assert_eq!(metadata.append("a", text("1")), Ok(false));
    assert_eq!(metadata.append("a", text("2")), Ok(true));
}

#[test]
fn removing_a_name_removes_all_of_its_values() {
    let mut metadata = entries(&[("a", "1"), ("b", "2"), ("a", "3")]);
    assert_eq!(metadata.remove("a"), Some(text("1")));
    assert_eq!(metadata.remove("a"), None);
    assert_eq!(metadata.len(), 1);
}

#[test]
fn merging_takes_the_others_values_of_shared_names() {
    let mut metadata = entries(&[("a", "1"), ("b", "2"), ("a", "3")]);
    metadata.merge(entries(&[("a", "4"), ("c", "5"), ("a", "6")]));
    assert_eq!(
        format!("{metadata:?}"),
        r#"{"b": "2", "a": "4", "c": "5", "a": "6"}"#
    );
    metadata.clear();
    assert!(metadata.is_empty());
}

#[test]
fn any_bytes_go_under_a_binary_name() {
    let every_byte: Vec<u8> = (0..=255).collect();
    let mut metadata = Metadata::new();
    metadata
        .insert_bin("x-bin", MetadataValue::from_bytes(&every_byte))
        .unwrap();
    metadata
        .append_bin("x-bin", MetadataValue::from_bytes(&[]))
        .unwrap();
    metadata
        .append("x-bin", MetadataValue::from_bytes(&[7]))
        .unwrap();
    assert_eq!(metadata.get_bin("x-bin").unwrap().as_bytes(), every_byte);
    assert_eq!(metadata.get_all("x-bin").count(), 3);
}

#[test]
fn bytes_that_are_not_text_are_refused_under_an_ordinary_name() {
    let mut metadata = Metadata::new();
    let error = metadata
        .insert("x", MetadataValue::from_bytes(&[b'a', 0]))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the value of metadata key \"x\" holds the byte 0x00 at index 1; text is printable ASCII, and other bytes \
         need a key that ends in `-bin`"
    );
    let error = metadata
        .append("x", MetadataValue::from_static("é"))
        .unwrap_err();
    assert!(
        error.to_string().contains("the byte 0xc3 at index 0"),
        "{error}"
    );
    assert!(metadata.is_empty());
}

#[test]
fn an_ordinary_name_is_refused_for_binary_values() {
    let mut metadata = entries(&[("x", "1")]);
    let value = MetadataValue::from_bytes(&[1]);
    let error = metadata.insert_bin("x", value.clone()).unwrap_err();
    assert!(error.to_string().contains("such as \"x-bin\""), "{error}");
    assert!(metadata.append_bin("x", value).is_err());
    assert_eq!(metadata.get_bin("x"), None);
}

#[test]
fn a_name_may_come_in_any_form() {
    let mut metadata = Metadata::new();
    let key: MetadataKey = "k".parse().unwrap();
    metadata.append("a", 1.into()).unwrap();
    metadata.append(String::from("b"), 2.into()).unwrap();
    let owned = String::from("c");
    metadata.append(&owned, 3.into()).unwrap();
    assert_eq!(owned, "c");
    metadata.append(&key, 4.into()).unwrap();
    metadata.append(key, 5.into()).unwrap();
    assert_eq!(
        format!("{metadata:?}"),
        r#"{"a": "1", "b": "2", "c": "3", "k": "4", "k": "5"}"#
    );
}

#[test]
fn the_values_of_a_name_can_be_iterated_again() {
    let metadata = entries(&[("a", "1"), ("a", "2")]);
    let all = metadata.get_all("a");
    assert_eq!(all.iter().count(), 2);
    assert_eq!(all.iter().count(), 2);
}

#[test]
fn empty_metadata_owns_no_memory() {
    assert_eq!(Metadata::new().entries.capacity(), 0);
}
