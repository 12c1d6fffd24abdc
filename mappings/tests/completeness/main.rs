//! Compares the mappings with the specifications of both APIs: is every operation, parameter
//! and field there, and under the right name? The comparison is read from the folder that
//! `WINDLASS_REFERENCE` names; without it these tests say that they were skipped.

mod body;
mod exceptions;

use std::path::PathBuf;
use std::sync::Arc;
use std::{env, fs};

use http::Method;
use serde_json::{Map, Value};
use windlass_mappings::mappings;
use windlass_transforms::plan::call::CallPlan;
use windlass_transforms::plan::operation::{Kind, Operation};
use windlass_transforms::rewrite::{BodyRewriter, Limits};
use windlass_transforms::route::{PathValues, Route};

#[test]
fn every_v1_operation_is_mapped_or_listed_as_unmapped() {
    let Some(rows) = table("operations.tsv") else {
        return;
    };
    let missing: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let [_, method, path, ..] = &row[..] else {
                panic!("a row of operations.tsv has too few columns: {row:?}");
            };
            find(method, path).err()
        })
        .collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_query_parameter_is_declared_under_its_v2_name() {
    let Some(rows) = table("parameters.tsv") else {
        return;
    };
    let mut wrong = Vec::new();
    for row in &rows {
        let [v1_operation, name, place, _, v2_name, ..] = &row[..] else {
            panic!("a row of parameters.tsv has too few columns: {row:?}");
        };
        if place != "query" || name == "-" {
            continue;
        }
        let (method, path) = v1_operation.split_once(' ').unwrap();
        let Ok((operation, _)) = find(method, path) else {
            continue; // said by the test above
        };
        if !matches!(operation.kind, Kind::Call(_)) {
            continue;
        }
        let v2_name = (v2_name != "-").then_some(v2_name.as_str());
        let declared = operation
            .explanation
            .query
            .iter()
            .find(|parameter| parameter.v1 == *name);
        match declared {
            None => wrong.push(format!("{}: `{name}` is not declared", operation.id)),
            Some(found) if found.v2.as_deref() != v2_name => wrong.push(format!(
                "{}: `{name}` is {:?}, expected {v2_name:?}",
                operation.id, found.v2
            )),
            Some(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// For each operation an answer is made that has every V2 field of its specification; what the
/// client gets must have every V1 field.
#[test]
fn every_field_of_an_answer_gets_its_v1_name() {
    let Some(reference) = json("fields.json") else {
        return;
    };
    let mut wrong = Vec::new();
    let mut used = Vec::new();
    let mut not_compared = exceptions::NOT_COMPARED.to_vec();
    for pair in reference["operations"].as_array().unwrap() {
        let (method, path) = pair["v1"].as_str().unwrap().split_once(' ').unwrap();
        let Ok((operation, values)) = find(method, path) else {
            continue;
        };
        let Kind::Call(plan) = &operation.kind else {
            continue;
        };
        if pair["service"] == "rbac" && operation.service.is_none() {
            continue; // the engine answers for the RBAC manager, with more members
        }
        for response in pair["responses"].as_object().unwrap().values() {
            let status = response["v2_status"].as_str().and_then(|s| s.parse().ok());
            let Some(status) = status.filter(|status: &u16| *status < 300) else {
                continue;
            };
            let fields = response["fields"].as_array().map_or(&[][..], Vec::as_slice);
            if fields.is_empty() {
                continue;
            }
            let before = wrong.len();
            match answer(&reference, &operation, plan, &values, status, fields) {
                Ok(v1) => compare(&operation, fields, &v1, &mut used, &mut wrong),
                Err(error) => wrong.push(format!("{}: {error}", operation.id)),
            }
            if exceptions::NOT_COMPARED
                .iter()
                .any(|(id, _)| *id == operation.id)
                && wrong.len() > before
            {
                wrong.truncate(before);
                not_compared.retain(|(id, _)| *id != operation.id);
            }
        }
    }
    for exception in exceptions::LIST {
        if !used.contains(exception) {
            wrong.push(format!("the exception {exception:?} is not needed"));
        }
    }
    for (id, _) in not_compared {
        wrong.push(format!("the exception of `{id}` is not needed"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The V1 answer for a V2 answer with all these fields, to a request with all parameters.
fn answer(
    reference: &Value,
    operation: &Operation,
    plan: &CallPlan,
    values: &PathValues,
    status: u16,
    fields: &[Value],
) -> Result<Value, String> {
    let query: Vec<String> = operation
        .explanation
        .query
        .iter()
        .map(|parameter| format!("{}=1", parameter.v1))
        .collect();
    let looked_up = looked_up(reference, plan, values)?;
    let response = plan.response(status);
    let context = plan.context(values, Some(&query.join("&")), looked_up);
    let mut rewriter = BodyRewriter::new(response.body, Arc::new(context), Limits::default());
    let mut out = Vec::new();
    rewriter
        .push(body(fields).to_string().as_bytes(), &mut out)
        .and_then(|()| rewriter.finish(&mut out))
        .map_err(|error| error.to_string())?;
    serde_json::from_slice(&out).map_err(|error| error.to_string())
}

/// A V2 body with all these fields.
fn body(fields: &[Value]) -> Value {
    let mut v2 = Value::Null;
    for field in fields {
        if let Some(path) = field["v2_path"].as_str() {
            let kind = field["v2_type"].as_str().unwrap_or("string");
            body::put(&mut v2, path, kind);
        }
    }
    v2
}

/// What the look-ups of a plan bring when their answers have every field of their
/// specification.
fn looked_up(
    reference: &Value,
    plan: &CallPlan,
    values: &PathValues,
) -> Result<Map<String, Value>, String> {
    let mut looked_up = Map::new();
    for lookup in plan.lookups() {
        let template = &lookup.v2().template;
        let path = template.to_string();
        let path = path.split('?').next().unwrap_or_default();
        let answers = reference["operations"].as_array().into_iter().flatten();
        let answer = answers
            .filter(|pair| {
                let v2 = pair["v2"]
                    .as_str()
                    .and_then(|v2| v2.strip_prefix("GET /v2"));
                v2.is_some_and(|v2| without_names(v2) == without_names(path))
            })
            .find_map(|pair| pair["responses"]["200"]["fields"].as_array())
            .ok_or_else(|| format!("nothing is known about the answer to GET {path}"))?;
        lookup
            .take(&body(answer), values, &mut looked_up)
            .map_err(|error| error.to_string())?;
    }
    Ok(looked_up)
}

/// A path template without the names of its parameters.
fn without_names(template: &str) -> Vec<&str> {
    template
        .split('/')
        .map(|segment| {
            if segment.starts_with('{') {
                "{}"
            } else {
                segment
            }
        })
        .collect()
}

fn compare(
    operation: &Operation,
    fields: &[Value],
    v1: &Value,
    used: &mut Vec<exceptions::Exception>,
    wrong: &mut Vec<String>,
) {
    for field in fields.iter().filter(|field| is_asked_for(operation, field)) {
        let v1_path = field["v1_path"].as_str();
        let v2_path = field["v2_path"].as_str();
        let message = match (v1_path, v2_path) {
            (Some(path), Some(_)) if !body::has(v1, path) => format!("V1 `{path}` is missing"),
            (None, Some(path)) if body::has(v1, &body::unwrapped(path, v1)) => {
                format!("V2 `{path}` reaches V1 clients")
            }
            _ => continue,
        };
        let path = v1_path.or(v2_path).unwrap_or_default();
        match exceptions::find(&operation.id, path) {
            Some(exception) => used.push(exception),
            None => wrong.push(format!("{}: {message}", operation.id)),
        }
    }
}

/// Whether a field is there at all: some come only with a parameter that not every operation
/// with this answer has.
fn is_asked_for(operation: &Operation, field: &Value) -> bool {
    let note = field["note"].as_str().unwrap_or_default();
    let Some((_, rest)) = note.split_once("only with ") else {
        return true;
    };
    let name = rest.split(' ').next().unwrap_or_default();
    let mut query = operation.explanation.query.iter();
    query.any(|parameter| parameter.v1 == name)
}

/// The operation of a V1 method and path as the specification writes them.
fn find(method: &str, path: &str) -> Result<(Arc<Operation>, PathValues), String> {
    let inner = path.strip_prefix("/v1").unwrap_or(path);
    // A parameter stands for itself: `{imageDigest}` is sent as `imageDigest`.
    let request = inner.replace(['{', '}'], "");
    let verb: Method = method.parse().expect("the reference names methods");
    match mappings().routes().find(&verb, &request) {
        Route::Found { operation, values } => {
            let template = operation.v1.template.to_string().replace("...}", "}");
            if template == inner {
                Ok((operation, values))
            } else {
                Err(format!("{method} {path} goes to {}", operation.v1))
            }
        }
        other => Err(format!("{method} {path}: {other:?}")),
    }
}

#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn reference(file: &str) -> Option<String> {
    let Some(folder) = env::var_os("WINDLASS_REFERENCE") else {
        println!("skipped: WINDLASS_REFERENCE names no folder with the specifications");
        return None;
    };
    let path = PathBuf::from(folder).join(file);
    match fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => panic!("failed to read {}: {error}", path.display()),
    }
}

/// The rows of a table, without its heading.
fn table(file: &str) -> Option<Vec<Vec<String>>> {
    let text = reference(file)?;
    let rows = text
        .lines()
        .skip(1)
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect();
    Some(rows)
}

fn json(file: &str) -> Option<Value> {
    let text = reference(file)?;
    Some(serde_json::from_str(&text).expect("the reference is JSON"))
}
