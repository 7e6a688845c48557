//! Protobuf names that come to the same name in Rust.

use std::collections::{HashMap, HashSet};

use prost_reflect::{DescriptorPool, EnumDescriptor, MessageDescriptor};

use super::method::Method;
use super::{NAME, Service};
use crate::error::Problem;
use crate::ident::to_upper_camel;
use crate::source::{Site, Sources};

/// The endings of the types that are made of a service's name.
const ENDINGS: [&str; 3] = ["", "Server", "Client"];

/// The Rust name of each service. Where that, or the name of its server or client, is taken by a
/// message or an earlier service of the package, the ending `Service` makes another.
pub(super) fn of_services(
    pool: &DescriptorPool,
    services: &[Service<'_>],
    problems: &mut Vec<Problem>,
) -> Vec<String> {
    let mut taken = top_level_types(pool);
    services
        .iter()
        .map(|service| {
            let descriptor = &service.descriptor;
            let package = descriptor.package_name();
            let all = |name: &str| ENDINGS.map(|end| (package.to_owned(), format!("{name}{end}")));
            let plain = to_upper_camel(descriptor.name());
            let longer = format!("{plain}Service");
            let is_free = |name: &String| !all(name).iter().any(|name| taken.contains(name));
            let Some(name) = [&plain, &longer]
                .into_iter()
                .find(|name| is_free(name))
                .cloned()
            else {
                let problem = Problem::new(format!(
                    "{} finds no name in Rust: `{plain}` and `{longer}`, or the names of its \
                     server and client, are taken by messages or other services",
                    descriptor.full_name()
                ))
                .help("rename it");
                problems.push(problem.at(service.site().part(&[NAME])));
                return plain;
            };
            taken.extend(all(&name));
            name
        })
        .collect()
}

/// Refuses two methods of one service with the same function.
pub(super) fn check_functions(methods: &[Method<'_>], problems: &mut Vec<Problem>) {
    let mut taken: HashMap<String, &str> = HashMap::new();
    for method in methods {
        let function = method.function();
        let name = method.descriptor.name();
        if let Some(other) = taken.get(&function) {
            let problem = Problem::new(format!(
                "the methods `{other}` and `{name}` of {} are both `{function}` in Rust",
                method.descriptor.parent_service().full_name()
            ))
            .help("rename one of them");
            problems.push(method.problem_at_name(problem));
        } else {
            taken.insert(function, name);
        }
    }
}

/// Refuses two messages or enums of one package or message that have the same Rust name.
pub(super) fn check_types(
    pool: &DescriptorPool,
    sources: &Sources,
    is_external: impl Fn(&str) -> bool,
    problems: &mut Vec<Problem>,
) {
    let mut taken: HashMap<(String, String), String> = HashMap::new();
    for found in types(pool).filter(|found| !is_external(&found.full_name)) {
        let (scope, name) = found
            .full_name
            .rsplit_once('.')
            .unwrap_or(("", &found.full_name));
        let rust_name = to_upper_camel(name);
        let key = (scope.to_owned(), rust_name.clone());
        if let Some(other) = taken.get(&key) {
            let problem = Problem::new(format!(
                "`{other}` and `{}` are both `{rust_name}` in Rust",
                found.full_name
            ))
            .help("rename one of them");
            let site = Site {
                sources,
                file: found.file,
                path: found.path,
                element: found.full_name.clone(),
            };
            problems.push(problem.at(site.part(&[NAME])));
        } else {
            taken.insert(key, found.full_name);
        }
    }
}

struct Type {
    full_name: String,
    file: prost_reflect::FileDescriptor,
    path: Vec<i32>,
    is_nested: bool,
    package: String,
}

fn types(pool: &DescriptorPool) -> impl Iterator<Item = Type> + '_ {
    let messages = pool
        .all_messages()
        .filter(|message| !message.is_map_entry());
    messages
        .map(Type::of_message)
        .chain(pool.all_enums().map(Type::of_enum))
}

fn top_level_types(pool: &DescriptorPool) -> HashSet<(String, String)> {
    types(pool)
        .filter(|found| !found.is_nested)
        .map(|found| {
            let name = found.full_name.rsplit('.').next().unwrap_or_default();
            (found.package, to_upper_camel(name))
        })
        .collect()
}

impl Type {
    fn of_message(message: MessageDescriptor) -> Self {
        Self {
            full_name: message.full_name().to_owned(),
            file: message.parent_file(),
            path: message.path().to_vec(),
            is_nested: message.parent_message().is_some(),
            package: message.package_name().to_owned(),
        }
    }

    fn of_enum(found: EnumDescriptor) -> Self {
        Self {
            full_name: found.full_name().to_owned(),
            file: found.parent_file(),
            path: found.path().to_vec(),
            is_nested: found.parent_message().is_some(),
            package: found.package_name().to_owned(),
        }
    }
}
