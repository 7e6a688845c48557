use std::pin::Pin;
use std::task::{Context, Poll};

use kafka_rpc::{Body, BoxError, Code, Request, Response, Server, Status};
use kafka_rpc_tests::service::{DeskServer, Order, Scripted, receipt};
use kafka_rpc_tests::sightings;
use kafka_rpc_tests::world::{Serving, World, desk};
use tower::util::{MapRequestLayer, MapResponseLayer};
use tower_layer::layer_fn;
use tower_service::Service;

use super::{step, step_back, tells_steps};

#[tokio::test]
async fn the_servers_layer_that_was_added_first_is_the_outermost() {
    let world = World::embedded();
    let builder = desk(tells_steps())
        .layer(MapRequestLayer::new(|request: Request<Body>| {
            step(request, "outer")
        }))
        .layer(MapResponseLayer::new(|response: Response<Body>| {
            step_back(response, "outer")
        }))
        .layer(MapRequestLayer::new(|request: Request<Body>| {
            step(request, "inner")
        }))
        .layer(MapResponseLayer::new(|response: Response<Body>| {
            step_back(response, "inner")
        }));
    let _server = Serving::start(builder.handle(), builder.serve(world.cluster())).await;
    let response = world.client().await.ask(Order::default()).await.unwrap();
    assert_eq!(response.get_ref().payload, b"outer inner");
    let steps: Vec<_> = response
        .metadata()
        .get_all("step")
        .map(|s| s.to_str())
        .collect();
    assert_eq!(steps, [Ok("inner"), Ok("outer")]);
}

#[tokio::test]
async fn an_interceptor_runs_within_the_servers_layers() {
    let world = World::embedded();
    let service =
        DeskServer::with_interceptor(tells_steps(), |request| Ok(step(request, "interceptor")));
    let builder = Server::builder()
        .add_service(service)
        .layer(MapRequestLayer::new(|request: Request<Body>| {
            step(request, "layer")
        }));
    let _server = Serving::start(builder.handle(), builder.serve(world.cluster())).await;
    let response = world.client().await.ask(Order::default()).await.unwrap();
    assert_eq!(response.get_ref().payload, b"layer interceptor");
}

#[tokio::test]
async fn a_handler_sees_the_extensions_of_layers_and_interceptors() {
    #[derive(Clone, Debug, PartialEq)]
    struct User(&'static str);
    #[derive(Clone, Debug, PartialEq)]
    struct Visit(u32);

    let world = World::embedded();
    let (seen, mut sights) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        let extensions = request.extensions();
        seen.tell((
            extensions.get::<User>().cloned(),
            extensions.get::<Visit>().cloned(),
        ));
        async { Ok(receipt(Order::default())) }
    });
    let service = DeskServer::with_interceptor(script, |mut request: Request<()>| {
        request.extensions_mut().insert(Visit(3));
        Ok(request)
    });
    let layer = MapRequestLayer::new(|mut request: Request<Body>| {
        request.extensions_mut().insert(User("ada"));
        request
    });
    let builder = Server::builder().add_service(service).layer(layer);
    let _server = Serving::start(builder.handle(), builder.serve(world.cluster())).await;
    world.client().await.ask(Order::default()).await.unwrap();
    let sight = sights.next("the handler runs").await;
    assert_eq!(sight, (Some(User("ada")), Some(Visit(3))));
}

#[tokio::test]
async fn an_interceptor_and_a_layer_see_the_facts_of_the_call() {
    let world = World::embedded();
    let (seen, mut sights) = sightings();
    let facts = move |request: &RequestFacts| seen.tell(request.clone());
    let told = facts.clone();
    let service = DeskServer::with_interceptor(Scripted::echo(), move |request: Request<()>| {
        facts(&RequestFacts::of(&request));
        Ok(request)
    });
    let builder = Server::builder()
        .add_service(service)
        .layer(MapRequestLayer::new(move |request: Request<Body>| {
            told(&RequestFacts::of(&request));
            request
        }));
    let _server = Serving::start(builder.handle(), builder.serve(world.cluster())).await;
    world
        .client()
        .await
        .place(Order::of("ada", 0))
        .await
        .unwrap();
    let expected = RequestFacts {
        method: Some("tests.v1.Desk/Place"),
        key: Some(b"ada".to_vec()),
        topic: Some(world.name("tests.v1.Desk.Place")),
        has_deadline: true,
    };
    assert_eq!(sights.next("the layer runs").await, expected);
    assert_eq!(sights.next("the interceptor runs").await, expected);
}

#[derive(Clone, Debug, PartialEq)]
struct RequestFacts {
    method: Option<&'static str>,
    key: Option<Vec<u8>>,
    topic: Option<String>,
    has_deadline: bool,
}

impl RequestFacts {
    fn of<T>(request: &Request<T>) -> Self {
        Self {
            method: request.method().map(|method| method.descriptor().path),
            key: request.key().map(<[u8]>::to_vec),
            topic: request.origin().map(|origin| origin.topic.to_string()),
            has_deadline: request.deadline().is_some(),
        }
    }
}

#[tokio::test]
async fn a_call_that_a_servers_interceptor_refuses_is_not_handled() {
    let world = World::embedded();
    let (seen, mut sights) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        seen.tell(request.get_ref().number);
        async { Ok(receipt(Order::default())) }
    });
    let service = DeskServer::with_interceptor(script, |request: Request<()>| {
        if request.metadata().contains_key("token") {
            Ok(request)
        } else {
            Err(Status::unauthenticated("no token"))
        }
    });
    let _server = world.serve(Server::builder().add_service(service)).await;
    let mut desk = world.client().await;
    let status = desk.ask(Order::number(1)).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Unauthenticated, "no token")
    );
    let mut request = Request::new(Order::number(2));
    request.metadata_mut().insert("token", 1.into()).unwrap();
    desk.ask(request).await.unwrap();
    assert_eq!(sights.so_far(), [2]);
}

/// Refuses calls without a token, with an error that knows nothing of statuses where asked so.
#[derive(Clone)]
struct Guarded<S>(S);

impl<S> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let refusal = match request
            .metadata()
            .get("token")
            .map(|token| token.as_bytes())
        {
            Some(b"good") => {
                let reply = self.0.call(request);
                return Box::pin(async { reply.await.map_err(Into::into) });
            }
            Some(_) => BoxError::from("the guard sleeps"),
            None => BoxError::from(Status::permission_denied("the guard says no")),
        };
        Box::pin(async { Err(refusal) })
    }
}

#[tokio::test]
async fn a_layers_status_arrives_and_another_error_of_a_layer_is_unknown() {
    let world = World::embedded();
    let builder = desk(Scripted::echo()).layer(layer_fn(Guarded));
    let _server = Serving::start(builder.handle(), builder.serve(world.cluster())).await;
    let mut desk = world.client().await;
    let with_token = |token: &str| {
        let mut request = Request::new(Order::number(1));
        request
            .metadata_mut()
            .insert("token", token.parse().unwrap())
            .unwrap();
        request
    };
    let status = desk.ask(Order::number(1)).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::PermissionDenied, "the guard says no")
    );
    let status = desk.ask(with_token("bad")).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Unknown, "the guard sleeps")
    );
    assert_eq!(
        desk.ask(with_token("good")).await.unwrap().get_ref().number,
        1
    );
}
