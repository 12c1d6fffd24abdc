//! The V1 document that mappings make of a V2 document.

use http::Method;
use serde_json::{Value, json};
use windlass_transforms::MappingSet;
use windlass_transforms::document::derive::{Sources, StepSchemas};
use windlass_transforms::document::{Closing, Document, Kind, Place, Schema, Status};
use windlass_transforms::step::Step;

const STEPS: &[Step] = &[Step {
    name: "joined",
    reason: "joins a list to one text",
    renames: &[],
    v1_to_v2: None,
    v2_to_v1: Some(|value, _| Ok(value)),
}];

const STEP_SCHEMAS: StepSchemas<'static> = &[("joined", r#"{"Joined": {"type": "string"}}"#)];

const FILES: &[(&str, &str)] = &[
    (
        "operations/fruit/list_fruits.toml",
        r#"
        summary = "List fruits. V1 has a bare array."
        v1 = "GET /fruitList/{orchardId}"
        v2 = "GET /orchards/{orchard_id}/fruits"
        [path]
        orchardId = "orchard_id"
        [query]
        ripeOnly = "ripe_only as bool"
        kind = "kind"
        colour = "none: nobody asked"
        [query_default]
        kind = "fig"
        [response.200]
        layout = "$.items as Fruit else []"
        [response.404]
        status = 200
        layout = "[]"
        "#,
    ),
    (
        "operations/fruit/add_fruit.toml",
        r#"
        summary = "Add a fruit."
        v1 = "POST /fruitList"
        v2 = "POST /fruits"
        [request]
        layout = "$ as Fruit"
        [response.201]
        status = 200
        layout = "[ $ as Fruit ]"
        "#,
    ),
    (
        "operations/fruit/press_fruit.toml",
        r#"
        summary = "Press a fruit."
        v1 = "POST /press"
        v2 = "none"
        reason = "There is no press."
        instead = "Buy juice."
        "#,
    ),
    (
        "operations/fruit/get_seed.toml",
        r#"
        summary = "A seed, which this V2 lacks."
        service = "seeds"
        v1 = "GET /seed"
        v2 = "GET /seeds"
        [response.200]
        layout = '{ "seed": $.name, $.name: $.age }'
        "#,
    ),
    (
        "shapes/Fruit.toml",
        r#"
        summary = "A fruit."
        [fields]
        ripeSince = "ripe_since"
        parentFruit = "parent as Fruit"
        kinds = "[ kind words kinds ]"
        notes = "remarks via joined"
        unheard = "of"
        [words.kinds]
        Fig = "fig"
        FIG = "fig"
        [only_v2]
        shelf = "V1 has no shelves"
        [only_v1]
        worm = "V2 has no worms"
        [v1_default]
        worm = { json = "null" }
        [v2_default]
        name = "fruit"
        "#,
    ),
    (
        "defaults.toml",
        r#"
        [response.4xx]
        layout = '{ "error": $.message }'
        "#,
    ),
];

fn v2() -> Document {
    let answer = |schema: Value| json!({ "description": "", "content": { "application/json": { "schema": schema } } });
    let fruit = json!({ "$ref": "#/components/schemas/Fruit" });
    let error = json!({ "type": "object", "properties": { "message": { "type": "string" } } });
    Document::from_value(&json!({
        "openapi": "3.0.3",
        "info": { "title": "Orchard", "version": "2" },
        "paths": {
            "/orchards/{id}/fruits": { "get": {
                "tags": ["Fruit"],
                "parameters": [
                    { "name": "id", "in": "path", "required": true, "schema": { "type": "string" } },
                    { "name": "ripe_only", "in": "query", "schema": { "type": "string" } },
                    { "name": "kind", "in": "query", "required": true, "schema": { "type": "string", "enum": ["fig", "plum"] } },
                    { "name": "x-account", "in": "header", "schema": { "type": "string" } },
                ],
                "responses": {
                    "200": answer(json!({ "type": "object", "properties": {
                        "items": { "type": "array", "items": fruit }, "total": { "type": "integer" },
                    } })),
                    "404": answer(error.clone()),
                    "400": answer(error),
                },
            } },
            "/fruits": { "post": {
                "requestBody": { "required": true, "content": { "application/json": { "schema": fruit } } },
                "responses": { "201": answer(fruit) },
            } },
        },
        "components": { "schemas": { "Fruit": {
            "type": "object",
            "required": ["name", "ripe_since", "shelf"],
            "properties": {
                "name": { "type": "string" },
                "ripe_since": { "type": "string", "format": "date-time" },
                "parent": { "$ref": "#/components/schemas/Fruit" },
                "kind": { "type": "string", "enum": ["fig", "plum"] },
                "remarks": { "type": "array", "items": { "type": "string" } },
                "shelf": { "type": "integer" },
                "labels": { "type": "object", "additionalProperties": { "type": "string" } },
            },
        } } },
    }))
    .expect("it is a document")
}

fn derived(service: Option<&str>) -> Document {
    let set = MappingSet::parse(FILES.iter().copied()).expect("the files can be read");
    let v2 = v2();
    let sources = Sources {
        set: &set,
        steps: STEPS,
        schemas: STEP_SCHEMAS,
        v2: &v2,
    };
    sources
        .derive(service)
        .expect("the schemas of steps are right")
}

fn properties<'d>(document: &'d Document, name: &str) -> Vec<&'d str> {
    let flat = document.flat(&document.schemas[name]);
    flat.properties.iter().map(|(name, _)| *name).collect()
}

#[test]
fn parameters_have_their_v1_names() {
    let document = derived(None);
    let list = document
        .operation(&Method::GET, "/fruitList/{orchardId}")
        .expect("it is mapped");
    assert_eq!(list.id.as_deref(), Some("list_fruits"));
    assert_eq!(list.tags, ["Fruit"]);
    assert!(list.parameter(Place::Path, "orchardId").is_some());
    let ripe = list.parameter(Place::Query, "ripeOnly").unwrap();
    assert_eq!(ripe.schema.kind, Some(Kind::Boolean));
    let kind = list.parameter(Place::Query, "kind").unwrap();
    assert!(!kind.required, "V2 is sent a default");
    assert_eq!(kind.schema.words, [json!("fig"), json!("plum")]);
    let colour = list.parameter(Place::Query, "colour").unwrap();
    assert_eq!(
        colour.description.as_deref(),
        Some("Not used: nobody asked")
    );
    assert!(list.parameter(Place::Header, "x-account").is_some());
}

#[test]
fn bodies_are_drawn_as_layouts_draw_them() {
    let document = derived(None);
    let list = document.operation_by_id("list_fruits").unwrap();
    let statuses: Vec<Status> = list.responses.iter().map(|r| r.status).collect();
    assert_eq!(statuses, [Status::Exact(200), Status::Exact(400)]);
    let body = list.response(200).unwrap().content.as_json().unwrap();
    assert_eq!(*body, Schema::array(Schema::named("Fruit")));
    let error = list.response(400).unwrap().content.as_json().unwrap();
    assert_eq!(error.required, ["error"]);
    assert_eq!(error.property("error").unwrap().kind, Some(Kind::String));
    let added = document.operation_by_id("add_fruit").unwrap();
    assert!(added.request.as_ref().unwrap().required);
    assert!(added.response(200).is_some() && added.response(201).is_none());
}

#[test]
fn answers_have_v1_members_by_position() {
    let document = derived(None);
    assert_eq!(
        properties(&document, "Fruit"),
        [
            "name",
            "ripeSince",
            "parentFruit",
            "kinds",
            "notes",
            "labels",
            "unheard",
            "worm"
        ]
    );
    let fruit = document.flat(&document.schemas["Fruit"]);
    assert_eq!(
        Vec::from_iter(fruit.required.clone()),
        ["name", "ripeSince", "worm"]
    );
    assert_eq!(fruit.property("parentFruit"), Some(&Schema::named("Fruit")));
    let kinds = document
        .flat(fruit.property("kinds").unwrap())
        .items
        .unwrap();
    assert_eq!(kinds.words, [json!("Fig"), json!("plum")]);
    let notes = document.flat(fruit.property("notes").unwrap());
    assert_eq!(
        (notes.name, notes.kind),
        (Some("Joined"), Some(Kind::String))
    );
    assert!(fruit.property("unheard").unwrap().is_any());
}

#[test]
fn requests_have_what_clients_may_send() {
    let document = derived(None);
    let added = document.operation_by_id("add_fruit").unwrap();
    let body = added.request.as_ref().unwrap().content.as_json().unwrap();
    assert_eq!(*body, Schema::named("FruitRequest"));
    assert_eq!(
        properties(&document, "FruitRequest"),
        [
            "name",
            "ripeSince",
            "parentFruit",
            "kinds",
            "notes",
            "labels",
            "unheard",
            "worm"
        ]
    );
    let fruit = document.flat(body);
    assert_eq!(Vec::from_iter(fruit.required.clone()), ["ripeSince"]);
    let kinds = document
        .flat(fruit.property("kinds").unwrap())
        .items
        .unwrap();
    assert_eq!(kinds.words, [json!("Fig"), json!("FIG"), json!("plum")]);
}

#[test]
fn operations_without_a_v2_counterpart_are_there() {
    let document = derived(None);
    let press = document.operation_by_id("press_fruit").unwrap();
    assert!(press.deprecated);
    assert_eq!(press.responses[0].status, Status::Exact(410));
    assert_eq!(
        press.responses[0].description,
        "There is no press. Buy juice."
    );
    let seed = document.operation_by_id("get_seed").unwrap();
    let body = seed.response(200).unwrap().content.as_json().unwrap();
    let written = document.json_schema(body, Closing::AsWritten);
    assert_eq!(written["required"], json!(["seed"]));
    assert_eq!(written["additionalProperties"], json!({}));
}

#[test]
fn each_service_has_a_document_of_its_own() {
    let ids = |document: &Document| -> Vec<String> {
        document
            .operations
            .iter()
            .filter_map(|o| o.id.clone())
            .collect()
    };
    assert_eq!(ids(&derived(Some("seeds"))), ["get_seed"]);
    assert!(derived(Some("press")).operations.is_empty());
    assert_eq!(ids(&derived(None)).len(), 4);
}
