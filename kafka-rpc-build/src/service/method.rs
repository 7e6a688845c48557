//! One method: what its options say, and what is written for it.

use prost_reflect::MethodDescriptor;
use prost_types::method_options::IdempotencyLevel;

use super::{METHOD_OPTIONS, NAME, key};
use crate::error::Problem;
use crate::ident;
use crate::options::{Given, Options};
use crate::source::{Site, Sources};

/// The field numbers of `MethodDescriptorProto` for the word `stream`.
const CLIENT_STREAMING: i32 = 5;
const SERVER_STREAMING: i32 = 6;

/// What is written for one method.
#[derive(Debug)]
pub(crate) struct MethodPlan {
    /// The name of the function.
    pub(crate) function: String,
    /// The name on the wire.
    pub(crate) name: String,
    pub(crate) input: String,
    pub(crate) output: String,
    pub(crate) deprecated: bool,
    /// The key as a path of Rust fields, a `?` behind each step that is an `Option`.
    pub(crate) key: Option<String>,
    pub(crate) delivery: Option<String>,
    pub(crate) idempotency: Option<&'static str>,
    pub(crate) topic: Option<String>,
}

/// A method as it stands in its `.proto`, with what its options say.
pub(super) struct Method<'a> {
    pub(super) descriptor: MethodDescriptor,
    sources: &'a Sources,
    key: Option<Given<String>>,
    delivery: Option<Given<String>>,
    pub(super) topic: Option<Given<String>>,
}

impl<'a> Method<'a> {
    pub(super) fn read(descriptor: MethodDescriptor, sources: &'a Sources) -> Self {
        let options = Options::of_method(&descriptor);
        Self {
            descriptor,
            sources,
            key: options.text("key"),
            delivery: options.choice("delivery"),
            topic: options.text("topic"),
        }
    }

    pub(super) fn site(&self) -> Site<'a> {
        Site {
            sources: self.sources,
            file: self.descriptor.parent_file(),
            path: self.descriptor.path().to_vec(),
            element: self.descriptor.full_name().to_owned(),
        }
    }

    pub(super) fn function(&self) -> String {
        ident::to_function(self.descriptor.name())
    }

    pub(super) fn plan(&self, problems: &mut Vec<Problem>) -> MethodPlan {
        self.check_streaming(problems);
        self.check_delivery(problems);
        let key = self.key.as_ref().and_then(|given| {
            key::resolve(&given.value, &self.descriptor.input())
                .map_err(|bad| problems.push(self.problem_at(given, &bad.word, bad.problem())))
                .ok()
        });
        let options = &self.descriptor.method_descriptor_proto().options;
        let idempotency = options.as_ref().map(|options| options.idempotency_level());
        MethodPlan {
            function: self.function(),
            name: self.descriptor.name().to_owned(),
            input: self.descriptor.input().full_name().to_owned(),
            output: self.descriptor.output().full_name().to_owned(),
            deprecated: options.as_ref().is_some_and(|options| options.deprecated()),
            key,
            delivery: self
                .delivery
                .as_ref()
                .map(|delivery| delivery.value.clone()),
            idempotency: idempotency
                .filter(|level| *level != IdempotencyLevel::IdempotencyUnknown)
                .map(|level| level.as_str_name()),
            topic: self.topic.as_ref().map(|topic| topic.value.clone()),
        }
    }

    fn check_streaming(&self, problems: &mut Vec<Problem>) {
        let word = match &self.descriptor {
            method if method.is_client_streaming() => CLIENT_STREAMING,
            method if method.is_server_streaming() => SERVER_STREAMING,
            _ => return,
        };
        let problem = Problem::new(format!(
            "streaming methods are not supported yet, and `{}` is one",
            self.descriptor.full_name()
        ));
        problems.push(problem.at(self.site().part(&[word])));
    }

    /// A compiler refuses unknown names, but a ready descriptor set can hold any number.
    fn check_delivery(&self, problems: &mut Vec<Problem>) {
        let Some(given) = &self.delivery else {
            return;
        };
        if !matches!(given.value.as_str(), "AT_LEAST_ONCE" | "AT_MOST_ONCE") {
            let problem = Problem::new(format!(
                "unknown value {} of `delivery`: it is AT_LEAST_ONCE or AT_MOST_ONCE",
                given.value
            ));
            problems.push(self.problem_at(given, &given.value, problem));
        }
    }

    /// Points at a word in the value of one of the method's options.
    pub(super) fn problem_at(
        &self,
        given: &Given<String>,
        word: &str,
        problem: Problem,
    ) -> Problem {
        let site = self.site();
        problem.at(site.option_value(METHOD_OPTIONS, given.extension, given.field, word))
    }

    /// Points at the method's name.
    pub(super) fn problem_at_name(&self, problem: Problem) -> Problem {
        problem.at(self.site().part(&[NAME]))
    }
}
