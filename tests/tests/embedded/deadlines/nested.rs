use kafka_rpc_tests::Sightings;

use super::*;

/// A method, and how much time its handler had.
type Sight = (&'static str, Duration);

/// Handles `Ask` by a call of `Place`, which is answered when the gate is open.
async fn nested(world: &World, own: Option<Duration>, gate: &Gate) -> (Scripted, Sightings<Sight>) {
    let (seen, sights) = sightings();
    let (inner, gate) = (world.client().await, gate.clone());
    let script = Scripted::new(move |request: Request<Order>| {
        let method = request.method().unwrap().descriptor().name;
        let (seen, gate, mut inner) = (seen.clone(), gate.clone(), inner.clone());
        seen.tell((method, request.deadline().unwrap().remaining()));
        async move {
            if method == "Ask" {
                let mut request = Request::new(Order::default());
                if let Some(own) = own {
                    request.set_timeout(own);
                }
                return inner.place(request).await;
            }
            let dropped = seen.on_drop(("dropped", Duration::ZERO));
            gate.pass().await;
            dropped.disarm();
            Ok(receipt(Order::default()))
        }
    });
    (script, sights)
}

#[tokio::test]
async fn a_call_made_in_a_handler_inherits_what_is_left_and_can_have_less_but_not_more() {
    const TIMEOUT: Duration = Duration::from_secs(15);
    let gate = Gate::closed();
    gate.open();
    let hour = Duration::from_secs(3600);
    for (own, most) in [
        (None, TIMEOUT),
        (Some(TIMEOUT / 2), TIMEOUT / 2),
        (Some(hour), TIMEOUT),
    ] {
        let world = World::embedded();
        let (script, mut sights) = nested(&world, own, &gate).await;
        let _server = world.desk(script).await;
        world
            .client()
            .await
            .ask(within(TIMEOUT, Order::default()))
            .await
            .unwrap();
        let (outer, had) = sights.next("the outer handler runs").await;
        assert!(outer == "Ask" && had <= TIMEOUT, "{had:?}");
        let (inner, left) = sights.next("the inner handler runs").await;
        assert!(
            inner == "Place" && left <= had && left <= most,
            "{left:?} of {had:?}"
        );
    }
}

#[tokio::test]
async fn a_call_made_in_a_handler_ends_when_the_deadline_of_the_handlers_call_passes() {
    let world = World::embedded();
    let (script, mut sights) = nested(&world, None, &Gate::closed()).await;
    let _server = world.desk(script).await;
    let timeout = 14 * SHORT;
    let begun = Instant::now();
    let outcome = world
        .client()
        .await
        .ask(within(timeout, Order::default()))
        .await;
    assert_exceeded(outcome, begun, timeout);
    assert_eq!(sights.next("the outer handler runs").await.0, "Ask");
    assert_eq!(sights.next("the inner handler runs").await.0, "Place");
    assert_eq!(
        sights.next("the inner handler is dropped").await.0,
        "dropped"
    );
}
