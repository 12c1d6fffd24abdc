//! Holds answers of the V2 server against the document it publishes: the status is declared, the
//! body is of a declared kind, fits its schema and has no member that the schema does not know.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};
use windlass_transforms::plan::call::CallPlan;
use windlass_transforms::plan::lookup::LookupPlan;

use crate::calls::form;

/// What `GET /v2/openapi.json` promises.
#[derive(Debug)]
pub struct Contract {
    /// Schemas by name, as JSON Schema.
    components: Value,
    /// Responses by name.
    responses: Value,
    operations: Vec<Operation>,
    /// Schemas, compiled when the first body needs them.
    validators: Mutex<HashMap<String, Validator>>,
}

#[derive(Debug)]
struct Operation {
    method: String,
    template: String,
    responses: Map<String, Value>,
}

/// The contract of the server built into this binary.
pub fn contract() -> &'static Contract {
    static CONTRACT: LazyLock<Contract> =
        LazyLock::new(|| Contract::read(&windlass_v2_server::document()));
    &CONTRACT
}

impl Contract {
    /// Reads an OpenAPI 3.0 document.
    fn read(document: &str) -> Self {
        let mut document: Value = serde_json::from_str(document).expect("the document is JSON");
        to_json_schema(&mut document);
        let mut operations = Vec::new();
        for (template, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("a path item") {
                if let Some(responses) = operation["responses"].as_object() {
                    operations.push(Operation {
                        method: method.to_uppercase(),
                        template: template.clone(),
                        responses: responses.clone(),
                    });
                }
            }
        }
        Self {
            components: document["components"]["schemas"].take(),
            responses: document["components"]["responses"].take(),
            operations,
            validators: Mutex::default(),
        }
    }

    /// Every operation: method and path template without `/v2`, in the order of the document.
    pub fn operations(&self) -> impl Iterator<Item = String> {
        self.operations.iter().map(Operation::name)
    }

    /// The operation that a request line is for, as `GET /images/{image_digest}`. The path is
    /// without `/v2` and without query.
    pub fn operation(&self, method: &str, path: &str) -> Option<String> {
        self.find(method, path).map(Operation::name)
    }

    /// Whether the server has every V2 operation that a mapped operation calls. Mappings are
    /// ahead of the server: what it lacks is held to its examples only.
    pub fn serves(&self, call: &CallPlan) -> bool {
        let lookups = call.lookups().iter().map(LookupPlan::v2);
        lookups.chain([call.v2()]).all(|v2| {
            let wanted = v2.to_string();
            let wanted = form(wanted.split('?').next().unwrap_or_default());
            self.operations().any(|name| form(&name) == wanted)
        })
    }

    fn find(&self, method: &str, path: &str) -> Option<&Operation> {
        let method = if method == "HEAD" { "GET" } else { method };
        self.operations
            .iter()
            .filter(|operation| operation.method == method && operation.matches(path))
            .min_by_key(|operation| operation.template.matches('{').count())
    }

    /// What is wrong with an answer; nothing when it keeps the promise.
    pub fn breaches(
        &self,
        method: &str,
        path: &str,
        status: u16,
        content_type: &str,
        body: &[u8],
    ) -> Vec<String> {
        let Some(operation) = self.find(method, path) else {
            let known = matches!(path, "/openapi.json" | "/ui" | "/ui/");
            return match status {
                400 | 404 | 405 => Vec::new(),
                _ if known => Vec::new(),
                _ => vec![format!("{method} {path} is not in the document")],
            };
        };
        let name = operation.name();
        let key = [
            status.to_string(),
            format!("{}XX", status / 100),
            "default".to_owned(),
        ]
        .into_iter()
        .find(|key| operation.responses.contains_key(key));
        let Some(key) = key else {
            return vec![format!("{name}: {status} is not declared")];
        };
        let mut response = &operation.responses[&key];
        if let Some(reference) = response["$ref"].as_str() {
            let component = reference
                .rsplit('/')
                .next()
                .expect("splitting gives a part");
            response = &self.responses[component];
        }
        let content = response["content"].as_object();
        if method == "HEAD" || (body.is_empty() && content.is_none_or(Map::is_empty)) {
            return Vec::new();
        }
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        let Some(media) = content.and_then(|content| content.get(kind)) else {
            return vec![format!(
                "{name}: {status} with a body of {kind:?} is not declared"
            )];
        };
        if !kind.ends_with("json") {
            return Vec::new();
        }
        let value: Value = match serde_json::from_slice(body) {
            Ok(value) => value,
            Err(error) => return vec![format!("{name}: {status} is not JSON: {error}")],
        };
        self.misfits(&format!("{name} {key} {kind}"), &media["schema"], &value)
            .into_iter()
            .map(|misfit| format!("{name}: {status}: {misfit}"))
            .collect()
    }

    fn misfits(&self, key: &str, schema: &Value, value: &Value) -> Vec<String> {
        let mut validators = self.validators.lock().expect("no test panicked with it");
        let validator = validators.entry(key.to_owned()).or_insert_with(|| {
            let whole = json!({ "allOf": [schema], "components": { "schemas": self.components } });
            jsonschema::options()
                .with_draft(Draft::Draft202012)
                .should_validate_formats(true)
                .build(&whole)
                .unwrap_or_else(|error| panic!("{key}: the schema is broken: {error}"))
        });
        validator
            .iter_errors(value)
            .map(|error| {
                let mut text = error.to_string();
                if let Some((end, _)) = text.char_indices().nth(300) {
                    text.truncate(end);
                }
                format!("at {:?}: {text}", error.instance_path().as_str())
            })
            .collect()
    }
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    fn matches(&self, path: &str) -> bool {
        let mut values = path.split('/');
        let fits = self.template.split('/').all(|segment| {
            values.next().is_some_and(|value| {
                segment == value || (segment.starts_with('{') && !value.is_empty())
            })
        });
        fits && values.next().is_none()
    }
}

/// Turns the schemas of an OpenAPI 3.0 document into JSON Schema, and closes them: a member that
/// no schema names is an error, unless the schema is of a map.
fn to_json_schema(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(to_json_schema),
        Value::Object(members) => {
            members.values_mut().for_each(to_json_schema);
            if members.get("properties").is_some_and(Value::is_object)
                && !members.contains_key("additionalProperties")
            {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            if members.get("nullable") == Some(&json!(true)) {
                members.shift_remove("nullable");
                let schema = Value::Object(std::mem::take(members));
                members.insert("anyOf".to_owned(), json!([schema, { "type": "null" }]));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fruits() -> Contract {
        let fruit = json!({ "type": "object", "required": ["name"], "properties": {
            "name": { "type": "string" }, "picked": { "type": "string", "format": "date-time", "nullable": true } } });
        Contract::read(
            &json!({
                "paths": { "/fruits/{name}": { "get": { "responses": {
                    "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Fruit" } } } },
                    "204": {},
                    "404": { "$ref": "#/components/responses/NotFound" },
                } } } },
                "components": {
                    "schemas": { "Fruit": fruit },
                    "responses": { "NotFound": { "content": { "application/json": { "schema": { "type": "object" } } } } },
                },
            })
            .to_string(),
        )
    }

    fn breaches(status: u16, kind: &str, body: &str) -> usize {
        fruits()
            .breaches("GET", "/fruits/fig", status, kind, body.as_bytes())
            .len()
    }

    #[test]
    fn answers_that_keep_the_promise_have_no_breach() {
        let json = "application/json; charset=utf-8";
        assert_eq!(breaches(200, json, r#"{"name": "fig"}"#), 0);
        assert_eq!(breaches(200, json, r#"{"name": "fig", "picked": null}"#), 0);
        assert_eq!(
            breaches(
                200,
                json,
                r#"{"name": "fig", "picked": "2026-01-02T03:04:05Z"}"#
            ),
            0
        );
        assert_eq!(breaches(204, "", ""), 0);
        assert_eq!(breaches(404, "application/json", "{}"), 0);
    }

    #[test]
    fn every_kind_of_breach_is_seen() {
        let json = "application/json";
        for (status, kind, body) in [
            (200, json, "{}"),
            (200, json, r#"{"name": 1}"#),
            (200, json, r#"{"name": "fig", "color": "green"}"#),
            (200, json, r#"{"name": "fig", "picked": "today"}"#),
            (200, json, "{"),
            (200, "text/plain", "fig"),
            (204, json, "{}"),
            (404, json, "[]"),
            (500, json, "{}"),
        ] {
            assert_eq!(breaches(status, kind, body), 1, "{status} {kind} {body}");
        }
        let undeclared = fruits().breaches("POST", "/fruits/fig", 200, json, b"{}");
        assert_eq!(undeclared.len(), 1, "{undeclared:?}");
    }
}
