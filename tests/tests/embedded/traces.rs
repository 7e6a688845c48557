//! W3C's trace headers travel with calls, whether somebody records spans here or not.

use kafka_rpc::{Metadata, Request};
use kafka_rpc_tests::service::{DeskClient, Order, Scripted, receipt};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{Sightings, sightings};

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Handles `Ask` by a call of `Place`, and tells the metadata of each.
fn nested(inner: DeskClient) -> (Scripted, Sightings<Metadata>) {
    let (seen, sights) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        seen.tell(request.metadata().clone());
        let mut inner = inner.clone();
        async move {
            if request.method().unwrap().descriptor().name == "Ask" {
                inner.place(Order::default()).await?;
            }
            Ok(receipt(Order::default()))
        }
    });
    (script, sights)
}

fn trace_id(metadata: &Metadata) -> String {
    let parent = metadata.get("traceparent").expect("a traceparent");
    parent
        .to_str()
        .unwrap()
        .split('-')
        .nth(1)
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_callers_trace_goes_on_in_the_handler_and_in_the_calls_that_it_makes() {
    let world = World::embedded();
    let (script, mut sights) = nested(world.client().await);
    let _server = world.desk(script).await;
    let mut request = Request::new(Order::default());
    let headers = [
        ("traceparent", format!("00-{TRACE_ID}-00f067aa0ba902b7-01")),
        ("tracestate", "congo=t61rcWkgMzE".to_owned()),
        ("baggage", "tenant=north".to_owned()),
    ];
    for (name, value) in headers {
        request
            .metadata_mut()
            .insert(name, value.parse().unwrap())
            .unwrap();
    }
    let response = world.client().await.ask(request).await.unwrap();
    let outer = sights.next("the outer handler runs").await;
    assert_eq!(
        outer.get("traceparent").unwrap(),
        &*format!("00-{TRACE_ID}-00f067aa0ba902b7-01")
    );
    let inner = sights.next("the inner handler runs").await;
    for metadata in [&outer, &inner] {
        assert_eq!(trace_id(metadata), TRACE_ID);
        assert_eq!(metadata.get("tracestate").unwrap(), "congo=t61rcWkgMzE");
        assert_eq!(metadata.get("baggage").unwrap(), "tenant=north");
    }
    assert_eq!(trace_id(response.metadata()), TRACE_ID);
}

#[tokio::test]
async fn a_call_without_a_trace_has_none_where_nobody_records_spans() {
    let world = World::embedded();
    let (script, mut sights) = nested(world.client().await);
    let _server = world.desk(script).await;
    world.client().await.ask(Order::default()).await.unwrap();
    for what in ["the outer handler runs", "the inner handler runs"] {
        assert!(!sights.next(what).await.contains_key("traceparent"));
    }
}
