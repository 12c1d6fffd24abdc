//! What a request line calls: asked of the route table and plans that the proxy runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value};
use windlass_transforms::Mappings;
use windlass_transforms::operation::{Endpoint, Segment};
use windlass_transforms::plan::call::{CallPlan, RequestBody};
use windlass_transforms::plan::composed::PartPlan;
use windlass_transforms::plan::operation::{Kind, Operation};
use windlass_transforms::rewrite::{BodyRewriter, Limits};
use windlass_transforms::route::{PathValues, Route};

use super::known;
use super::tally::Called;

/// Bounds of a body that is looked at for V1 fields.
const BODY_LIMITS: Limits = Limits {
    max_depth: 128,
    max_held_bytes: 16 << 20,
};

/// What one request line calls, and what it names that V2 names otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Classified {
    /// What is called.
    pub(crate) called: Called,
    /// Whether the path carries no version.
    pub(crate) versionless: bool,
    /// V1 names of parameters that have another name, or none, in V2.
    pub(crate) parameters: Vec<String>,
    /// Whether an answer of 404 can only mean that the path itself is gone: V1 knows it, and
    /// it names nothing that could be missing.
    pub(crate) never_missing: bool,
}

/// What a request body tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BodyNames {
    /// Members that have another name, form, or none, in V2 (`Shape.field`).
    pub(crate) fields: Vec<String>,
    /// Members that stand for query parameters.
    pub(crate) parameters: Vec<String>,
}

/// Classifies request lines.
#[derive(Debug)]
pub(crate) struct Classifier<'m> {
    mappings: &'m Mappings,
    /// The V2 calls that plans make, to name V2 traffic by its template.
    v2: Vec<&'m Endpoint>,
    /// Every shape, and every V1 name of a parameter or a member that the mappings speak of.
    names: BTreeSet<&'m str>,
}

impl<'m> Classifier<'m> {
    /// A classifier by these mappings.
    pub(crate) fn new(mappings: &'m Mappings) -> Self {
        let mut v2: Vec<&Endpoint> = mappings
            .operations()
            .iter()
            .flat_map(|operation| match &operation.kind {
                Kind::Call(plan) => vec![plan.v2()],
                Kind::Composed(composed) => composed.parts().iter().map(PartPlan::v2).collect(),
                _ => Vec::new(),
            })
            .collect();
        // Literal segments win over parameters.
        v2.sort_by_key(|endpoint| {
            let segments = endpoint.template.segments.iter();
            segments.filter_map(Segment::parameter).count()
        });
        Self {
            mappings,
            v2,
            names: names(mappings),
        }
    }

    /// The mappings it asks.
    pub(crate) fn mappings(&self) -> &'m Mappings {
        self.mappings
    }

    /// A place in a body, or `Shape.member`, without names that the mappings do not speak of: a
    /// name from outside could be anything, even a password.
    pub(crate) fn mask(&self, place: &str) -> String {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let mut masked = String::with_capacity(place.len());
        let mut rest = place;
        while let Some(first) = rest.chars().next() {
            let word = is_word(first);
            let end = rest.find(|c| is_word(c) != word).unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            rest = after;
            if !word {
                masked.extend(part.chars().filter(|c| "$.[]".contains(*c)));
            } else if self.names.contains(part) || (part.len() < 6 && part.parse::<u32>().is_ok()) {
                masked.push_str(part);
            } else {
                masked.push('?');
            }
        }
        masked
    }

    /// Classifies one request line. `target` is a path with query, or a whole URL.
    pub(crate) fn classify(&self, method: &[u8], target: &[u8]) -> Classified {
        let other = |called| Classified {
            called,
            versionless: false,
            parameters: Vec::new(),
            never_missing: false,
        };
        let (Ok(method), Ok(target)) = (Method::from_bytes(method), std::str::from_utf8(target))
        else {
            return other(Called::Other);
        };
        let (path, query) = path_and_query(target);
        let (rest, versionless) = match first_segment(path) {
            ("v1", rest) => (rest, false),
            ("v2", rest) => return other(self.v2_call(&method, rest)),
            _ => (path, true),
        };
        match self.mappings.routes().find(&method, rest) {
            Route::Found { operation, .. } if versionless && known::is_probe(&operation.id) => {
                other(Called::Both(operation.id.clone()))
            }
            Route::Found { operation, values } => Classified {
                called: Called::V1(operation.id.clone()),
                versionless,
                parameters: parameters(&operation, &values, query),
                never_missing: query.is_none() && values.iter().next().is_none(),
            },
            // A path that never was one of V1, without a version: another site's traffic.
            _ if versionless => other(Called::Other),
            _ => other(Called::UnknownV1),
        }
    }

    /// What the JSON body of a request to a V1 operation names otherwise than V2 does. A body
    /// that the proxy would refuse tells nothing.
    pub(crate) fn body(
        &self,
        operation: &str,
        method: &[u8],
        target: &[u8],
        body: &[u8],
    ) -> BodyNames {
        let mut names = BodyNames::default();
        let Some(Kind::Call(plan)) = self.mappings.operation(operation).map(|o| &o.kind) else {
            return names;
        };
        let (Ok(method), Ok(target)) = (Method::from_bytes(method), std::str::from_utf8(target))
        else {
            return names;
        };
        let (path, query) = path_and_query(target);
        let rest = match first_segment(path) {
            ("v1", rest) => rest,
            _ => path,
        };
        let Route::Found { operation, values } = self.mappings.routes().find(&method, rest) else {
            return names;
        };
        if let RequestBody::Rewrite(body_plan) = plan.request_body() {
            let context = Arc::new(plan.context(&values, query, placeholders(&operation)));
            let mut rewriter = BodyRewriter::new(body_plan, context, BODY_LIMITS);
            let mut out = Vec::new();
            if rewriter.push(body, &mut out).is_ok() && rewriter.finish(&mut out).is_ok() {
                let touched = rewriter.touched();
                names.fields = touched.iter().map(|name| self.mask(name)).collect();
            }
        } else if plan.reads_body_query()
            && let Ok(value) = serde_json::from_slice::<Value>(body)
        {
            names.parameters = called_parameters(plan, &operation, &values, query, Some(&value));
        }
        names
    }

    /// V2 traffic by the template of a call that some plan makes; else by its method.
    fn v2_call(&self, method: &Method, path: &str) -> Called {
        let wanted = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let endpoint = self.v2.iter().find(|endpoint| {
            endpoint.method == *wanted && fits(&endpoint.template.segments, &parts)
        });
        Called::V2(match endpoint {
            Some(endpoint) => v2_name(endpoint),
            None => known_method(method).to_owned(),
        })
    }
}

/// Every shape and V1 name that the mappings speak of.
fn names(mappings: &Mappings) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for operation in mappings.operations() {
        let explained = &operation.explanation;
        let parameters = explained.query.iter().chain(&explained.body_query);
        names.extend(parameters.map(|parameter| parameter.v1.as_str()));
        names.extend(explained.shapes.iter().map(|shape| shape.name.as_str()));
        let fields = explained.shapes.iter().flat_map(|shape| &shape.fields);
        names.extend(fields.filter_map(|field| field.v1.as_deref()));
        let moved = explained.steps.iter().flat_map(|step| step.renames.iter());
        for (v1, _) in moved {
            names.extend(v1.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-'));
        }
    }
    names
}

/// `GET /v2/images/{image_digest}`, without the query that some plans add.
pub(crate) fn v2_name(endpoint: &Endpoint) -> String {
    let template = endpoint.template.to_string();
    let path = template.split('?').next().unwrap_or_default();
    format!("{} /v2{path}", endpoint.method)
}

/// The method, unless the client made one up.
fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

fn fits(segments: &[Segment], parts: &[&str]) -> bool {
    let mut parts = parts.iter();
    for segment in segments {
        match (segment, parts.next()) {
            (Segment::Rest(_), Some(_)) => return true,
            (Segment::Literal(text), Some(part)) if **text == **part => {}
            (Segment::Parameter(_), Some(_)) => {}
            _ => return false,
        }
    }
    parts.next().is_none()
}

/// The first segment of a path, and what follows it. Doubled slashes in front do not matter.
fn first_segment(path: &str) -> (&str, &str) {
    let trimmed = path.trim_start_matches('/');
    match trimmed.find('/') {
        Some(at) => trimmed.split_at(at),
        None => (trimmed, ""),
    }
}

/// Path and query of a path or a whole URL, without a fragment.
pub(crate) fn path_and_query(target: &str) -> (&str, Option<&str>) {
    let target = target.split('#').next().unwrap_or_default();
    let origin = match target.find("://") {
        Some(at) if !target.starts_with('/') => {
            let rest = &target[at + 3..];
            rest.find(['/', '?']).map_or("/", |slash| &rest[slash..])
        }
        _ => target,
    };
    match origin.split_once('?') {
        Some((path, query)) => (path, Some(query).filter(|query| !query.is_empty())),
        None => (origin, None),
    }
}

fn parameters(operation: &Operation, values: &PathValues, query: Option<&str>) -> Vec<String> {
    match (&operation.kind, query) {
        (_, None) => Vec::new(),
        (Kind::Call(plan), Some(_)) => called_parameters(plan, operation, values, query, None),
        (_, Some(query)) => declared_parameters(operation, query),
    }
}

fn called_parameters(
    plan: &CallPlan,
    operation: &Operation,
    values: &PathValues,
    query: Option<&str>,
    body: Option<&Value>,
) -> Vec<String> {
    plan.call(values, query, body, &placeholders(operation))
        .map(|call| call.v1_parameters)
        .unwrap_or_default()
}

/// The same for operations that are more than one call, or none.
fn declared_parameters(operation: &Operation, query: &str) -> Vec<String> {
    let mut sent: Vec<String> = operation
        .explanation
        .query
        .iter()
        .filter(|parameter| parameter.v2.as_ref() != Some(&parameter.v1))
        .filter(|parameter| {
            query
                .split('&')
                .any(|member| member.split('=').next() == Some(parameter.v1.as_str()))
        })
        .map(|parameter| parameter.v1.clone())
        .collect();
    sent.sort();
    sent
}

/// Something for each value that a look-up would take: only names matter here.
fn placeholders(operation: &Operation) -> Map<String, Value> {
    operation
        .explanation
        .lookups
        .iter()
        .flat_map(|lookup| &lookup.take)
        .map(|(name, _)| (name.clone(), Value::from("looked-up")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classify(line: &str) -> Classified {
        let (method, target) = line.split_once(' ').unwrap();
        Classifier::new(windlass_mappings::mappings())
            .classify(method.as_bytes(), target.as_bytes())
    }

    #[test]
    fn paths_with_v1_and_without_a_version_are_the_same_operation() {
        for (line, versionless) in [
            ("GET /v1/images/sha256:aa", false),
            ("GET /images/sha256:aa/", true),
            ("HEAD //v1//images/sha256%3Aaa", false),
            (
                "GET https://anchore.example.com:8228/v1/images/sha256:aa?x=1",
                false,
            ),
        ] {
            let found = classify(line);
            assert_eq!(
                (found.called, found.versionless),
                (Called::V1("get_image".into()), versionless),
                "{line}"
            );
        }
    }

    #[test]
    fn parameters_that_v2_spells_otherwise_are_named_never_their_values() {
        let found = classify("GET /v1/images?fulltag=docker.io%2Fteam%2Fsecret:1&history=true&x=y");
        assert_eq!(found.parameters, ["fulltag"]);
        assert!(!found.never_missing);
        assert!(classify("GET /v1/policies").never_missing);
    }

    #[test]
    fn v2_traffic_is_named_by_the_call_that_a_plan_makes() {
        assert_eq!(
            classify("GET /v2/images/sha256:aa").called,
            Called::V2("GET /v2/images/{image_digest}".into())
        );
        assert_eq!(
            classify("BREW /v2/x/y/z").called,
            Called::V2("other".into())
        );
    }

    #[test]
    fn what_never_was_v1_is_other_traffic_unless_it_says_v1() {
        assert_eq!(classify("GET /favicon.ico").called, Called::Other);
        assert_eq!(
            classify("GET /health").called,
            Called::Both("health_check".into())
        );
        assert!(classify("GET /v1/health").called.is_v1());
        assert_eq!(classify("GET /v1/nosuch").called, Called::UnknownV1);
        assert_eq!(classify("B{}D /v1/images").called, Called::Other);
        assert_eq!(classify("GET /v1/images/%zz").called, Called::UnknownV1);
    }

    #[test]
    fn members_of_a_json_body_are_named() {
        let classifier = Classifier::new(windlass_mappings::mappings());
        let names = classifier.body(
            "list_images",
            b"GET",
            b"/v1/images",
            br#"{"tag":"docker.io/team/secret:1"}"#,
        );
        assert_eq!(names.parameters, ["tag"]);
        let names = classifier.body(
            "add_image",
            b"POST",
            b"/v1/images",
            br#"{"tag":"docker.io/team/hunter2:1","dockerfile":"aHVudGVyMg=="}"#,
        );
        assert_eq!(
            names.fields,
            [
                "ImageAnalysisRequest.dockerfile",
                "ImageAnalysisRequest.tag"
            ]
        );
    }
}
