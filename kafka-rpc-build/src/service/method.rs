//! One method: what its options say, and what is written for it.

use prost_reflect::{DynamicMessage, MethodDescriptor};
use prost_types::method_options::IdempotencyLevel;

use super::policy::BadPart;
use super::{METHOD_OPTIONS, NAME, key, redelivery, repeats};
use crate::error::Problem;
use crate::ident;
use crate::options::{Given, Options};
use crate::source::{Site, Sources};

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
    pub(crate) resumable: bool,
    pub(crate) routing: Option<String>,
    /// The argument that says how a client repeats calls, and its policy as an expression in Rust.
    pub(crate) repeats: Option<(&'static str, String)>,
    /// How the server handles calls again, as an expression in Rust.
    pub(crate) redelivery: Option<String>,
    pub(crate) deduplicated: bool,
}

/// A method as it stands in its `.proto`, with what its options say.
pub(super) struct Method<'a> {
    pub(super) descriptor: MethodDescriptor,
    sources: &'a Sources,
    key: Option<Given<String>>,
    delivery: Option<Given<String>>,
    pub(super) topic: Option<Given<String>>,
    resumable: Option<Given<bool>>,
    routing: Option<Given<String>>,
    retry: Option<Given<DynamicMessage>>,
    hedging: Option<Given<DynamicMessage>>,
    redelivery: Option<Given<DynamicMessage>>,
    deduplicated: Option<Given<bool>>,
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
            resumable: options.switch("resumable"),
            routing: options.choice("routing"),
            retry: options.group("retry"),
            hedging: options.group("hedging"),
            redelivery: options.group("redelivery"),
            deduplicated: options.switch("deduplicated"),
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

    /// Whether a call goes to all instances of a server.
    pub(super) fn goes_to_all(&self) -> bool {
        (self.routing.as_ref()).is_some_and(|routing| routing.value == "ALL")
    }

    pub(super) fn plan(&self, problems: &mut Vec<Problem>) -> MethodPlan {
        self.check_choice(&self.delivery, ["AT_LEAST_ONCE", "AT_MOST_ONCE"], problems);
        self.check_choice(&self.routing, ["ONE", "ALL"], problems);
        self.check_routing(problems);
        let options = &self.descriptor.method_descriptor_proto().options;
        let idempotency = options.as_ref().map(|options| options.idempotency_level());
        MethodPlan {
            function: self.function(),
            name: self.descriptor.name().to_owned(),
            input: self.descriptor.input().full_name().to_owned(),
            output: self.descriptor.output().full_name().to_owned(),
            deprecated: options.as_ref().is_some_and(|options| options.deprecated()),
            key: self.plan_key(problems),
            delivery: self
                .delivery
                .as_ref()
                .map(|delivery| delivery.value.clone()),
            idempotency: idempotency
                .filter(|level| *level != IdempotencyLevel::IdempotencyUnknown)
                .map(|level| level.as_str_name()),
            topic: self.topic.as_ref().map(|topic| topic.value.clone()),
            resumable: self.plan_resumable(problems),
            routing: self.routing.as_ref().map(|routing| routing.value.clone()),
            repeats: self.plan_repeats(idempotency, problems),
            redelivery: self.plan_redelivery(problems),
            deduplicated: self.plan_deduplicated(problems),
        }
    }

    fn plan_key(&self, problems: &mut Vec<Problem>) -> Option<String> {
        let given = self.key.as_ref()?;
        if self.descriptor.is_client_streaming() {
            let problem = Problem::new("a stream has no one message to take a key from".to_owned())
                .help("set the key with `Request::set_key`".to_owned());
            problems.push(self.problem_at(given, "", problem));
            return None;
        }
        key::resolve(&given.value, &self.descriptor.input())
            .map_err(|bad| problems.push(self.problem_at(given, &bad.word, bad.problem())))
            .ok()
    }

    fn plan_resumable(&self, problems: &mut Vec<Problem>) -> bool {
        let Some(given) = self.resumable.as_ref().filter(|given| given.value) else {
            return false;
        };
        let wrong = match &self.descriptor {
            method if method.is_client_streaming() => "whose request is a stream",
            method if !method.is_server_streaming() => "whose reply is no stream",
            _ => return true,
        };
        let problem = Problem::new(format!(
            "`resumable` is for methods whose reply alone is a stream, and `{}` is one {wrong}",
            self.descriptor.full_name()
        ))
        .help("leave it out here".to_owned());
        problems.push(self.problem_at(given, "", problem));
        false
    }

    fn plan_repeats(
        &self,
        idempotency: Option<IdempotencyLevel>,
        problems: &mut Vec<Problem>,
    ) -> Option<(&'static str, String)> {
        let given = self.hedging.as_ref().or(self.retry.as_ref())?;
        let name = given.field.0;
        if let Some(problem) = self.hindrance(name, idempotency) {
            problems.push(self.problem_at(given, "", problem));
            return None;
        }
        let planned = match name {
            "hedging" => repeats::hedging(&given.value),
            _ => repeats::retry(&given.value),
        };
        let policy = planned.map_err(|bad| problems.push(self.problem_of(given, bad)));
        Some((name, policy.ok()?))
    }

    /// Why calls of the method can't be repeated as the option of this name says.
    fn hindrance(&self, name: &str, idempotency: Option<IdempotencyLevel>) -> Option<Problem> {
        let method = self.descriptor.full_name();
        let is_hedged = name == "hedging";
        let (why, help) = if is_hedged && self.retry.is_some() {
            (
                "has `retry`, too: they are made one after the other, or several at a time",
                "leave one of them out".to_owned(),
            )
        } else if self.descriptor.is_client_streaming() || self.descriptor.is_server_streaming() {
            ("has a stream", format!("leave `{name}` out"))
        } else if self.goes_to_all() {
            ("goes to all instances", format!("leave `{name}` out"))
        } else if is_hedged && idempotency != Some(IdempotencyLevel::NoSideEffects) {
            (
                "may have side effects: all attempts at a call may take effect",
                "set `option idempotency_level = NO_SIDE_EFFECTS;` if that is so, or leave \
                 `hedging` out"
                    .to_owned(),
            )
        } else if is_hedged && self.key.is_some() {
            (
                "has a key: calls with one key are handled one at a time, so that a second attempt \
                 would wait for the first",
                "leave `hedging` or `key` out".to_owned(),
            )
        } else {
            return None;
        };
        let doing = if is_hedged { "hedged" } else { "repeated" };
        let message = format!("calls of `{method}` can't be {doing}, since it {why}");
        Some(Problem::new(message).help(help))
    }

    fn plan_redelivery(&self, problems: &mut Vec<Problem>) -> Option<String> {
        let given = self.redelivery.as_ref()?;
        let planned = match self.hindrance_at_server() {
            Some(hindrance) => {
                let problem = Problem::new(format!(
                    "calls of `{}` can't be handled again, since it {hindrance}",
                    self.descriptor.full_name()
                ))
                .help("leave `redelivery` out");
                Err(self.problem_at(given, "", problem))
            }
            None => redelivery::plan(&given.value).map_err(|bad| self.problem_of(given, bad)),
        };
        planned.map_err(|problem| problems.push(problem)).ok()
    }

    fn plan_deduplicated(&self, problems: &mut Vec<Problem>) -> bool {
        let Some(given) = self.deduplicated.as_ref().filter(|given| given.value) else {
            return false;
        };
        let hindrance = match self.hindrance_at_server() {
            None if self.hedging.is_some() => Some("is hedged, and so has no side effects"),
            hindrance => hindrance,
        };
        let Some(hindrance) = hindrance else {
            return true;
        };
        let problem = Problem::new(format!(
            "calls of `{}` can't be deduplicated, since it {hindrance}",
            self.descriptor.full_name()
        ))
        .help("leave `deduplicated` out");
        problems.push(self.problem_at(given, "", problem));
        false
    }

    /// Why calls of the method can't be handled again, or be deduplicated.
    fn hindrance_at_server(&self) -> Option<&'static str> {
        let streams =
            self.descriptor.is_client_streaming() || self.descriptor.is_server_streaming();
        let delivery = self.delivery.as_ref().map(|delivery| &*delivery.value);
        match delivery {
            Some("AT_MOST_ONCE") => Some("is AT_MOST_ONCE"),
            _ if streams => Some("has a stream"),
            _ if self.goes_to_all() => Some("goes to all instances"),
            _ => None,
        }
    }

    /// A compiler refuses unknown names, but a ready descriptor set can hold any number.
    fn check_choice(
        &self,
        given: &Option<Given<String>>,
        known: [&str; 2],
        problems: &mut Vec<Problem>,
    ) {
        if let Some(given) = given
            && !known.contains(&given.value.as_str())
        {
            let problem = Problem::new(format!(
                "unknown value {} of `{}`: it is {} or {}",
                given.value, given.field.0, known[0], known[1]
            ));
            problems.push(self.problem_at(given, &given.value, problem));
        }
    }

    /// A call to all instances is one message each way, which nobody takes over. That it is not
    /// resumable either follows from that.
    fn check_routing(&self, problems: &mut Vec<Problem>) {
        let Some(routing) = self.routing.as_ref().filter(|_| self.goes_to_all()) else {
            return;
        };
        if self.descriptor.is_client_streaming() || self.descriptor.is_server_streaming() {
            let problem =
                Problem::new("a call that goes to all instances has one message each way")
                    .help("leave `routing` out of a method with a stream");
            problems.push(self.problem_at(routing, &routing.value, problem));
        }
        if let Some(delivery) = &self.delivery {
            let problem = Problem::new("a call that goes to all instances is never handled again")
                .help("leave `delivery` out");
            problems.push(self.problem_at(delivery, &delivery.value, problem));
        }
    }

    /// Points at a part of a policy.
    fn problem_of(&self, given: &Given<DynamicMessage>, bad: BadPart) -> Problem {
        let place = self.site().option_part(
            METHOD_OPTIONS,
            given.extension,
            given.field,
            bad.part,
            &bad.word,
        );
        Problem::new(bad.message).at(place)
    }

    /// Points at a word in the value of one of the method's options.
    pub(super) fn problem_at<T>(&self, given: &Given<T>, word: &str, problem: Problem) -> Problem {
        let site = self.site();
        problem.at(site.option_value(METHOD_OPTIONS, given.extension, given.field, word))
    }

    /// Points at the method's name.
    pub(super) fn problem_at_name(&self, problem: Problem) -> Problem {
        problem.at(self.site().part(&[NAME]))
    }
}
