//! Ready `curl` commands for V2 calls.

use std::fmt::Write as _;

use heck::ToShoutySnakeCase as _;
use windlass_transforms::operation::{Endpoint, Segment};
use windlass_transforms::plan::composed::ComposedPlan;
use windlass_transforms::plan::explain::Lookup;
use windlass_transforms::plan::operation::{Kind, Operation};

/// Who calls.
const CURL: &str = "curl -u \"$ANCHORE_USER:$ANCHORE_PASSWORD\"";

/// The V2 call of an operation, values as shell variables, and before it what must be looked up
/// for its path or its answer; the calls of a composition, a line each. `None` where there is no
/// V2 call.
pub(crate) fn command(operation: &Operation) -> Option<String> {
    let plan = match &operation.kind {
        Kind::Call(plan) => plan,
        Kind::Composed(plan) => return Some(parts(plan)),
        Kind::Answer(_) | Kind::None { .. } | Kind::Unmapped => return None,
    };
    let v2 = plan.v2();
    let explained = &operation.explanation;
    let in_path: Vec<&str> = v2.template.parameters().collect();
    let mut command = String::new();
    for lookup in &explained.lookups {
        look_up(lookup, &in_path, &mut command);
    }
    for lookup in plan.lookups().iter().filter(|lookup| lookup.is_kept()) {
        let _ = writeln!(command, "{CURL} \"$ANCHORE_URL/v2{}\"", path(lookup.v2()));
    }
    command.push_str(CURL);
    if v2.method != http::Method::GET {
        // Writing to a string cannot fail.
        let _ = write!(command, " -X {}", v2.method);
    }
    if let Some(body) = &explained.request_body {
        let body = with_variables(body).replace('"', "\\\"");
        let _ = write!(
            command,
            " -H 'content-type: application/json' --data \"{body}\""
        );
    } else if explained.request.is_some() {
        command.push_str(" -H 'content-type: application/json' --data @body.json");
    }
    let names = explained.query.iter().filter_map(|p| p.v2.as_deref());
    let query = names.map(|name| format!("{name}=${}", variable(name)));
    // The first page of several.
    let page = explained
        .pages
        .iter()
        .map(|pages| format!("{}=1", pages.page));
    let query: Vec<String> = query.chain(page).collect();
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{}", query.join("&"))
    };
    let _ = write!(command, " \"$ANCHORE_URL/v2{}{query}\"", path(v2));
    Some(command)
}

/// The calls of a composition, whose queries stand in the mapping.
fn parts(plan: &ComposedPlan) -> String {
    let commands = plan.parts().iter().map(|part| {
        let path = with_variables(&part.v2().template.to_string());
        format!("{CURL} \"$ANCHORE_URL/v2{path}\"")
    });
    commands.collect::<Vec<_>>().join("\n")
}

/// A line for each value of the path that a look-up brings.
fn look_up(lookup: &Lookup, in_path: &[&str], command: &mut String) {
    let Some((_, path)) = lookup.v2.split_once(' ') else {
        return;
    };
    for (name, from) in &lookup.take {
        if in_path.contains(&name.as_str()) {
            // What `jq` asks for is a JSONPath without its root.
            let _ = writeln!(
                command,
                "{}=$({} \"$ANCHORE_URL/v2{}\" | jq -r '{}')",
                variable(name),
                CURL.replace(" -u", " -su"),
                with_variables(path),
                from.trim_start_matches('$')
            );
        }
    }
}

/// `{imageId}` as `$IMAGE_ID`.
fn with_variables(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}') {
            Some((name, behind)) if is_name(name) => {
                out.push('$');
                out.push_str(&variable(name));
                rest = behind;
            }
            _ => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
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
    name.to_shouty_snake_case()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curl(operation: &str) -> String {
        let operation = windlass_mappings::mappings().operation(operation);
        let command = command(operation.expect("it is mapped")).expect("it has V2 calls");
        command.replace(CURL, "curl")
    }

    #[test]
    fn calls_that_belong_together_stand_in_their_order() {
        assert_eq!(
            curl("delete_source"),
            "curl \"$ANCHORE_URL/v2/sources/$SOURCE_ID\"\n\
             curl -X DELETE \"$ANCHORE_URL/v2/sources/$SOURCE_ID?force=$FORCE\""
        );
        assert_eq!(
            curl("query_images_by_vulnerability"),
            "curl \"$ANCHORE_URL/v2/query/vulnerabilities?id=$ID&namespace=$NAMESPACE&page=$PAGE\"\n\
             curl \"$ANCHORE_URL/v2/query/images/by-package?name=$PACKAGE&page=$PAGE\"\n\
             curl \"$ANCHORE_URL/v2/images/$IMAGE_DIGEST/vuln/all?vendor_only=$VENDOR_ONLY\""
        );
    }

    #[test]
    fn names_in_braces_become_variables_and_json_stays_json() {
        assert_eq!(
            with_variables(r#"{"state":"{newState}","n":{}}"#),
            r#"{"state":"$NEW_STATE","n":{}}"#
        );
    }
}
