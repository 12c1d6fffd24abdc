//! The differences between two documents.

use serde_json::{Value, json};
use windlass_transforms::document::Document;
use windlass_transforms::document::compare::{Area, Change, compare};

fn orchard() -> Value {
    json!({
        "openapi": "3.0.3",
        "info": { "title": "Orchard", "version": "1" },
        "paths": { "/fruits/{id}": { "put": {
            "parameters": [
                { "name": "id", "in": "path", "required": true, "schema": { "type": "string" } },
                { "name": "detail", "in": "query", "schema": { "type": "boolean" } },
            ],
            "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Fruit" } } } },
            "responses": {
                "200": { "description": "", "content": { "application/json": { "schema": {
                    "type": "array", "items": { "$ref": "#/components/schemas/Fruit" },
                } } } },
                "404": { "description": "" },
            },
        } } },
        "components": { "schemas": { "Fruit": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": { "type": "string" },
                "kind": { "type": "string", "enum": ["fig", "plum"] },
                "weight": { "type": "number" },
                "parent": { "$ref": "#/components/schemas/Fruit" },
                "labels": { "type": "object", "additionalProperties": { "type": "string" } },
            },
        } } },
    })
}

/// The differences after a change, as text; breaking ones with `!`.
fn differences(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let old = Document::from_value(&orchard()).expect("it is a document");
    let mut new = orchard();
    change(&mut new);
    let new = Document::from_value(&new).expect("it is still one");
    let comparison = compare(&old, &new);
    let breaking = comparison.breaking().count();
    let texts: Vec<String> = comparison
        .differences
        .iter()
        .map(|found| format!("{found}{}", if found.breaking { " !" } else { "" }))
        .collect();
    assert_eq!(
        texts.iter().filter(|text| text.ends_with('!')).count(),
        breaking
    );
    texts
}

fn fruit(document: &mut Value) -> &mut Value {
    &mut document["components"]["schemas"]["Fruit"]
}

fn put(document: &mut Value) -> &mut Value {
    &mut document["paths"]["/fruits/{id}"]["put"]
}

#[test]
fn a_document_does_not_differ_from_itself() {
    assert!(differences(|_| {}).is_empty());
}

#[test]
fn names_of_path_parameters_do_not_count() {
    let renamed = differences(|new| {
        let mut item = new["paths"]["/fruits/{id}"].take();
        item["put"]["parameters"][0]["name"] = json!("fruit_id");
        new["paths"] = json!({ "/fruits/{fruit_id}": item });
    });
    assert!(renamed.is_empty(), "{renamed:?}");
}

#[test]
fn operations_come_and_go() {
    let gone = differences(|new| {
        let item = new["paths"]["/fruits/{id}"].take();
        new["paths"] = json!({ "/fruit/{id}": item });
    });
    assert_eq!(
        gone,
        [
            "PUT /fruit/{id}: operation-added",
            "PUT /fruits/{id}: operation-removed !"
        ]
    );
    assert_eq!(
        differences(|new| put(new)["deprecated"] = json!(true)),
        ["PUT /fruits/{id}: operation-deprecated"]
    );
}

#[test]
fn parameters_and_statuses_come_and_go() {
    assert_eq!(
        differences(|new| put(new)["parameters"][1]["name"] = json!("details")),
        [
            "PUT /fruits/{id}: parameter query detail: parameter-removed !",
            "PUT /fruits/{id}: parameter query details: parameter-added",
        ]
    );
    assert_eq!(
        differences(|new| put(new)["parameters"][1]["required"] = json!(true)),
        ["PUT /fruits/{id}: parameter query detail: parameter-required !"]
    );
    assert_eq!(
        differences(|new| {
            let responses = put(new)["responses"].as_object_mut().unwrap();
            let response = responses.shift_remove("404").unwrap();
            responses.insert("410".to_owned(), response);
        }),
        [
            "PUT /fruits/{id}: response 404: status-removed !",
            "PUT /fruits/{id}: response 410: status-added",
        ]
    );
    assert_eq!(
        differences(|new| put(new)["requestBody"]["required"] = json!(true)),
        ["PUT /fruits/{id}: request: request-required !"]
    );
}

#[test]
fn members_are_compared_at_every_place_once() {
    assert_eq!(
        differences(|new| {
            let properties = fruit(new)["properties"].as_object_mut().unwrap();
            properties.shift_remove("kind");
            properties.insert("colour".to_owned(), json!({ "type": "string" }));
        }),
        [
            "PUT /fruits/{id}: request colour: field-added (now string)",
            "PUT /fruits/{id}: request kind: field-removed (was string) !",
            "PUT /fruits/{id}: response 200 [].colour: field-added (now string)",
            "PUT /fruits/{id}: response 200 [].kind: field-removed (was string) !",
        ]
    );
}

#[test]
fn what_breaks_depends_on_who_sends_it() {
    assert_eq!(
        differences(|new| fruit(new)["required"] = json!(["kind"])),
        [
            "PUT /fruits/{id}: request kind: field-required !",
            "PUT /fruits/{id}: response 200 [].name: field-optional !",
        ]
    );
    assert_eq!(
        differences(|new| fruit(new)["properties"]["kind"]["enum"] = json!(["fig", "pear"])),
        [
            "PUT /fruits/{id}: request kind: word-removed (was plum) !",
            "PUT /fruits/{id}: request kind: word-added (now pear)",
            "PUT /fruits/{id}: response 200 [].kind: word-removed (was plum)",
            "PUT /fruits/{id}: response 200 [].kind: word-added (now pear) !",
        ]
    );
    assert_eq!(
        differences(|new| fruit(new)["properties"]["weight"]["type"] = json!("integer")),
        ["PUT /fruits/{id}: request weight: type-changed (number → integer) !"]
    );
    assert_eq!(
        differences(|new| fruit(new)["properties"]["weight"] = json!({})),
        [
            "PUT /fruits/{id}: request weight: type-unsaid (was number)",
            "PUT /fruits/{id}: response 200 [].weight: type-unsaid (was number) !",
        ]
    );
    assert_eq!(
        differences(|new| fruit(new)["properties"]["name"]["nullable"] = json!(true)),
        [
            "PUT /fruits/{id}: request name: became-nullable",
            "PUT /fruits/{id}: response 200 [].name: became-nullable !",
        ]
    );
    assert_eq!(
        differences(
            |new| fruit(new)["properties"]["labels"]["additionalProperties"] = json!(false)
        ),
        [
            "PUT /fruits/{id}: request labels.*: field-removed (was string) !",
            "PUT /fruits/{id}: response 200 [].labels.*: field-removed (was string) !",
        ]
    );
}

#[test]
fn a_comparison_is_data_with_a_version() {
    let old = Document::from_value(&orchard()).unwrap();
    let mut new = orchard();
    fruit(&mut new)["properties"]["weight"]["type"] = json!("string");
    let comparison = compare(&old, &Document::from_value(&new).unwrap());
    let first = &comparison.differences[0];
    assert_eq!(
        (first.area, first.change),
        (Area::Request, Change::TypeChanged)
    );
    assert_eq!(first.schema_place.as_deref(), Some("Fruit.weight"));
    assert_eq!(
        serde_json::to_value(&comparison).unwrap()["differences"][0],
        json!({
            "operation": "PUT /fruits/{id}", "area": "request", "place": "weight",
            "schema_place": "Fruit.weight", "change": "type-changed",
            "old": "number", "new": "string", "breaking": true,
        })
    );
}
