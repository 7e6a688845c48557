//! The annotated trait of a service.

use std::collections::{HashMap, HashSet};

use prost_build::{Comments, Method, Service, ServiceGenerator};

use super::descriptor_set;
use crate::service::{MethodPlan, ServicePlan};

/// Which parts of a service are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    pub(crate) client: bool,
    pub(crate) server: bool,
    pub(crate) unimplemented_defaults: bool,
}

/// Writes the traits while prost-build writes the messages beside them.
pub(super) struct TraitWriter {
    plans: HashMap<String, ServicePlan>,
    parts: Parts,
    packages: HashSet<String>,
}

impl TraitWriter {
    pub(super) fn new(plans: HashMap<String, ServicePlan>, parts: Parts) -> Self {
        Self {
            plans,
            parts,
            packages: HashSet::new(),
        }
    }
}

impl ServiceGenerator for TraitWriter {
    fn generate(&mut self, service: Service, buf: &mut String) {
        let full_name = match service.package.as_str() {
            "" => service.proto_name.clone(),
            package => format!("{package}.{}", service.proto_name),
        };
        if let Some(plan) = self.plans.get(&full_name) {
            write_trait(plan, &service, self.parts, buf);
            self.packages.insert(service.package);
        }
    }

    fn finalize_package(&mut self, package: &str, buf: &mut String) {
        if self.packages.contains(package) {
            let file = descriptor_set::file_name(package);
            buf.push_str(&format!(
                "/// The encoded `FileDescriptorSet` of this package and what it imports.\n\
                 pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!({file:?});\n"
            ));
        }
    }
}

fn write_trait(plan: &ServicePlan, service: &Service, parts: Parts, buf: &mut String) {
    write_docs(
        &service.comments,
        &format!("The service `{}`.", plan.name),
        buf,
    );
    if plan.deprecated {
        buf.push_str("#[deprecated]\n");
    }
    let arguments = service_arguments(plan, parts);
    buf.push_str(&format!("#[::kafka_rpc::service({arguments})]\n"));
    buf.push_str(&format!("pub trait {} {{\n", plan.rust_name));
    for (plan, method) in plan.methods.iter().zip(&service.methods) {
        write_method(plan, method, buf);
    }
    buf.push_str("}\n");
}

fn write_method(plan: &MethodPlan, method: &Method, buf: &mut String) {
    write_docs(
        &method.comments,
        &format!("The method `{}`.", plan.name),
        buf,
    );
    if plan.deprecated {
        buf.push_str("#[deprecated]\n");
    }
    let arguments = method_arguments(plan);
    let function = &plan.function;
    let request = request_type(method);
    let reply = reply_type(method);
    buf.push_str(&format!(
        "#[rpc({arguments})]\n\
         async fn {function}(&self, request: ::kafka_rpc::Request<{request}>)\n\
         -> ::core::result::Result<::kafka_rpc::Response<{reply}>, ::kafka_rpc::Status>;\n"
    ));
}

fn request_type(method: &Method) -> String {
    let message = &method.input_type;
    if method.client_streaming {
        format!("::kafka_rpc::Streaming<{message}>")
    } else {
        message.clone()
    }
}

fn reply_type(method: &Method) -> String {
    let message = &method.output_type;
    if method.server_streaming {
        format!(
            "impl ::kafka_rpc::codegen::Stream<\
             Item = ::core::result::Result<{message}, ::kafka_rpc::Status>> \
             + ::core::marker::Send"
        )
    } else {
        message.clone()
    }
}

/// The comments of the `.proto`, or a line of our own where it has none.
fn write_docs(comments: &Comments, otherwise: &str, buf: &mut String) {
    if comments.leading.is_empty() && comments.trailing.is_empty() {
        buf.push_str(&format!("/// {otherwise}\n"));
    } else {
        comments.append_with_indent(0, buf);
    }
}

fn service_arguments(plan: &ServicePlan, parts: Parts) -> String {
    let mut arguments = format!("name = {:?}", plan.name);
    if plan.per_service {
        arguments.push_str(", topics = \"PER_SERVICE\"");
    }
    push(&mut arguments, "topic", plan.topic.as_deref());
    push(&mut arguments, "group", plan.group.as_deref());
    if !parts.client {
        arguments.push_str(", client = false");
    }
    if !parts.server {
        arguments.push_str(", server = false");
    }
    if parts.unimplemented_defaults {
        arguments.push_str(", unimplemented_defaults = true");
    }
    arguments + ", descriptor_set = FILE_DESCRIPTOR_SET"
}

fn method_arguments(plan: &MethodPlan) -> String {
    let mut arguments = format!(
        "name = {:?}, input = {:?}, output = {:?}",
        plan.name, plan.input, plan.output
    );
    push(&mut arguments, "key", plan.key.as_deref());
    push(&mut arguments, "delivery", plan.delivery.as_deref());
    push(&mut arguments, "idempotency", plan.idempotency);
    push(&mut arguments, "topic", plan.topic.as_deref());
    if plan.resumable {
        arguments.push_str(", resumable = true");
    }
    push(&mut arguments, "routing", plan.routing.as_deref());
    if let Some((name, policy)) = &plan.repeats {
        arguments.push_str(&format!(", {name} = {policy}"));
    }
    if let Some(policy) = &plan.redelivery {
        arguments.push_str(&format!(", redelivery = {policy}"));
    }
    if plan.deduplicated {
        arguments.push_str(", deduplicated = true");
    }
    arguments
}

fn push(arguments: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        arguments.push_str(&format!(", {name} = {value:?}"));
    }
}
