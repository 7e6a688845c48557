//! Runs a scenario so many times: `kafka-rpc-instructions call-1-in-flight 1000`.

use kafka_rpc::BoxError;
use kafka_rpc_instructions::SCENARIOS;

fn main() -> Result<(), BoxError> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(times), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("name a scenario, and how many times to run it".into());
    };
    let scenario = SCENARIOS
        .iter()
        .find(|scenario| scenario.name == name)
        .ok_or_else(|| format!("there is no scenario {name}"))?;
    (scenario.run)(times.parse()?)
}
