use super::*;

#[tokio::test]
async fn an_unknown_method_is_unimplemented() {
    let mut probe = Probe::start().await;
    for method in [
        "tests.v1.Desk/Fly",
        "tests.v2.Desk/Ask",
        "Ask",
        "",
        "tests.v1.Desk/Place",
    ] {
        let request = probe.request().header("rpc-method", method);
        let says = format!("{method} is no method that topic {} serves", probe.topic);
        let says = says.trim_start().to_owned();
        probe.refuses(request, Code::Unimplemented, &says).await;
    }
}

#[tokio::test]
async fn a_method_whose_name_is_no_text_is_an_invalid_argument() {
    let mut probe = Probe::start().await;
    let request = probe.request().header("rpc-method", [0xff, 0]);
    probe
        .refuses(request, Code::InvalidArgument, "`rpc-method`")
        .await;
}

#[tokio::test]
async fn a_malformed_timeout_is_an_invalid_argument() {
    let mut probe = Probe::start().await;
    for timeout in ["5days", "S", "", "-5S", "123456789S", "5 S", "5s"] {
        let request = probe.request().header("grpc-timeout", timeout);
        probe
            .refuses(request, Code::InvalidArgument, "`grpc-timeout`")
            .await;
    }
}

#[tokio::test]
async fn an_unknown_content_type_is_an_invalid_argument() {
    let mut probe = Probe::start().await;
    for content_type in ["text/plain", "", "application/avro"] {
        let request = probe.request().header("content-type", content_type);
        probe
            .refuses(request, Code::InvalidArgument, "`content-type`")
            .await;
    }
}

#[tokio::test]
async fn an_unknown_frame_is_an_invalid_argument() {
    let mut probe = Probe::start().await;
    for (frame, says) in [("status", "`rpc-frame`"), ("half-close", "`rpc-seq`")] {
        let request = probe.request().header("rpc-frame", frame);
        probe.refuses(request, Code::InvalidArgument, says).await;
    }
}

#[tokio::test]
async fn a_header_of_the_contract_that_comes_twice_is_an_invalid_argument() {
    let mut probe = Probe::start().await;
    let headers = [
        ("rpc-method", "tests.v1.Desk/Ask"),
        ("grpc-timeout", "5S"),
        ("content-type", "application/protobuf"),
        ("rpc-frame", "cancel"),
    ];
    for (name, value) in headers {
        let request = probe.request().header(name, value).header(name, value);
        let says = format!("`{name}` comes more than once");
        probe.refuses(request, Code::InvalidArgument, &says).await;
    }
}

#[tokio::test]
async fn a_header_of_the_contract_whose_value_is_null_is_as_an_empty_one() {
    let mut probe = Probe::start().await;
    let request = probe.request().null_header("grpc-timeout");
    probe
        .refuses(request, Code::InvalidArgument, "`grpc-timeout`")
        .await;
    let request = probe.anonymous().null_header("kafka_correlationId");
    probe.steps_past(request).await;
}

#[tokio::test]
async fn more_than_64_headers_are_refused() {
    let mut probe = Probe::start().await;
    let full = |record: Record, count: usize| {
        let names = record.headers.len()..count;
        names.fold(record, |record, n| record.header(format!("h{n}"), "v"))
    };
    let good = full(probe.request().message(&Order::number(1)), 64);
    probe.foreign.write(good).await;
    assert_eq!(probe.replies.next().await.get("grpc-status"), None);
    assert_eq!(probe.handled.next("64 headers are handled").await, 1);
    probe.written += 1;
    let bad = full(probe.request(), 65);
    probe
        .refuses(
            bad,
            Code::ResourceExhausted,
            "65 headers are over the limit of 64",
        )
        .await;
}

#[tokio::test]
async fn more_than_16_kib_of_headers_are_refused() {
    let mut probe = Probe::start().await;
    let bad = probe.request().header("x-report", vec![b'x'; 16 * 1024]);
    probe
        .refuses(bad, Code::ResourceExhausted, "x-report")
        .await;
    let many = (0..30).fold(probe.request(), |record, n| {
        record.header(format!("h{n}"), vec![b'x'; 600])
    });
    probe
        .refuses(many, Code::ResourceExhausted, "over the limit of 16384")
        .await;
}
