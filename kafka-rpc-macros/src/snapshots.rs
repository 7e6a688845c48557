//! What the attribute expands to, held in files.
//!
//! After a change that is meant to be, `UPDATE_EXPECT=1 cargo test -p kafka-rpc-macros` writes them
//! anew.

use expect_test::expect_file;
use quote::quote;

fn expanded(arguments: proc_macro2::TokenStream, item: proc_macro2::TokenStream) -> String {
    let tokens = crate::expand(arguments, item).to_string();
    let file = syn_3::parse_file(&tokens).expect("the expansion is a Rust file");
    prettyplease::unparse(&file)
}

#[test]
fn the_smallest_service() {
    let actual = expanded(
        quote!(name = "greeter.v1.Greeter"),
        quote! {
            trait Greeter {
                async fn say_hello(
                    &self,
                    request: Request<HelloRequest>,
                ) -> Result<Response<HelloReply>, Status>;
            }
        },
    );
    expect_file!["../tests/snapshots/smallest.rs"].assert_eq(&actual);
}

#[test]
fn a_service_with_every_argument() {
    let actual = expanded(
        quote!(
            name = "shop.v1.Orders",
            topics = "PER_SERVICE",
            topic = "shop.orders",
            group = "order-desk",
            unimplemented_defaults = true,
            descriptor_set = FILE_DESCRIPTOR_SET,
        ),
        quote! {
            /// Takes orders.
            #[deprecated]
            pub(crate) trait Orders: ::core::fmt::Debug {
                /// Places one.
                #[rpc(
                    name = "PlaceOrder",
                    input = "shop.v1.PlaceOrderRequest",
                    output = "shop.v1.PlaceOrderReply",
                    key = "customer?.id",
                    delivery = "AT_MOST_ONCE",
                    idempotency = "NO_SIDE_EFFECTS"
                )]
                async fn place_order(
                    &self,
                    request: ::kafka_rpc::Request<PlaceOrderRequest>,
                ) -> ::core::result::Result<::kafka_rpc::Response<PlaceOrderReply>, ::kafka_rpc::Status>;

                #[deprecated = "place another"]
                #[rpc(key = "self")]
                async fn cancel_order(
                    &self,
                    id: ::kafka_rpc::Request<String>,
                ) -> ::core::result::Result<::kafka_rpc::Response<()>, ::kafka_rpc::Status> {
                    Ok(::kafka_rpc::Response::new(()))
                }
            }
        },
    );
    expect_file!["../tests/snapshots/every_argument.rs"].assert_eq(&actual);
}

#[test]
fn a_service_without_methods_or_client() {
    let actual = expanded(
        quote!(name = "Empty", client = false),
        quote!(
            pub trait Empty {}
        ),
    );
    expect_file!["../tests/snapshots/without_methods_or_client.rs"].assert_eq(&actual);
}

#[test]
fn a_client_without_a_server() {
    let actual = expanded(
        quote!(name = "clock.Clock", server = false),
        quote! {
            pub trait Clock {
                #[rpc(topic = "time.requests")]
                async fn now(&self, request: Request<()>) -> Result<Response<Time>, Status>;
            }
        },
    );
    expect_file!["../tests/snapshots/client_only.rs"].assert_eq(&actual);
}

#[test]
fn a_method_that_goes_to_all_instances() {
    let actual = expanded(
        quote!(name = "cache.v1.Cache", topics = "PER_SERVICE"),
        quote! {
            pub trait Cache {
                #[rpc(routing = "ONE")]
                async fn get(&self, request: Request<String>) -> Result<Response<Entry>, Status>;

                #[rpc(routing = "ALL", key = "self", topic = "cache.forget")]
                async fn forget(&self, request: Request<String>) -> Result<Response<u64>, Status>;
            }
        },
    );
    expect_file!["../tests/snapshots/all_instances.rs"].assert_eq(&actual);
}

#[test]
fn methods_whose_calls_are_repeated() {
    let actual = expanded(
        quote!(name = "prices.v1.Prices", server = false),
        quote! {
            trait Prices {
                #[rpc(retry = RetryPolicy::new().attempts(4))]
                async fn set(&self, request: Request<Price>) -> Result<Response<()>, Status>;

                #[rpc(idempotency = "NO_SIDE_EFFECTS", hedging = HEDGING)]
                async fn get(&self, request: Request<String>) -> Result<Response<Price>, Status>;
            }
        },
    );
    expect_file!["../tests/snapshots/repeats.rs"].assert_eq(&actual);
}

#[test]
fn a_method_whose_calls_take_effect_once() {
    let actual = expanded(
        quote!(name = "bank.v1.Payments", client = false),
        quote! {
            trait Payments {
                #[rpc(key = "account", deduplicated = true, redelivery = AGAIN)]
                async fn pay(&self, request: Request<Payment>) -> Result<Response<()>, Status>;

                #[rpc(deduplicated = false)]
                async fn show(&self, request: Request<String>) -> Result<Response<Payment>, Status>;
            }
        },
    );
    expect_file!["../tests/snapshots/deduplicated.rs"].assert_eq(&actual);
}

#[test]
fn methods_with_streams() {
    let actual = expanded(
        quote!(name = "chat.v1.Rooms", unimplemented_defaults = true),
        quote! {
            pub trait Rooms {
                async fn post(
                    &self,
                    request: Request<Streaming<Line>>,
                ) -> Result<Response<Posted>, Status>;

                #[rpc(key = "name", resumable = true)]
                async fn follow(
                    &self,
                    request: Request<Room>,
                ) -> Result<Response<impl Stream<Item = Result<Line, Status>> + Send>, Status>;

                async fn talk(
                    &self,
                    request: ::kafka_rpc::Request<::kafka_rpc::Streaming<Line>>,
                ) -> ::core::result::Result<
                    ::kafka_rpc::Response<
                        impl ::kafka_rpc::codegen::Stream<
                            Item = ::core::result::Result<Line, ::kafka_rpc::Status>,
                        >,
                    >,
                    ::kafka_rpc::Status,
                >;
            }
        },
    );
    expect_file!["../tests/snapshots/streams.rs"].assert_eq(&actual);
}
