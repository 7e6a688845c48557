use super::*;

/// Handles `Ask` by a call of `Place`, which is never answered; tells how much time each had.
async fn nested(
    world: &World,
    own: Option<Duration>,
) -> (
    Scripted,
    kafka_rpc_tests::Sightings<(&'static str, Duration)>,
) {
    let (seen, sights) = sightings();
    let inner = world.client().await;
    let script = Scripted::new(move |request: Request<Order>| {
        let method = request.method().unwrap().descriptor().name;
        let (seen, mut inner) = (seen.clone(), inner.clone());
        seen.tell((method, request.deadline().unwrap().remaining()));
        async move {
            if method == "Ask" {
                let mut request = Request::new(Order::default());
                if let Some(own) = own {
                    request.set_timeout(own);
                }
                return inner.place(request).await;
            }
            let _running = seen.on_drop(("dropped", Duration::ZERO));
            pending().await
        }
    });
    (script, sights)
}

#[tokio::test]
async fn a_call_made_in_a_handler_inherits_what_is_left_of_its_deadline() {
    let world = World::embedded();
    let (script, mut sights) = nested(&world, None).await;
    let _server = world.desk(script).await;
    let timeout = Duration::from_millis(600);
    let begun = Instant::now();
    let outcome = world
        .client()
        .await
        .ask(within(timeout, Order::default()))
        .await;
    assert_exceeded(outcome, begun, timeout);
    let (outer, had) = sights.next("the outer handler runs").await;
    assert!(outer == "Ask" && had <= timeout);
    let (inner, left) = sights.next("the inner handler runs").await;
    assert!(inner == "Place" && left <= had, "{left:?} of {had:?}");
    assert_eq!(
        sights.next("the inner handler is dropped").await.0,
        "dropped"
    );
}

#[tokio::test]
async fn a_call_made_in_a_handler_can_have_less_time_but_not_more() {
    let world = World::embedded();
    for (own, expected) in [(SHORT, SHORT), (Duration::from_secs(3600), 4 * SHORT)] {
        let (script, mut sights) = nested(&world, Some(own)).await;
        let server = world.desk(script).await;
        let begun = Instant::now();
        let outcome = world
            .client()
            .await
            .ask(within(4 * SHORT, Order::default()))
            .await;
        assert_exceeded(outcome, begun, expected);
        sights.next("the outer handler runs").await;
        let (_, left) = sights.next("the inner handler runs").await;
        assert!(left <= expected, "{left:?}");
        server.shutdown().await;
    }
}
