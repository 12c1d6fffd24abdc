//! Operations that a composition answers, look-ups that are drawn, bodies that are made.

use std::sync::Arc;

use crate::set;
use http::Method;
use serde_json::{Map, Value, json};
use windlass_transforms::Mappings;
use windlass_transforms::composition::PartCall;
use windlass_transforms::plan::call::{CallPlan, RequestBody};
use windlass_transforms::plan::composed::ComposedPlan;
use windlass_transforms::plan::operation::{Kind, Operation};
use windlass_transforms::rewrite::{BodyRewriter, Limits, RowReader, RowsError};
use windlass_transforms::route::{PathValues, Route};
use windlass_transforms::step::StepError;

const BUNDLE: &str = r#"
#--- operations/fruit/fruit_by_worm.toml
summary = "Which fruit a worm is in."
v1 = "GET /worms"
composed = "fruit_by_worm"

[query]
worm   = "name"
detail = "detail as bool"

[call.worm]
v2 = "GET /worms/{worm}/kinds?detail={detail}&all=yes"

[call.fruits]
v2 = "GET /fruits?kind={kind}"
rows = "$.page.fruits"

[response.200]
layout = '{ "fruit": $.fruits, "pages": $.pages }'

#--- operations/fruit/eat_fruit.toml
summary = "Eat a fruit. V1 answers with it."
v1 = "DELETE /fruit/{fruitId}"
v2 = "DELETE /fruits/{fruit_id}"
interrupted = "the fruit is still there"

[path]
fruitId = "fruit_id"

[lookup.fruit]
v2 = "GET /fruits/{fruitId}"

[response.204]
status = 200
layout = "[ lookup.fruit.fruit as Fruit ]"

#--- operations/fruit/paint_fruit.toml
summary = "Paint a fruit."
v1 = "PUT /fruit/{fruitId}/{colour}"
v2 = "PATCH /fruits/{fruit_id}"

[path]
fruitId = "fruit_id"

[query]
coats = "coats"

[allowed]
colour = ["red", "green"]
coats  = ["1", "2"]

[request]
body = { colour = "{colour}", by = ["{fruitId}", 1] }

[response.200]
gzip = "{fruitId}_a.json.gz"

#--- shapes/Fruit.toml
summary = "A fruit."
[fields]
fruitName = "name"
"#;

fn found(mappings: &Mappings, method: &Method, path: &str) -> (Arc<Operation>, PathValues) {
    match mappings.routes().find(method, path) {
        Route::Found { operation, values } => (operation, values),
        other => panic!("{other:?}"),
    }
}

fn composed(operation: &Operation) -> &ComposedPlan {
    match &operation.kind {
        Kind::Composed(plan) => plan,
        _ => panic!("not composed"),
    }
}

fn call(operation: &Operation) -> &CallPlan {
    match &operation.kind {
        Kind::Call(plan) => plan,
        _ => panic!("not a call"),
    }
}

/// Answers the calls of a composition, in their order, fed in pieces of this size.
fn compose(
    query: &str,
    size: usize,
    answer: impl Fn(&str) -> &'static str,
) -> Result<(Vec<String>, Value), RowsError> {
    let mappings = set::compiled(BUNDLE);
    let (operation, values) = found(&mappings, &Method::GET, "/worms");
    let plan = composed(&operation);
    let (context, _) = plan.context(&values, Some(query)).unwrap();
    let mut composing = plan.start(&context)?;
    let mut made = Vec::new();
    loop {
        let wanted = composing.calls();
        if wanted.is_empty() {
            return Ok((made, composing.finish()?));
        }
        for wanted in wanted {
            let (part, call) = plan.call(&wanted).unwrap();
            let mut reader = RowReader::new(part, Limits::default());
            for piece in answer(&call.path_and_query).as_bytes().chunks(size) {
                reader.push(piece, &mut |row| composing.row(&wanted, row))?;
            }
            let rest = reader.finish(&mut |row| composing.row(&wanted, row))?;
            composing.answered(&wanted, rest)?;
            made.push(call.path_and_query);
        }
    }
}

fn orchard(path: &str) -> &'static str {
    match path {
        "/v2/worms/a%2Fb/kinds?all=yes" => r#"{"kinds":["plum","pear & fig"]}"#,
        "/v2/fruits?kind=plum" => r#"{"pages":1,"page":{"fruits":[{"name":"x"}, {"name":"y"}]}}"#,
        "/v2/fruits?kind=pear%20%26%20fig" => r#"{"page":{"fruits":[]},"pages":2}"#,
        other => panic!("{other} is not asked for"),
    }
}

#[test]
fn a_composition_sees_rows_and_the_rest_and_its_calls_follow_the_mapping() {
    for size in [1, 2, 5, 1000] {
        let (made, answer) = compose("worm=a%2Fb", size, orchard).unwrap();
        assert_eq!(made.len(), 3, "pieces of {size} bytes");
        assert_eq!(answer, json!({"fruits": ["x", "y"], "pages": 3}));
    }
}

#[test]
fn a_query_value_that_is_not_given_is_left_out() {
    let mappings = set::compiled(BUNDLE);
    let (operation, _) = found(&mappings, &Method::GET, "/worms");
    let mut wanted = PartCall {
        part: "worm",
        values: Map::from_iter([
            ("worm".to_owned(), json!("w")),
            ("detail".to_owned(), json!(true)),
        ]),
    };
    let plan = composed(&operation);
    let path = |wanted: &PartCall| plan.call(wanted).unwrap().1.path_and_query;
    assert_eq!(path(&wanted), "/v2/worms/w/kinds?detail=true&all=yes");
    wanted.values.remove("detail");
    assert_eq!(path(&wanted), "/v2/worms/w/kinds?all=yes");
    wanted.values.remove("worm");
    assert!(plan.call(&wanted).is_err(), "a path needs its value");
}

#[test]
fn a_composition_sees_declared_parameters_only_and_booleans_spelt_as_v2_does() {
    let mappings = set::compiled(BUNDLE);
    let (operation, values) = found(&mappings, &Method::GET, "/worms");
    let plan = composed(&operation);
    let (context, renamed) = plan
        .context(&values, Some("worm=a&worm=b&detail=TRUE&other=1"))
        .unwrap();
    assert_eq!(
        Value::from(context.query),
        json!({"worm": "a", "detail": "true"})
    );
    assert_eq!(renamed, ["worm"]);
    assert!(plan.context(&values, Some("worm=%ff")).is_err());
}

#[test]
fn answers_of_another_form_fail_the_whole() {
    for wrong in [
        "{}",
        "[]",
        "<html>",
        r#"{"page":{"fruits":{}}}"#,
        r#"{"page":{"fruits":null}}"#,
        r#"{"page":{"fruits":[{"name":"x"}"#,
        r#"{"page":{"fruits":[{"stone":true}]}}"#,
    ] {
        for size in [1, 1000] {
            let outcome = compose("worm=a%2Fb", size, |path| {
                if path.contains("plum") {
                    wrong
                } else {
                    orchard(path)
                }
            });
            assert!(outcome.is_err(), "{wrong}");
        }
    }
    let refused = compose("", 1000, orchard).unwrap_err();
    assert!(matches!(
        refused,
        RowsError::Refused(StepError::Malformed(_))
    ));
}

#[test]
fn a_row_beyond_the_limit_is_an_error() {
    let mappings = set::compiled(BUNDLE);
    let (operation, _) = found(&mappings, &Method::GET, "/worms");
    let part = &composed(&operation).parts()[1];
    let limits = Limits {
        max_held_bytes: 40,
        ..Limits::default()
    };
    let read = |row: &str| {
        let mut reader = RowReader::new(part, limits);
        let body = format!(r#"{{"page":{{"fruits":["{row}"]}}}}"#);
        reader.push(body.as_bytes(), &mut |_| Ok(()))?;
        reader.finish(&mut |_| Ok(()))
    };
    assert!(read(&"x".repeat(38)).is_ok());
    assert!(matches!(
        read(&"x".repeat(39)),
        Err(RowsError::TooLarge(40))
    ));
}

#[test]
fn a_layout_may_draw_from_a_kept_look_up() {
    let mappings = set::compiled(BUNDLE);
    let (operation, values) = found(&mappings, &Method::DELETE, "/fruit/7");
    let plan = call(&operation);
    assert!(plan.lookups()[0].is_kept());
    assert!(
        !plan.lookups()[0].may_find_nothing(),
        "an unknown fruit is a 404"
    );
    let answer = plan.response(204);
    assert_eq!(
        (answer.status, answer.looked_up.as_deref()),
        (200, Some("fruit"))
    );
    assert_eq!(answer.content_type.as_deref(), Some("application/json"));
    let context = Arc::new(plan.context(&values, None, Map::new()));
    let mut rewriter = BodyRewriter::new(answer.body, context, Limits::default());
    let mut out = Vec::new();
    rewriter
        .push(br#"{"fruit":{"name":"fig"}}"#, &mut out)
        .unwrap();
    rewriter.finish(&mut out).unwrap();
    assert_eq!(out, br#"[{"fruitName":"fig"}]"#);
    assert_eq!(plan.response(404).looked_up, None);
}

#[test]
fn a_request_body_may_be_made_from_path_values() {
    let mappings = set::compiled(BUNDLE);
    let (operation, values) = found(&mappings, &Method::PUT, "/fruit/a%22b/red");
    let plan = call(&operation);
    let RequestBody::Drawn(body) = plan.request_body() else {
        panic!("the body is made");
    };
    let context = plan.context(&values, None, Map::new());
    assert_eq!(
        body.fill(&context.path),
        r#"{"colour":"red","by":["a\"b",1]}"#
    );
}

#[test]
fn values_that_are_not_allowed_are_refused_in_the_words_of_v1_servers() {
    let mappings = set::compiled(BUNDLE);
    for (path, query, refusal) in [
        ("/fruit/7/red", None, None),
        ("/fruit/7/red", Some("coats=2"), None),
        (
            "/fruit/7/blue",
            None,
            Some("'blue' is not one of ['red', 'green']"),
        ),
        (
            "/fruit/7/green",
            Some("coats=3"),
            Some("'3' is not one of ['1', '2']"),
        ),
    ] {
        let (operation, values) = found(&mappings, &Method::PUT, path);
        let context = call(&operation).context(&values, query, Map::new());
        assert_eq!(operation.refusal(&context).as_deref(), refusal, "{path}");
    }
}

#[test]
fn a_gzip_file_is_named_in_characters_that_a_header_takes() {
    let mappings = set::compiled(BUNDLE);
    for (sent, name) in [
        ("sha256:ab", "sha256:ab_a.json.gz"),
        ("a%22%0Ab%2F%5C", "a__b___a.json.gz"),
    ] {
        let path = format!("/fruit/{sent}/red");
        let (operation, values) = found(&mappings, &Method::PUT, &path);
        let plan = call(&operation);
        let context = plan.context(&values, None, Map::new());
        let response = plan.response(200);
        assert!(response.passes());
        assert_eq!(response.gzip.unwrap().name(&context), name);
        assert!(plan.response(400).gzip.is_none(), "errors stay as they are");
    }
}
