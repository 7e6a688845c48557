//! Arguments of `#[service]` that are not understood.

#[kafka_rpc_macros::service(nmae = "shop.v1.Orders")]
trait UnknownArgument {}

#[kafka_rpc_macros::service(name = "shop.v1.Orders", colour = "red")]
trait UnlikeAnyArgument {}

#[kafka_rpc_macros::service(name = "shop.v1.Orders", name = "shop.v1.Orders")]
trait TwiceGiven {}

#[kafka_rpc_macros::service]
trait WithoutName {}

#[kafka_rpc_macros::service(name = "shop v1 Orders")]
trait BadName {}

#[kafka_rpc_macros::service(name = shop)]
trait NameIsNoString {}

#[kafka_rpc_macros::service(name)]
trait NameHasNoValue {}

#[kafka_rpc_macros::service(name = "shop.v1.Orders", client = "no")]
trait SwitchIsNoBool {}

#[kafka_rpc_macros::service(name = "shop.v1.Orders", topics = "PER_SERVISE")]
trait UnknownLayout {}

#[kafka_rpc_macros::service(name = "shop.v1.Orders", topics = "PER_SERVICE", topic = "shop/orders")]
trait BadTopic {}

#[kafka_rpc_macros::service(name = "shop.v1.Orders", topic = "shop.orders")]
trait TopicWithoutPerService {}

#[kafka_rpc_macros::service(name = "shop.v1.Orders", group = "")]
trait EmptyGroup {}

fn main() {}
