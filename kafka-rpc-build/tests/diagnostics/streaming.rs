use expect_test::expect;

use crate::folder::error_of;

#[test]
fn every_streaming_method_is_named() {
    let proto = "syntax = \"proto3\";
package shop.v1;
message Request {}
service Orders {
  rpc Watch(Request) returns (stream Request);
  rpc Place(Request) returns (Request);
  rpc Upload(stream Request) returns (Request);
  rpc Chat(stream Request) returns (stream Request);
}
";
    expect![[r#"
        streaming methods are not supported yet, and `shop.v1.Orders.Watch` is one
         --> shop.proto:5:31
          |
        5 |   rpc Watch(Request) returns (stream Request);
          |                               ^^^^^^

        error: streaming methods are not supported yet, and `shop.v1.Orders.Upload` is one
         --> shop.proto:7:14
          |
        7 |   rpc Upload(stream Request) returns (Request);
          |              ^^^^^^

        error: streaming methods are not supported yet, and `shop.v1.Orders.Chat` is one
         --> shop.proto:8:12
          |
        8 |   rpc Chat(stream Request) returns (stream Request);
          |            ^^^^^^"#]]
    .assert_eq(&error_of(proto));
}
