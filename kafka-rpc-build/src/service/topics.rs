//! The names of topics and groups.

use std::collections::HashMap;

use super::Service;
use super::method::Method;
use crate::error::Problem;
use crate::options::Given;

/// The longest name that Kafka gives a topic.
const MAX_TOPIC_LEN: usize = 249;

/// What is appended to a request topic's name; the last is the longest.
const SUFFIXES: [&str; 3] = ["", ".reply", ".dead-letter"];

pub(super) fn check_service(service: &Service<'_>, problems: &mut Vec<Problem>) {
    if let Some(given) = &service.topics
        && !matches!(given.value.as_str(), "PER_METHOD" | "PER_SERVICE")
    {
        let message = format!(
            "unknown value {} of `topics`: it is PER_METHOD or PER_SERVICE",
            given.value
        );
        problems.push(service.problem_at(given, Problem::new(message)));
    }
    if let Some(given) = service
        .group
        .as_ref()
        .filter(|given| given.value.is_empty())
    {
        problems.push(service.problem_at(given, Problem::new("a consumer group needs a name")));
    }
    if let Some(given) = &service.topic {
        if let Some(problem) = bad_name(&given.value) {
            problems.push(service.problem_at(given, problem));
        } else if !service.is_per_service() {
            let problem = Problem::new(format!(
                "`topic` is set for {}, whose methods each have their own",
                service.descriptor.full_name()
            ))
            .help("set `topics: PER_SERVICE` too, or the `topic` of a method");
            problems.push(service.problem_at(given, problem));
        }
    }
    for method in &service.methods {
        check_method(service, method, problems);
    }
}

fn check_method(service: &Service<'_>, method: &Method<'_>, problems: &mut Vec<Problem>) {
    let Some(given) = &method.topic else {
        return;
    };
    if let Some(problem) = bad_name(&given.value) {
        problems.push(method.problem_at(given, &given.value, problem));
    } else if service.is_per_service() && !method.goes_to_all() {
        let problem = Problem::new(format!(
            "`topic` is set for {}, whose service has one topic for all methods (PER_SERVICE)",
            method.descriptor.full_name()
        ))
        .help("set the `topic` of the service instead, or leave out `topics: PER_SERVICE`");
        problems.push(method.problem_at(given, &given.value, problem));
    }
}

fn bad_name(name: &str) -> Option<Problem> {
    if name.is_empty() {
        return Some(Problem::new("a topic needs a name"));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if matches!(name, "." | "..") || !name.chars().all(legal) {
        return Some(
            Problem::new(format!("`{name}` is not the name of a topic"))
                .help("use letters, digits, `.`, `_` and `-` (not `.` or `..` alone)"),
        );
    }
    None
}

/// A request topic, who has it, and where its name was given if it was.
struct Owned<'a> {
    topic: String,
    owner: String,
    given: Option<&'a Given<String>>,
    /// Whether it could be one with that of other methods.
    can_share: bool,
    report: Box<dyn Fn(Problem) -> Problem + 'a>,
}

/// Refuses names too long for Kafka, and two owners of one topic: their calls would mix.
pub(super) fn check_collisions(services: &[Service<'_>], problems: &mut Vec<Problem>) {
    let mut owners: HashMap<String, &Owned<'_>> = HashMap::new();
    let mut all: Vec<Owned<'_>> = services.iter().flat_map(request_topics).collect();
    // A name that was given is to blame, not one that was derived.
    all.sort_by_key(|owned| owned.given.is_some());
    for owned in &all {
        let length = owned.topic.len() + SUFFIXES[2].len();
        if length > MAX_TOPIC_LEN {
            let problem = Problem::new(format!(
                "the topics of {} would have names of up to {length} characters \
                 (`{}{}`), and Kafka takes {MAX_TOPIC_LEN}",
                owned.owner, owned.topic, SUFFIXES[2]
            ))
            .help("set a shorter `topic`");
            problems.push((owned.report)(problem));
            continue;
        }
        let names = SUFFIXES.map(|suffix| format!("{}{suffix}", owned.topic));
        if let Some((name, owner)) = names.iter().find_map(|name| owners.get_key_value(name)) {
            let help = if owned.can_share && owner.can_share {
                "give each a topic of its own; methods of one service share one with `topics: PER_SERVICE`"
            } else {
                "give each a topic of its own"
            };
            let problem = Problem::new(format!(
                "the topic `{name}` of {} is one of {} too",
                owned.owner, owner.owner
            ))
            .help(help);
            problems.push((owned.report)(problem));
            continue;
        }
        owners.extend(names.map(|name| (name, owned)));
    }
}

/// One topic for the methods that share one, and one for each that has its own.
fn request_topics<'a>(service: &'a Service<'_>) -> Vec<Owned<'a>> {
    let shared = service.is_per_service();
    let methods = service.methods.iter();
    let own = methods
        .filter(|method| !shared || method.goes_to_all())
        .map(|method| of_method(service, method));
    let all = shared.then(|| of_service(service));
    all.into_iter().chain(own).collect()
}

fn of_service<'a>(service: &'a Service<'_>) -> Owned<'a> {
    let full_name = service.descriptor.full_name();
    let given = service.topic.as_ref();
    Owned {
        topic: given.map_or_else(|| full_name.to_owned(), |given| given.value.clone()),
        owner: full_name.to_owned(),
        given,
        can_share: true,
        report: Box::new(move |problem| match given {
            Some(given) => service.problem_at(given, problem),
            None => problem.at(service.site().part(&[super::NAME])),
        }),
    }
}

fn of_method<'a>(service: &Service<'_>, method: &'a Method<'_>) -> Owned<'a> {
    let given = method.topic.as_ref();
    Owned {
        topic: given.map_or_else(
            || {
                let service = service.descriptor.full_name();
                format!("{service}.{}", method.descriptor.name())
            },
            |given| given.value.clone(),
        ),
        owner: method.descriptor.full_name().to_owned(),
        given,
        can_share: !method.goes_to_all(),
        report: Box::new(move |problem| match given {
            Some(given) => method.problem_at(given, &given.value, problem),
            None => method.problem_at_name(problem),
        }),
    }
}
