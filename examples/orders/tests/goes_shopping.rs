//! The example does what it says.

use std::process::Command;

#[test]
fn orders_are_placed_in_order_and_refused_with_details() {
    let output = Command::new(env!("CARGO_BIN_EXE_orders"))
        .arg("--embedded")
        .output()
        .expect("the example starts");
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8_lossy(&output.stdout);
    let mut lines = printed.lines();
    for expected in [
        "handled by process",
        r#"  Order { order_id: "order-1", customer_id: "ann", article: "tea""#,
        r#"  Order { order_id: "order-2", customer_id: "ann", article: "mug""#,
        r#"  Order { order_id: "order-3", customer_id: "ann", article: "samovar""#,
        "too many: ",
        r#"  OutOfStock { article: "samovar", left: 39 }"#,
        "too slow: code: 'Deadline expired",
        "not found: there is no order order-0",
    ] {
        let line = lines.next().unwrap_or_default();
        assert!(line.starts_with(expected), "{line:?} is not {expected:?}");
    }
}
