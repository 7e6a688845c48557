use super::*;
use crate::call::Code;
use crate::error::Error;

fn config_error(service: ServiceDescriptor) -> String {
    let service = Box::leak(Box::new(service));
    match JsonCodec::new([&*service].into_iter(), MAX_REPLY) {
        Err(Error::Config(message)) => message,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn each_method_has_its_own_messages() {
    let now = method(&SHAPES, "Now");
    assert_eq!(CODEC.decode(now, b"{}").unwrap(), "");
    let timestamp = prost_types::Timestamp {
        seconds: 1,
        nanos: 0,
    };
    let json = CODEC.encode(now, &timestamp.encode_to_vec()).unwrap();
    assert_eq!(json, r#""1970-01-01T00:00:01Z""#);
}

#[test]
fn services_share_a_descriptor_set_or_have_files_of_the_same_name_and_other_content() {
    fn set(message: &str) -> &'static [u8] {
        let file = prost_types::FileDescriptorProto {
            name: Some("service.proto".into()),
            package: Some("demo".into()),
            message_type: vec![prost_types::DescriptorProto {
                name: Some(message.into()),
                ..Default::default()
            }],
            ..Default::default()
        };
        let set = prost_types::FileDescriptorSet { file: vec![file] };
        set.encode_to_vec().leak()
    }
    const A: &[MethodDescriptor] =
        &[MethodDescriptor::new("A", "demo.A/A").messages("demo.M", "demo.M")];
    const B: &[MethodDescriptor] =
        &[MethodDescriptor::new("B", "demo.B/B").messages("demo.M", "demo.M")];
    const C: &[MethodDescriptor] =
        &[MethodDescriptor::new("C", "demo.C/C").messages("demo.N", "demo.N")];
    let shared = set("M");
    let services: &'static [ServiceDescriptor] = vec![
        ServiceDescriptor::new("demo.A", A).file_descriptor_set(shared),
        ServiceDescriptor::new("demo.B", B).file_descriptor_set(shared),
        ServiceDescriptor::new("demo.C", C).file_descriptor_set(set("N")),
    ]
    .leak();
    let codec = JsonCodec::new(services.iter(), MAX_REPLY).unwrap();
    for service in services {
        let method = Method::new(service, 0).unwrap();
        assert_eq!(codec.encode(method, b"").unwrap(), "{}");
    }
}

#[test]
fn a_method_without_descriptors_is_unimplemented_and_says_what_to_send() {
    static IN_CODE: ServiceDescriptor = ServiceDescriptor::new(
        "demo.Echo",
        &[MethodDescriptor::new("Say", "demo.Echo/Say")],
    );
    let codec = JsonCodec::new([&IN_CODE].into_iter(), MAX_REPLY).unwrap();
    for status in [
        codec.decode(method(&IN_CODE, "Say"), b"{}").unwrap_err(),
        codec.encode(method(&IN_CODE, "Say"), b"").unwrap_err(),
    ] {
        assert_eq!(status.code(), Code::Unimplemented);
        assert_eq!(
            status.message(),
            "demo.Echo/Say can't be called in JSON: its service was defined in code, so its \
             messages are not described; send application/protobuf"
        );
    }
}

#[test]
fn a_message_that_is_not_in_the_set_is_an_error_at_the_start() {
    const METHODS: &[MethodDescriptor] =
        &[MethodDescriptor::new("A", "demo.A/A").messages("shapes.v1.Shape", "demo.Gone")];
    let error = config_error(
        ServiceDescriptor::new("demo.A", METHODS).file_descriptor_set(SHAPES.file_descriptor_set),
    );
    assert_eq!(
        error,
        "demo.A/A: demo.Gone is not in the service's descriptor set, which has to be the one that \
         kafka-rpc-build wrote for the service"
    );
}

#[test]
fn a_damaged_descriptor_set_is_an_error_at_the_start() {
    let cut = &SHAPES.file_descriptor_set[..100];
    let error = config_error(ServiceDescriptor::new("demo.A", &[]).file_descriptor_set(cut));
    assert!(
        error.starts_with("the descriptor set of demo.A can't be read: "),
        "{error}"
    );
}
