//! Reads OpenAPI 3 and Swagger 2 documents.

mod schema;

use http::Method;
use serde_json::{Map, Value};

use crate::document::{
    Content, Document, Operation, Parameter, Place, Request, Response, Schema, Status,
};

/// Why a text is not an API's document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The text is not JSON, or not YAML.
    #[error("the document cannot be read: {0}")]
    Syntax(String),
    /// It is something else.
    #[error("this is no OpenAPI 3 or Swagger 2 document: it has neither `openapi` nor `swagger`")]
    NotADocument,
    /// A part is not what it must be.
    #[error("`{at}` {message}")]
    Malformed {
        /// Where, as a JSON pointer.
        at: String,
        /// What is wrong with it.
        message: String,
    },
}

/// What is read while the place is known.
type Read<T> = Result<T, DocumentError>;

/// References to references end here.
const MAX_HOPS: usize = 16;

impl Document {
    /// Reads a document in JSON.
    pub fn from_json(text: &str) -> Result<Self, DocumentError> {
        let value =
            serde_json::from_str(text).map_err(|error| DocumentError::Syntax(error.to_string()))?;
        Self::from_value(&value)
    }

    /// Reads a document in JSON or YAML.
    #[cfg(feature = "yaml")]
    pub fn from_text(text: &str) -> Result<Self, DocumentError> {
        if text.trim_start().starts_with('{') {
            return Self::from_json(text);
        }
        let value: Value = serde_saphyr::from_str(text)
            .map_err(|error| DocumentError::Syntax(error.to_string()))?;
        Self::from_value(&value)
    }

    /// Reads a document from its JSON value.
    pub fn from_value(value: &Value) -> Result<Self, DocumentError> {
        let root = Reader {
            whole: value,
            is_swagger: value.get("swagger").is_some(),
        };
        if !root.is_swagger && value.get("openapi").is_none() {
            return Err(DocumentError::NotADocument);
        }
        root.document()
    }
}

/// A place in the document.
#[derive(Clone, Copy)]
struct At<'a> {
    parent: Option<&'a At<'a>>,
    name: &'a str,
}

const ROOT: At<'static> = At {
    parent: None,
    name: "",
};

impl<'a> At<'a> {
    fn child(&'a self, name: &'a str) -> At<'a> {
        At {
            parent: Some(self),
            name,
        }
    }

    fn pointer(&self) -> String {
        let above = self.parent.map(At::pointer).unwrap_or_default();
        match self.parent {
            Some(_) => format!(
                "{above}/{}",
                self.name.replace('~', "~0").replace('/', "~1")
            ),
            None => String::new(),
        }
    }

    fn malformed(&self, message: impl Into<String>) -> DocumentError {
        DocumentError::Malformed {
            at: self.pointer(),
            message: message.into(),
        }
    }

    fn object(&self, value: &'a Value) -> Read<&'a Map<String, Value>> {
        value
            .as_object()
            .ok_or_else(|| self.malformed("is not an object"))
    }

    fn text(&self, value: &'a Value, name: &str) -> Read<&'a str> {
        value
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| self.malformed(format!("has no `{name}`")))
    }
}

struct Reader<'v> {
    whole: &'v Value,
    is_swagger: bool,
}

impl<'v> Reader<'v> {
    fn document(&self) -> Read<Document> {
        let info = &self.whole["info"];
        let text = |name: &str| info[name].as_str().unwrap_or_default().to_owned();
        let mut document = Document {
            title: text("title"),
            version: text("version"),
            base_path: self.base_path(),
            ..Document::default()
        };
        let (schemas, place) = if self.is_swagger {
            (self.whole.get("definitions"), "definitions")
        } else {
            (self.whole.pointer("/components/schemas"), "schemas")
        };
        let at = ROOT.child(place);
        for (name, value) in schemas.and_then(Value::as_object).into_iter().flatten() {
            let schema = schema::read(value, at.child(name))?;
            document.schemas.insert(name.clone(), schema);
        }
        let at = ROOT.child("paths");
        let paths = at.object(&self.whole["paths"])?;
        for (path, item) in paths {
            self.path(path, item, at.child(path), &mut document.operations)?;
        }
        check_references(&document)?;
        Ok(document)
    }

    fn base_path(&self) -> String {
        let path = if self.is_swagger {
            self.whole["basePath"].as_str()
        } else {
            let url = self.whole["servers"][0]["url"].as_str();
            // Of a whole URL only the path counts.
            url.map(|url| match url.split_once("://") {
                Some((_, rest)) => rest.find('/').map_or("", |slash| &rest[slash..]),
                None => url,
            })
        };
        path.unwrap_or_default().trim_end_matches('/').to_owned()
    }

    fn path(&self, path: &str, item: &Value, at: At<'_>, into: &mut Vec<Operation>) -> Read<()> {
        let methods = [
            ("get", Method::GET),
            ("put", Method::PUT),
            ("post", Method::POST),
            ("delete", Method::DELETE),
            ("patch", Method::PATCH),
            ("head", Method::HEAD),
            ("options", Method::OPTIONS),
        ];
        for (name, value) in at.object(item)? {
            let Some((_, method)) = methods.iter().find(|(known, _)| known == name) else {
                continue;
            };
            let at = at.child(name);
            at.object(value)?;
            let operation = self.operation(method.clone(), path, item, value, at)?;
            into.push(operation);
        }
        Ok(())
    }

    fn operation(
        &self,
        method: Method,
        path: &str,
        item: &Value,
        value: &Value,
        at: At<'_>,
    ) -> Read<Operation> {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let mut operation = Operation {
            id: text("operationId"),
            method,
            path: path.to_owned(),
            summary: text("summary")
                .or_else(|| text("description"))
                .unwrap_or_default(),
            tags: texts(&value["tags"]),
            deprecated: value["deprecated"] == true,
            parameters: Vec::new(),
            request: None,
            responses: Vec::new(),
        };
        let mut form = Schema::of(super::Kind::Object);
        let own = value["parameters"].as_array().into_iter().flatten();
        let shared = item["parameters"].as_array().into_iter().flatten();
        for (index, parameter) in own.chain(shared).enumerate() {
            let index = index.to_string();
            let list = at.child("parameters");
            let at = list.child(&index);
            let parameter = self.follow(parameter, at)?;
            self.parameter(parameter, value, at, &mut operation, &mut form)?;
        }
        if !form.properties.is_empty() {
            let kinds = self.media_types(value, "consumes");
            operation.request = Some(Request {
                required: !form.required.is_empty(),
                content: Content(each(&kinds, &form)),
            });
        }
        if let Some(body) = value.get("requestBody") {
            let at = at.child("requestBody");
            let body = self.follow(body, at)?;
            operation.request = Some(Request {
                required: body["required"] == true,
                content: content(body, at)?,
            });
        }
        let at = at.child("responses");
        for (status, response) in at.object(&value["responses"])? {
            let at = at.child(status);
            let response = self.follow(response, at)?;
            let content = match response.get("schema") {
                Some(schema) => {
                    let kinds = self.media_types(value, "produces");
                    Content(each(&kinds, &schema::read(schema, at.child("schema"))?))
                }
                None => content(response, at)?,
            };
            operation.responses.push(Response {
                status: Status::parse(status).ok_or_else(|| at.malformed("is not a status"))?,
                description: response["description"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                content,
            });
        }
        Ok(operation)
    }

    /// One parameter; in Swagger 2 the body is one too.
    fn parameter(
        &self,
        parameter: &Value,
        operation: &Value,
        at: At<'_>,
        into: &mut Operation,
        form: &mut Schema,
    ) -> Read<()> {
        let required = parameter["required"] == true;
        let name = at.text(parameter, "name")?.to_owned();
        let place = match at.text(parameter, "in")? {
            "path" => Place::Path,
            "query" => Place::Query,
            "header" => Place::Header,
            "cookie" => Place::Cookie,
            "body" => {
                let schema = schema::read(&parameter["schema"], at.child("schema"))?;
                let kinds = self.media_types(operation, "consumes");
                into.request = Some(Request {
                    required,
                    content: Content(each(&kinds, &schema)),
                });
                return Ok(());
            }
            "formData" => {
                if required {
                    form.required.push(name.clone());
                }
                form.properties.push((name, schema::read(parameter, at)?));
                return Ok(());
            }
            other => return Err(at.malformed(format!("stands in `{other}`, which is no place"))),
        };
        if into.parameter(place, &name).is_some() {
            return Ok(()); // the operation's own, in front of the one of its path
        }
        // Swagger 2 writes the kind of value beside the name.
        let schema = match parameter.get("schema") {
            Some(schema) => schema::read(schema, at.child("schema"))?,
            None => schema::read(parameter, at)?,
        };
        into.parameters.push(Parameter {
            name,
            place,
            required: required || place == Place::Path,
            description: parameter["description"].as_str().map(str::to_owned),
            schema: Schema {
                description: None,
                required: Vec::new(),
                ..schema
            },
        });
        Ok(())
    }

    fn media_types(&self, operation: &Value, key: &str) -> Vec<String> {
        let own = operation.get(key).or_else(|| self.whole.get(key));
        let kinds = own.map(texts).unwrap_or_default();
        if kinds.is_empty() {
            return vec!["application/json".to_owned()];
        }
        kinds
    }

    /// What a reference to a parameter, a body or a response stands for.
    fn follow<'a>(&'a self, value: &'a Value, at: At<'_>) -> Read<&'a Value>
    where
        'v: 'a,
    {
        let mut value = value;
        for _ in 0..MAX_HOPS {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
                return Ok(value);
            };
            value = reference
                .strip_prefix('#')
                .and_then(|pointer| self.whole.pointer(pointer))
                .ok_or_else(|| {
                    at.malformed(format!("refers to `{reference}`, which is not there"))
                })?;
        }
        Err(at.malformed("refers to itself"))
    }
}

/// Reads a schema that stands alone; names that it refers to are not looked for.
pub(super) fn read_schema(value: &Value) -> Read<Schema> {
    schema::read(value, ROOT)
}

fn each(kinds: &[String], schema: &Schema) -> Vec<(String, Schema)> {
    let kinds = kinds.iter();
    kinds.map(|kind| (kind.clone(), schema.clone())).collect()
}

fn content(value: &Value, at: At<'_>) -> Read<Content> {
    let Some(kinds) = value.get("content") else {
        return Ok(Content::default());
    };
    let at = at.child("content");
    let mut content = Vec::new();
    for (kind, media) in at.object(kinds)? {
        let at = at.child(kind);
        let schema = match media.get("schema") {
            Some(schema) => schema::read(schema, at.child("schema"))?,
            None => Schema::default(),
        };
        content.push((kind.clone(), schema));
    }
    Ok(Content(content))
}

fn texts(value: &Value) -> Vec<String> {
    let elements = value.as_array().into_iter().flatten();
    elements
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// Every named schema that is used is there.
fn check_references(document: &Document) -> Read<()> {
    let mut missing = None;
    let mut see = |schema: &Schema| {
        if let Some(name) = &schema.reference
            && !document.schemas.contains_key(name)
        {
            missing.get_or_insert_with(|| name.clone());
        }
    };
    for schema in document.schemas.values() {
        schema.walk(&mut see);
    }
    for operation in &document.operations {
        let bodies = operation.request.iter().map(|request| &request.content);
        let answers = operation.responses.iter().map(|response| &response.content);
        for (_, schema) in bodies.chain(answers).flat_map(|content| &content.0) {
            schema.walk(&mut see);
        }
        for parameter in &operation.parameters {
            parameter.schema.walk(&mut see);
        }
    }
    match missing {
        Some(name) => Err(ROOT
            .child("schemas")
            .child(&name)
            .malformed("is referred to, but not there")),
        None => Ok(()),
    }
}
