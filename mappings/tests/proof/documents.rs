//! The specifications, and what is wrong with a body by them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use http::Method;
use jsonschema::{Draft, Validator};
use serde_json::Value;
use windlass_transforms::document::{Closing, Document, Operation as Documented, Schema};
use windlass_transforms::operation::Endpoint;
use windlass_transforms::plan::operation::Operation;

/// The documents that bodies are held against.
pub(crate) struct Documents {
    pub(crate) v2: Document,
    /// With their base paths.
    pub(crate) v1: Vec<Document>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Documents {
    pub(crate) fn new(v2: Document, v1: Vec<Document>) -> Self {
        Self {
            v2,
            v1,
            validators: Mutex::default(),
        }
    }

    /// The V2 operation of an endpoint; parameters may have other names.
    pub(crate) fn v2(&self, endpoint: &Endpoint) -> Option<&Documented> {
        let template = endpoint.template.to_string();
        let path = template.split('?').next().unwrap_or_default();
        find(&self.v2, "", &endpoint.method, path)
    }

    /// The V1 operations of a mapped one, with their documents.
    pub(crate) fn v1(&self, operation: &Operation) -> Option<(&Document, &Documented)> {
        let template = operation.v1.template.to_string().replace("...}", "}");
        self.v1.iter().find_map(|document| {
            let base = document.base_path.strip_prefix("/v1")?;
            let found = find(document, base, &operation.v1.method, &template)?;
            Some((document, found))
        })
    }

    /// What is wrong with a value, as places of a body: `[].name: required`.
    pub(crate) fn misfits(
        &self,
        key: &str,
        document: &Document,
        schema: &Schema,
        value: &Value,
    ) -> Vec<String> {
        let validator = {
            let mut validators = self.validators.lock().expect("no test panicked with it");
            let validator = validators.entry(key.to_owned()).or_insert_with(|| {
                let schema = document.json_schema(schema, Closing::AsWritten);
                let built = jsonschema::options()
                    .with_draft(Draft::Draft202012)
                    .build(&schema)
                    .unwrap_or_else(|error| panic!("{key}: the schema is broken: {error}"));
                Arc::new(built)
            });
            Arc::clone(validator)
        };
        validator
            .iter_errors(value)
            .map(|error| {
                let place = place(error.instance_path().as_str());
                let schema = error.schema_path().as_str().to_owned();
                let law = schema.rsplit('/').next().unwrap_or_default().to_owned();
                let said = match law.as_str() {
                    "required" => error.to_string(),
                    _ => String::new(),
                };
                format!("{place}: {law} {said}").trim_end().to_owned()
            })
            .collect()
    }
}

fn find<'d>(
    document: &'d Document,
    base: &str,
    method: &Method,
    path: &str,
) -> Option<&'d Documented> {
    let wanted = anonymous(path);
    document.operations.iter().find(|known| {
        known.method == method && anonymous(&format!("{base}{}", known.path)) == wanted
    })
}

fn anonymous(path: &str) -> String {
    let segments = path
        .split('/')
        .map(|segment| match segment.strip_prefix('{') {
            Some(_) => "{}",
            None => segment,
        });
    segments.collect::<Vec<_>>().join("/")
}

/// `/0/image_detail/1/tag` as `[].image_detail[].tag`.
fn place(pointer: &str) -> String {
    let mut place = String::new();
    for part in pointer.split('/').skip(1) {
        if part.bytes().all(|b| b.is_ascii_digit()) {
            place.push_str("[]");
        } else {
            if !place.is_empty() {
                place.push('.');
            }
            place.push_str(part);
        }
    }
    if place.is_empty() {
        "the body".to_owned()
    } else {
        place
    }
}
