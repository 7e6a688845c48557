//! Services with their options, checked and ready to be written.

mod key;
mod method;
mod names;
mod policy;
mod redelivery;
mod repeats;
mod topics;

use std::collections::HashMap;

use prost_reflect::{DescriptorPool, ServiceDescriptor};

use crate::error::Problem;
use crate::options::{Given, Options};
use crate::source::{Site, Sources};
pub(crate) use method::MethodPlan;

/// The field numbers of `descriptor.proto` that lead to the name and the options of an element.
const SERVICE_OPTIONS: i32 = 3;
const METHOD_OPTIONS: i32 = 4;
const NAME: i32 = 1;

/// What is written for one service.
#[derive(Debug)]
pub(crate) struct ServicePlan {
    /// The name of the trait.
    pub(crate) rust_name: String,
    /// The full name on the wire.
    pub(crate) name: String,
    pub(crate) deprecated: bool,
    pub(crate) per_service: bool,
    pub(crate) topic: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) methods: Vec<MethodPlan>,
}

/// Checks every service for which code is to be written; the plans by full name. What `externs`
/// cover has its code elsewhere.
pub(crate) fn plan(
    pool: &DescriptorPool,
    sources: &Sources,
    has_services: bool,
    externs: &[String],
) -> Result<HashMap<String, ServicePlan>, Vec<Problem>> {
    let mut problems = Vec::new();
    let is_external = |name: &str| externs.iter().any(|path| covers(path, name));
    let services: Vec<Service> = pool
        .services()
        .filter(|service| has_services && !is_external(service.full_name()))
        .map(|service| Service::read(service, sources))
        .collect();
    names::check_types(pool, sources, is_external, &mut problems);
    let rust_names = names::of_services(pool, &services, &mut problems);
    topics::check_collisions(&services, &mut problems);
    let plans = services
        .iter()
        .zip(rust_names)
        .map(|(service, rust_name)| {
            let plan = service.plan(rust_name, &mut problems);
            (plan.name.clone(), plan)
        })
        .collect();
    if problems.is_empty() {
        Ok(plans)
    } else {
        Err(problems)
    }
}

/// Whether an extern path, such as `.bank.v1`, stands for a type or a package above it.
fn covers(path: &str, name: &str) -> bool {
    let path = path.trim_start_matches('.');
    match name.strip_prefix(path) {
        Some(rest) => rest.is_empty() || path.is_empty() || rest.starts_with('.'),
        None => false,
    }
}

/// A service as it stands in its `.proto`, with what its options say.
struct Service<'a> {
    descriptor: ServiceDescriptor,
    sources: &'a Sources,
    topics: Option<Given<String>>,
    topic: Option<Given<String>>,
    group: Option<Given<String>>,
    methods: Vec<method::Method<'a>>,
}

impl<'a> Service<'a> {
    fn read(descriptor: ServiceDescriptor, sources: &'a Sources) -> Self {
        let options = Options::of_service(&descriptor);
        Self {
            sources,
            topics: options.choice("topics"),
            topic: options.text("topic"),
            group: options.text("group"),
            methods: descriptor
                .methods()
                .map(|method| method::Method::read(method, sources))
                .collect(),
            descriptor,
        }
    }

    fn site(&self) -> Site<'a> {
        Site {
            sources: self.sources,
            file: self.descriptor.parent_file(),
            path: self.descriptor.path().to_vec(),
            element: self.descriptor.full_name().to_owned(),
        }
    }

    fn is_per_service(&self) -> bool {
        (self.topics.as_ref()).is_some_and(|topics| topics.value == "PER_SERVICE")
    }

    fn plan(&self, rust_name: String, problems: &mut Vec<Problem>) -> ServicePlan {
        topics::check_service(self, problems);
        names::check_functions(&self.methods, problems);
        let methods = self
            .methods
            .iter()
            .map(|method| method.plan(problems))
            .collect();
        let options = &self.descriptor.service_descriptor_proto().options;
        ServicePlan {
            rust_name,
            name: self.descriptor.full_name().to_owned(),
            deprecated: options.as_ref().is_some_and(|options| options.deprecated()),
            per_service: self.is_per_service(),
            topic: self.topic.as_ref().map(|topic| topic.value.clone()),
            group: self.group.as_ref().map(|group| group.value.clone()),
            methods,
        }
    }

    /// Points at the value of one of the service's options.
    fn problem_at(&self, given: &Given<String>, problem: Problem) -> Problem {
        let word = given.value.as_str();
        let place = self
            .site()
            .option_value(SERVICE_OPTIONS, given.extension, given.field, word);
        problem.at(place)
    }
}
