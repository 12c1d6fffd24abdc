//! Documents: what is read, what it means, and how it is written.

mod comparing;
mod deriving;

use http::Method;
use serde_json::{Value, json};
use windlass_transforms::document::flat::FlatOthers;
use windlass_transforms::document::{
    Closing, Dialect, Document, DocumentError, Kind, Place, Schema, Status,
};

/// An API in OpenAPI 3.
fn orchard() -> Value {
    json!({
        "openapi": "3.0.1",
        "info": { "title": "Orchard", "version": "1.2.0" },
        "servers": [{ "url": "https://orchard.example.com/v2/" }],
        "paths": {
            "/fruits/{fruit_id}": {
                "parameters": [{ "$ref": "#/components/parameters/FruitId" }],
                "get": {
                    "operationId": "get_fruit",
                    "summary": "Look up a fruit.",
                    "parameters": [
                        { "name": "with_seeds", "in": "query", "schema": { "type": "boolean" } },
                    ],
                    "responses": {
                        "200": { "description": "Found", "content": {
                            "application/json": { "schema": { "$ref": "#/components/schemas/Fruit" } },
                        } },
                        "4XX": { "description": "Not found" },
                    },
                },
            },
            "/fruits/ripe": { "get": { "responses": { "204": { "description": "None" } } } },
        },
        "components": {
            "parameters": { "FruitId": {
                "name": "fruit_id", "in": "path", "required": true, "schema": { "type": "string" },
            } },
            "schemas": {
                "Nothing": { "enum": [null] },
                "Living": { "type": "object", "required": ["age"], "properties": {
                    "age": { "type": "integer", "minimum": 0 },
                    "parent": { "$ref": "#/components/schemas/Living" },
                } },
                "Fruit": { "allOf": [
                    { "$ref": "#/components/schemas/Living" },
                    { "type": "object", "required": ["name"], "properties": {
                        "name": { "type": "string", "enum": ["fig", "plum"] },
                        "labels": { "type": "object", "additionalProperties": { "type": "string" } },
                        "notes": { "type": "object" },
                        "seed": { "anyOf": [
                            { "$ref": "#/components/schemas/Living" },
                            { "$ref": "#/components/schemas/Nothing" },
                        ] },
                    } },
                ] },
            },
        },
    })
}

fn document() -> Document {
    Document::from_value(&orchard()).expect("it is a document")
}

#[test]
fn operations_know_their_parameters_and_answers() {
    let document = document();
    assert_eq!(document.base_path, "/v2");
    let operation = document
        .operation(&Method::GET, "/fruits/{fruit_id}")
        .expect("it is there");
    assert_eq!(operation.name(), "GET /fruits/{fruit_id}");
    assert!(
        operation
            .parameter(Place::Path, "fruit_id")
            .is_some_and(|p| p.required)
    );
    let query = operation.parameter(Place::Query, "with_seeds").unwrap();
    assert_eq!(
        (query.required, query.schema.kind),
        (false, Some(Kind::Boolean))
    );
    assert_eq!(operation.response(404).unwrap().status, Status::Class(4));
    assert_eq!(operation.response(500), None);
    let body = operation.response(200).unwrap().content.as_json();
    assert_eq!(body, Some(&Schema::named("Fruit")));
}

#[test]
fn literal_segments_win_over_parameters() {
    let document = document();
    let route = |path| document.route(&Method::GET, path).map(|o| o.path.as_str());
    assert_eq!(route("/fruits/ripe"), Some("/fruits/ripe"));
    assert_eq!(route("/fruits/7"), Some("/fruits/{fruit_id}"));
    assert_eq!(route("/fruits/"), None);
    assert_eq!(route("/fruits/7/seeds"), None);
}

#[test]
fn parts_are_merged_and_choices_of_null_are_nullable() {
    let document = document();
    let fruit = Schema::named("Fruit");
    let flat = document.flat(&fruit);
    assert_eq!(flat.name, Some("Fruit"));
    assert_eq!(flat.kind, Some(Kind::Object));
    let names: Vec<&str> = flat.properties.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["age", "parent", "name", "labels", "notes", "seed"]);
    assert_eq!(Vec::from_iter(flat.required.clone()), ["age", "name"]);
    let seed = document.flat(flat.property("seed").unwrap());
    assert!(seed.nullable);
    assert_eq!(seed.name, Some("Living"));
    assert!(seed.any_of.is_empty());
    let labels = document.flat(flat.property("labels").unwrap());
    assert!(labels.is_free_form());
    assert!(matches!(labels.others, FlatOthers::Each(each) if each.kind == Some(Kind::String)));
    assert!(
        document
            .flat(flat.property("notes").unwrap())
            .is_free_form()
    );
}

#[test]
fn schemas_may_use_themselves() {
    let mut written = orchard();
    written["components"]["schemas"]["Loop"] =
        json!({ "allOf": [{ "$ref": "#/components/schemas/Loop" }, { "type": "object" }] });
    let document = Document::from_value(&written).expect("it is a document");
    assert_eq!(
        document.flat(&Schema::named("Loop")).kind,
        Some(Kind::Object)
    );
    let living = document.json_schema(&Schema::named("Living"), Closing::AsWritten);
    let parent = &living["$defs"]["Living"]["properties"]["parent"];
    assert_eq!(parent, &json!({ "$ref": "#/$defs/Living" }));
}

#[test]
fn json_schema_closes_what_nothing_keeps_open() {
    let document = document();
    let fruit = Schema::named("Fruit");
    let open = &document.json_schema(&fruit, Closing::AsWritten)["$defs"]["Fruit"];
    assert_eq!(open.get("additionalProperties"), None);
    let closed = &document.json_schema(&fruit, Closing::Closed)["$defs"]["Fruit"];
    assert_eq!(closed["additionalProperties"], json!(false));
    let properties = &closed["properties"];
    assert_eq!(properties["notes"], json!({ "type": "object" }));
    assert_eq!(
        properties["labels"]["additionalProperties"],
        json!({ "type": "string" })
    );
    assert_eq!(properties["seed"]["type"], json!(["object", "null"]));
    assert_eq!(properties["age"]["minimum"], json!(0));
}

#[test]
fn swagger_2_means_the_same() {
    let swagger = json!({
        "swagger": "2.0",
        "info": { "title": "Orchard", "version": "0.9" },
        "basePath": "/v1/",
        "consumes": ["application/json"],
        "paths": { "/fruits": { "post": {
            "produces": ["application/json", "text/plain"],
            "parameters": [
                { "name": "fruit", "in": "body", "required": true, "schema": { "$ref": "#/definitions/Fruit" } },
                { "name": "kind", "in": "query", "type": "string", "enum": ["fig"], "required": true },
            ],
            "responses": { "200": { "description": "Kept", "schema": {
                "type": "array", "items": { "$ref": "#/definitions/Fruit" },
            } } },
        } } },
        "definitions": { "Fruit": { "type": "object", "properties": {
            "eaten": { "type": "string", "x-nullable": true },
        } } },
    });
    let document = Document::from_value(&swagger).expect("it is a document");
    assert_eq!(document.base_path, "/v1");
    let operation = document.operation(&Method::POST, "/fruits").unwrap();
    let request = operation.request.as_ref().unwrap();
    assert!(request.required);
    assert_eq!(request.content.as_json(), Some(&Schema::named("Fruit")));
    let kind = operation.parameter(Place::Query, "kind").unwrap();
    assert!(
        kind.required && kind.schema.words == [json!("fig")] && kind.schema.required.is_empty()
    );
    let answer = &operation.response(200).unwrap().content;
    assert_eq!(answer.get("text/plain; charset=utf-8"), answer.as_json());
    let elements = document.flat(answer.as_json().unwrap()).items.unwrap();
    let eaten = document.flat(elements).property("eaten").unwrap();
    assert!(eaten.nullable);
}

#[test]
fn what_is_written_is_read_again() {
    let document = document();
    let again = Document::from_value(&document.to_value(Dialect::OpenApi3)).unwrap();
    assert_eq!(again.operations, document.operations);
    assert_eq!(again.schemas, document.schemas);
    let swagger = document.to_value(Dialect::Swagger2);
    assert_eq!(swagger["basePath"], "/v2");
    let again = Document::from_value(&swagger).unwrap();
    let fruit = again.operation(&Method::GET, "/fruits/{fruit_id}").unwrap();
    assert_eq!(
        fruit.response(200).unwrap().content.as_json(),
        Some(&Schema::named("Fruit"))
    );
    assert_eq!(again.schemas["Living"], document.schemas["Living"]);
}

#[test]
fn documents_that_are_none_say_what_is_wrong() {
    let read = |change: &dyn Fn(&mut Value)| {
        let mut written = orchard();
        change(&mut written);
        Document::from_value(&written).unwrap_err().to_string()
    };
    assert_eq!(Document::from_json("{}"), Err(DocumentError::NotADocument));
    assert!(matches!(
        Document::from_json("{"),
        Err(DocumentError::Syntax(_))
    ));
    assert_eq!(
        read(&|d| d["paths"]["/fruits/ripe"]["get"]["responses"]["200"] =
            json!({ "$ref": "#/nowhere" })),
        "`/paths/~1fruits~1ripe/get/responses/200` refers to `#/nowhere`, which is not there"
    );
    assert_eq!(
        read(&|d| d["components"]["schemas"]["Living"]["type"] = json!("animal")),
        "`/schemas/Living` has the unknown type `animal`"
    );
    assert_eq!(
        read(
            &|d| d["components"]["schemas"]["Living"]["properties"]["age"] =
                json!({ "$ref": "#/components/schemas/Years" })
        ),
        "`/schemas/Years` is referred to, but not there"
    );
    assert_eq!(
        read(&|d| d["paths"]["/fruits/ripe"]["get"]["responses"] = json!([])),
        "`/paths/~1fruits~1ripe/get/responses` is not an object"
    );
}
