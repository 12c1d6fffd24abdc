//! Ready `curl` commands for V2 calls.

use std::fmt::Write as _;

use windlass_transforms::operation::{Endpoint, Segment};
use windlass_transforms::plan::operation::{Kind, Operation};

/// The V2 call of an operation, values as shell variables; `None` where V2 has none.
pub(crate) fn command(operation: &Operation) -> Option<String> {
    let Kind::Call(plan) = &operation.kind else {
        return None;
    };
    let v2 = plan.v2();
    let mut command = String::from("curl -u \"$ANCHORE_USER:$ANCHORE_PASSWORD\"");
    if v2.method != http::Method::GET {
        // Writing to a string cannot fail.
        let _ = write!(command, " -X {}", v2.method);
    }
    if operation.explanation.request.is_some() {
        command.push_str(" -H 'content-type: application/json' --data @body.json");
    }
    let query = operation
        .explanation
        .query
        .iter()
        .filter_map(|parameter| parameter.v2.as_deref());
    let query: Vec<String> = query
        .map(|name| format!("{name}=${}", variable(name)))
        .collect();
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{}", query.join("&"))
    };
    let _ = write!(command, " \"$ANCHORE_URL/v2{}{query}\"", path(v2));
    Some(command)
}

fn path(endpoint: &Endpoint) -> String {
    let segments = endpoint
        .template
        .segments
        .iter()
        .map(|segment| match segment {
            Segment::Literal(text) => format!("/{text}"),
            Segment::Parameter(name) | Segment::Rest(name) => format!("/${}", variable(name)),
        });
    let path: String = segments.collect();
    if path.is_empty() {
        "/".to_owned()
    } else {
        path
    }
}

fn variable(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}
