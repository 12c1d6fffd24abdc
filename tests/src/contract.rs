//! Holds answers of the V2 server against the document it publishes: the status is declared, the
//! body is of a declared kind, fits its schema and has no member that the schema does not know.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use http::Method;
use jsonschema::{Draft, Validator};
use serde_json::Value;
use windlass_transforms::document::{Closing, Document, Operation, Schema};
use windlass_transforms::plan::call::CallPlan;
use windlass_transforms::plan::lookup::LookupPlan;

use crate::calls::form;

/// What `GET /v2/openapi.json` promises.
#[derive(Debug)]
pub struct Contract {
    document: Document,
    /// Schemas, compiled when the first body needs them.
    validators: Mutex<HashMap<String, Validator>>,
}

/// The contract of the server built into this binary.
pub fn contract() -> &'static Contract {
    static CONTRACT: LazyLock<Contract> =
        LazyLock::new(|| Contract::read(&windlass_v2_server::document()));
    &CONTRACT
}

impl Contract {
    /// Reads an OpenAPI document.
    fn read(document: &str) -> Self {
        Self {
            document: Document::from_json(document).expect("the server publishes a document"),
            validators: Mutex::default(),
        }
    }

    /// Every operation: method and path template without `/v2`, in the order of the document.
    pub fn operations(&self) -> impl Iterator<Item = String> {
        self.document.operations.iter().map(Operation::name)
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
        let method: Method = method.parse().ok()?;
        self.document.route(&method, path)
    }

    /// What is wrong with an answer; nothing when it keeps the promise: the body fits its schema
    /// and has no member that the schema does not know, unless the schema is of a map.
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
        let Some(response) = operation.response(status) else {
            return vec![format!("{name}: {status} is not declared")];
        };
        if method == "HEAD" || (body.is_empty() && response.content.is_empty()) {
            return Vec::new();
        }
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        let Some(schema) = response.content.get(kind) else {
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
        self.misfits(
            &format!("{name} {} {kind}", response.status),
            schema,
            &value,
        )
        .into_iter()
        .map(|misfit| format!("{name}: {status}: {misfit}"))
        .collect()
    }

    fn misfits(&self, key: &str, schema: &Schema, value: &Value) -> Vec<String> {
        let mut validators = self.validators.lock().expect("no test panicked with it");
        let validator = validators.entry(key.to_owned()).or_insert_with(|| {
            let schema = self.document.json_schema(schema, Closing::Closed);
            jsonschema::options()
                .with_draft(Draft::Draft202012)
                .should_validate_formats(true)
                .build(&schema)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fruits() -> Contract {
        let fruit = json!({ "type": "object", "required": ["name"], "properties": {
            "name": { "type": "string" }, "picked": { "type": "string", "format": "date-time", "nullable": true } } });
        Contract::read(
            &json!({
                "openapi": "3.0.3",
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
