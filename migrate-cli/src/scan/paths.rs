//! Paths of V1 operations in a line of code.

use std::sync::Arc;

use http::Method;
use windlass_transforms::Mappings;
use windlass_transforms::operation::Segment;
use windlass_transforms::plan::operation::Operation;
use windlass_transforms::route::Route;

use super::{Confidence, Found, What, replacement};

const METHODS: [Method; 5] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::PATCH,
];

/// Finds paths.
pub(super) struct Paths<'m>(&'m Mappings);

impl<'m> Paths<'m> {
    pub(super) fn new(mappings: &'m Mappings) -> Self {
        Self(mappings)
    }

    /// Hands every V1 path of a line to `take`.
    pub(super) fn line(&self, line: &str, speaks_of_it: bool, take: &mut dyn FnMut(Found)) {
        let mut from = 0;
        while let Some(at) = line[from..].find("/v1/") {
            let at = from + at;
            from = at + 3;
            let Some(is_nested) = front(&line[..at]) else {
                continue;
            };
            // `/api/v1/pods` is another API, unless the file says otherwise.
            if is_nested && !speaks_of_it {
                continue;
            }
            let Some(operation) = self.operation(line, &line[at + 3..]) else {
                continue;
            };
            take(Found {
                what: What::Path,
                confidence: confidence(&operation, speaks_of_it),
                v1: format!("{} /v1{}", operation.v1.method, operation.v1.template),
                v2: replacement(&operation),
                operation: Some(operation.id.clone()),
            });
        }
    }

    /// The operation of the path that begins `rest`, by the method that the line names.
    fn operation(&self, line: &str, rest: &str) -> Option<Arc<Operation>> {
        let end = rest
            .find(|c: char| c.is_whitespace() || "\"'`),;|\\?#".contains(c))
            .unwrap_or(rest.len());
        let mut path: String = rest[..end]
            .split('/')
            .map(|segment| {
                if is_placeholder(segment) {
                    "x"
                } else {
                    segment
                }
            })
            .collect::<Vec<_>>()
            .join("/");
        // `"/v1/images/" + digest`.
        let is_joined = path.ends_with('/') && rest[end..].starts_with(['"', '\'', '`']);
        if is_joined && path.len() > 1 {
            path.push('x');
        }
        let named = method(line);
        let mut methods: Vec<&Method> = METHODS.iter().collect();
        methods.sort_by_key(|method| named.as_ref() != Some(*method));
        methods
            .into_iter()
            .find_map(|method| match self.0.routes().find(method, &path) {
                Route::Found { operation, .. } => Some(operation),
                _ => None,
            })
    }
}

/// Whether what stands in front of `/v1` is itself a path; `None`: it is no URL at all.
fn front(before: &str) -> Option<bool> {
    let start = before
        .rfind(|c: char| c.is_whitespace() || "\"'`(,=<>|;".contains(c))
        .map_or(0, |at| at + 1);
    let run = &before[start..];
    if run.ends_with('/') {
        return None;
    }
    let authority = run.find("://").map_or(run, |at| &run[at + 3..]);
    Some(authority.contains('/'))
}

fn is_placeholder(segment: &str) -> bool {
    segment.contains(['{', '$', '<', '%']) || segment.starts_with(':')
}

/// The method that a line names.
fn method(line: &str) -> Option<Method> {
    let lower = line.to_ascii_lowercase();
    let named = |word: &str| {
        [
            format!(".{word}("),
            format!("-x {word}"),
            format!("-x{word}"),
            format!("--request {word}"),
            format!("{word} /"),
            format!("\"{word}\""),
            format!("'{word}'"),
            format!("method{word}("),
        ]
        .iter()
        .any(|form| lower.contains(form.as_str()))
    };
    if let Some(method) = METHODS
        .into_iter()
        .find(|method| named(&method.as_str().to_ascii_lowercase()))
    {
        return Some(method);
    }
    let has_body = ["curl", " -d ", " --data", "--json "];
    (lower.contains(has_body[0]) && has_body[1..].iter().any(|form| lower.contains(form)))
        .then_some(Method::POST)
}

/// A path of one word, such as `/v1/images`, is found in other APIs as well.
fn confidence(operation: &Operation, speaks_of_it: bool) -> Confidence {
    let words = operation
        .v1
        .template
        .segments
        .iter()
        .filter(|segment| matches!(segment, Segment::Literal(_)))
        .count();
    match (speaks_of_it, words) {
        (true, _) => Confidence::High,
        (false, 2..) => Confidence::Medium,
        (false, _) => Confidence::Low,
    }
}
