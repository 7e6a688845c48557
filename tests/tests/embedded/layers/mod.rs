//! `tower` layers and interceptors around handlers and around clients.

mod client;
mod server;

use kafka_rpc::{Request, Response};
use kafka_rpc_tests::service::{Order, Scripted, receipt};

fn step<T>(mut request: Request<T>, name: &'static str) -> Request<T> {
    let name = name.parse().unwrap();
    request.metadata_mut().append("step", name).unwrap();
    request
}

fn step_back<T>(mut response: Response<T>, name: &'static str) -> Response<T> {
    let name = name.parse().unwrap();
    response.metadata_mut().append("step", name).unwrap();
    response
}

/// Answers with the steps that the request took.
fn tells_steps() -> Scripted {
    Scripted::new(|request| async move {
        let steps: Vec<&str> = request
            .metadata()
            .get_all("step")
            .map(|step| step.to_str().unwrap())
            .collect();
        let payload = steps.join(" ").into_bytes();
        Ok(receipt(Order {
            payload,
            ..Order::default()
        }))
    })
}
