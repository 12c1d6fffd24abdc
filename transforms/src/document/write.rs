//! Writes a document as OpenAPI 3.0 or Swagger 2.0.

use serde_json::{Map, Value, json};

use crate::document::{
    Content, Document, Kind, Operation, Others, Parameter, Place, Request, Response, Schema, Status,
};

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// OpenAPI 3.0.
    OpenApi3,
    /// Swagger 2.0. It has no choices (`oneOf`): what would be one is any value.
    Swagger2,
}

impl Document {
    /// The document as JSON.
    pub fn to_value(&self, dialect: Dialect) -> Value {
        let writer = Writer { dialect };
        let mut paths = Map::new();
        for operation in &self.operations {
            let item = paths
                .entry(operation.path.clone())
                .or_insert_with(|| json!({}));
            item[operation.method.as_str().to_lowercase()] = writer.operation(operation);
        }
        let schemas: Map<String, Value> = self
            .schemas
            .iter()
            .map(|(name, schema)| (name.clone(), writer.schema(schema)))
            .collect();
        let info = json!({ "title": self.title, "version": self.version });
        let base = if self.base_path.is_empty() {
            "/"
        } else {
            &self.base_path
        };
        match dialect {
            Dialect::OpenApi3 => json!({
                "openapi": "3.0.3",
                "info": info,
                "servers": [{ "url": base }],
                "paths": paths,
                "components": { "schemas": schemas },
            }),
            Dialect::Swagger2 => json!({
                "swagger": "2.0",
                "info": info,
                "basePath": base,
                "consumes": ["application/json"],
                "produces": ["application/json"],
                "paths": paths,
                "definitions": schemas,
            }),
        }
    }
}

struct Writer {
    dialect: Dialect,
}

impl Writer {
    fn operation(&self, operation: &Operation) -> Value {
        let mut out = Map::new();
        if let Some(id) = &operation.id {
            out.insert("operationId".to_owned(), json!(id));
        }
        if !operation.summary.is_empty() {
            out.insert("summary".to_owned(), json!(operation.summary));
        }
        if !operation.tags.is_empty() {
            out.insert("tags".to_owned(), json!(operation.tags));
        }
        if operation.deprecated {
            out.insert("deprecated".to_owned(), json!(true));
        }
        let mut parameters: Vec<Value> = operation
            .parameters
            .iter()
            .map(|parameter| self.parameter(parameter))
            .collect();
        if let Some(request) = &operation.request {
            match self.dialect {
                Dialect::OpenApi3 => {
                    let body = json!({
                        "required": request.required,
                        "content": self.content(&request.content),
                    });
                    out.insert("requestBody".to_owned(), body);
                }
                Dialect::Swagger2 => parameters.push(self.body(request, &mut out)),
            }
        }
        if !parameters.is_empty() {
            out.insert("parameters".to_owned(), Value::Array(parameters));
        }
        let mut produced = Vec::new();
        let mut responses = Map::new();
        for response in &operation.responses {
            let status = match response.status {
                // Swagger 2 has no classes of statuses.
                Status::Class(_) if self.dialect == Dialect::Swagger2 => "default".to_owned(),
                status => status.to_string(),
            };
            responses
                .entry(status)
                .or_insert_with(|| self.response(response, &mut produced));
        }
        out.insert("responses".to_owned(), Value::Object(responses));
        if self.dialect == Dialect::Swagger2
            && produced.iter().any(|kind| kind != "application/json")
        {
            out.insert("produces".to_owned(), json!(produced));
        }
        Value::Object(out)
    }

    fn parameter(&self, parameter: &Parameter) -> Value {
        let mut out = Map::new();
        out.insert("name".to_owned(), json!(parameter.name));
        out.insert("in".to_owned(), json!(parameter.place.as_str()));
        if let Some(description) = &parameter.description {
            out.insert("description".to_owned(), json!(description));
        }
        if parameter.required || parameter.place == Place::Path {
            out.insert("required".to_owned(), json!(true));
        }
        let schema = self.schema(&parameter.schema);
        match (self.dialect, schema) {
            (Dialect::Swagger2, Value::Object(schema)) => {
                for (name, value) in schema {
                    out.entry(name).or_insert(value);
                }
                out.entry("type").or_insert_with(|| json!("string"));
            }
            (_, schema) => {
                out.insert("schema".to_owned(), schema);
            }
        }
        Value::Object(out)
    }

    /// The request body as the parameter that Swagger 2 makes of it.
    fn body(&self, request: &Request, operation: &mut Map<String, Value>) -> Value {
        let kinds: Vec<&String> = request.content.0.iter().map(|(kind, _)| kind).collect();
        if kinds.iter().any(|kind| *kind != "application/json") {
            operation.insert("consumes".to_owned(), json!(kinds));
        }
        let schema = request.content.0.first().map(|(_, schema)| schema);
        json!({
            "name": "body",
            "in": "body",
            "required": request.required,
            "schema": schema.map_or_else(|| json!({}), |schema| self.schema(schema)),
        })
    }

    fn response(&self, response: &Response, produced: &mut Vec<String>) -> Value {
        let mut out = Map::new();
        out.insert("description".to_owned(), json!(response.description));
        match self.dialect {
            Dialect::OpenApi3 if !response.content.is_empty() => {
                out.insert("content".to_owned(), self.content(&response.content));
            }
            Dialect::Swagger2 => {
                for (kind, _) in &response.content.0 {
                    if !produced.contains(kind) {
                        produced.push(kind.clone());
                    }
                }
                if let Some((_, schema)) = response.content.0.first() {
                    out.insert("schema".to_owned(), self.schema(schema));
                }
            }
            Dialect::OpenApi3 => {}
        }
        Value::Object(out)
    }

    fn content(&self, content: &Content) -> Value {
        let kinds = content.0.iter();
        kinds
            .map(|(kind, schema)| (kind.clone(), json!({ "schema": self.schema(schema) })))
            .collect::<Map<_, _>>()
            .into()
    }

    fn schema(&self, schema: &Schema) -> Value {
        let mut out = Map::new();
        if let Some(name) = &schema.reference {
            let prefix = match self.dialect {
                Dialect::OpenApi3 => "#/components/schemas/",
                Dialect::Swagger2 => "#/definitions/",
            };
            out.insert("$ref".to_owned(), json!(format!("{prefix}{name}")));
        }
        if let Some(description) = &schema.description {
            out.insert("description".to_owned(), json!(description));
        }
        if let Some(kind) = schema.kind {
            out.insert("type".to_owned(), json!(kind.as_str()));
            if kind == Kind::Array && schema.items.is_none() {
                out.insert("items".to_owned(), json!({}));
            }
        }
        if let Some(format) = &schema.format {
            out.insert("format".to_owned(), json!(format));
        }
        if schema.nullable {
            let name = match self.dialect {
                Dialect::OpenApi3 => "nullable",
                Dialect::Swagger2 => "x-nullable",
            };
            out.insert(name.to_owned(), json!(true));
        }
        if !schema.words.is_empty() {
            out.insert("enum".to_owned(), json!(schema.words));
        }
        out.extend(schema.limits.clone());
        if !schema.required.is_empty() {
            out.insert("required".to_owned(), json!(schema.required));
        }
        if !schema.properties.is_empty() {
            let properties = schema.properties.iter();
            let properties: Map<String, Value> = properties
                .map(|(name, schema)| (name.clone(), self.schema(schema)))
                .collect();
            out.insert("properties".to_owned(), Value::Object(properties));
        }
        match &schema.others {
            Others::Unsaid => {}
            Others::Closed => {
                out.insert("additionalProperties".to_owned(), json!(false));
            }
            Others::Any => {
                out.insert("additionalProperties".to_owned(), json!(true));
            }
            Others::Each(each) => {
                out.insert("additionalProperties".to_owned(), self.schema(each));
            }
        }
        if let Some(items) = &schema.items {
            out.insert("items".to_owned(), self.schema(items));
        }
        if !schema.all_of.is_empty() {
            out.insert("allOf".to_owned(), self.list(&schema.all_of));
        }
        if !schema.any_of.is_empty() && self.dialect == Dialect::OpenApi3 {
            out.insert("anyOf".to_owned(), self.list(&schema.any_of));
        }
        if out.len() > 1
            && let Some(reference) = out.shift_remove("$ref")
        {
            // Beside a plain reference nothing would count.
            let mut parts = match out.shift_remove("allOf") {
                Some(Value::Array(parts)) => parts,
                _ => Vec::new(),
            };
            parts.insert(0, json!({ "$ref": reference }));
            out.insert("allOf".to_owned(), Value::Array(parts));
        }
        Value::Object(out)
    }

    fn list(&self, schemas: &[Schema]) -> Value {
        schemas.iter().map(|schema| self.schema(schema)).collect()
    }
}
