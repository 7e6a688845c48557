//! The example does what it says.

use std::process::Command;

#[test]
fn the_second_server_goes_on_where_the_first_ended() {
    let output = Command::new(env!("CARGO_BIN_EXE_prices"))
        .env_remove("KAFKA_BROKERS")
        .output()
        .expect("the example starts");
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8_lossy(&output.stdout);
    let prices: Vec<Vec<&str>> = printed
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|fields| fields.len() == 3)
        .collect();
    let numbers: Vec<u64> = prices
        .iter()
        .map(|price| price[0].parse().unwrap())
        .collect();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>(), "{printed}");
    let servers: Vec<&str> = prices.iter().map(|price| price[2]).collect();
    assert!(servers.is_sorted(), "first, and then second: {printed}");
    assert_eq!((servers[0], servers[19]), ("first", "second"), "{printed}");
    assert!(
        printed.ends_with("20 prices, none missing and none twice\n"),
        "{printed}"
    );
}
