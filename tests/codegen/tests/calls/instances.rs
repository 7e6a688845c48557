use std::sync::{Arc, Mutex};

use kafka_rpc::{Answers, Code, Request, Response, Routing, Status};
use kafka_rpc_tests_codegen::instances::{self, Cache, CacheClient, CacheServer, Key};

use crate::direct::Direct;

/// Notes the keys of the calls that it handles.
#[derive(Default)]
struct Keys(Mutex<Vec<Option<Vec<u8>>>>);

impl Keys {
    fn note<T>(&self, request: &Request<T>) {
        let key = request.key().map(<[u8]>::to_vec);
        self.0.lock().expect("no panic").push(key);
    }
}

impl Cache for Keys {
    async fn get(&self, request: Request<Key>) -> Result<Response<String>, Status> {
        self.note(&request);
        Ok(Response::new(request.into_inner().name))
    }

    async fn forget(&self, request: Request<Key>) -> Result<Response<u64>, Status> {
        self.note(&request);
        Ok(Response::new(1))
    }

    async fn clear(&self, request: Request<Key>) -> Result<Response<instances::Answers>, Status> {
        self.note(&request);
        Ok(Response::new(instances::Answers { cleared: 1 }))
    }
}

#[tokio::test]
async fn a_call_to_all_instances_is_sent_like_a_unary_one_and_asks_for_answers() {
    let keys = Arc::<Keys>::default();
    let mut cache = CacheClient::new(Direct::to(CacheServer::from_arc(Arc::clone(&keys))));
    let key = Key {
        name: "hall".to_owned(),
    };
    let got = cache.get(key.clone()).await.expect("a reply");
    assert_eq!(got.into_inner(), "hall");

    let forgotten: Result<Response<Answers<u64>>, Status> = cache.forget(key.clone()).await;
    let mut request = Request::new(key);
    request.set_answers(1);
    request.set_key("a key of the caller");
    let cleared: Result<Response<Answers<instances::Answers>>, Status> = cache.clear(request).await;
    // What stands in for Kafka hands back the server's own reply, which is no stream of answers.
    let refused = [
        ("instances.Cache/Forget", forgotten.expect_err("one reply")),
        ("instances.Cache/Clear", cleared.expect_err("one reply")),
    ];
    for (path, status) in refused {
        assert_eq!(status.code(), Code::Internal);
        assert!(status.message().contains(path), "{status}");
    }
    let seen = keys.0.lock().expect("no panic").clone();
    let expected = ["hall", "hall", "a key of the caller"];
    assert_eq!(seen, expected.map(|key| Some(key.as_bytes().to_vec())));
}

#[tokio::test]
async fn calls_to_all_instances_move_between_threads() {
    let mut cache = CacheClient::new(Direct::to(CacheServer::new(Keys::default())));
    let call = tokio::spawn(async move { cache.forget(Key::default()).await });
    let status = call.await.expect("no panic").expect_err("one reply");
    assert_eq!(status.code(), Code::Internal);
}

#[test]
fn the_description_says_which_methods_go_to_all_instances() {
    let routings = <CacheClient>::DESCRIPTOR.methods.iter();
    let routings = routings.map(|method| (method.name, method.routing, method.topic));
    assert_eq!(
        routings.collect::<Vec<_>>(),
        [
            ("Get", Routing::One, None),
            ("Forget", Routing::All, None),
            ("Clear", Routing::All, Some("cache.clear")),
        ]
    );
}
