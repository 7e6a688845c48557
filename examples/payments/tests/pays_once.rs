//! The example does what it says.

use std::process::Command;

#[test]
fn each_bill_is_paid_once() {
    let output = Command::new(env!("CARGO_BIN_EXE_payments"))
        .arg("--embedded")
        .output()
        .expect("the example starts");
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8_lossy(&output.stdout);
    let expected = "\
bill-17, asked for a first time: 400 cents paid, 600 left
bill-17, asked for a second time: 400 cents paid, 600 left
bill-18, asked for a first time: 250 cents paid, 350 left
bill-18, asked for a second time: 250 cents paid, 350 left
bill-17 with another sum: the idempotency key belongs to another payment
bill-19, which is too much: ann has not 1000 cents
2 payments of 650 cents in all
";
    assert_eq!(printed, expected);
}
