//! The pages of a V2 list become one V1 list.

use std::sync::Arc;

use crate::set;
use serde_json::Map;
use windlass_transforms::plan::operation::Kind;
use windlass_transforms::plan::pages::PagesPlan;
use windlass_transforms::rewrite::{After, Limits, PageJoin, PagesError};
use windlass_transforms::route::PathValues;
use windlass_transforms::step::StepContext;

const BUNDLE: &str = r#"
#--- operations/fruit/list_fruit.toml
summary = "All fruit at once."
v1 = "GET /fruit"
v2 = "GET /fruits?ripe=yes"

[query]
colour = "shade"

[pages]
page = "page"
size = "page_size"
rows = 2
also = ["vegetables"]

[response.200]
layout = '{ "fruit": $.fruits as Fruit, "more": false }'

#--- shapes/Fruit.toml
summary = "A fruit."
[fields]
fruitName = "name"
"#;

fn plan() -> Arc<PagesPlan> {
    let mappings = set::compiled(BUNDLE);
    let Kind::Call(plan) = &mappings.operations()[0].kind else {
        panic!("not a call");
    };
    Arc::clone(plan.pages().expect("it has pages"))
}

/// Joins pages fed in pieces of this size.
fn join(pages: &[&str], size: usize) -> Result<(String, After), PagesError> {
    let context = Arc::new(StepContext::default());
    let mut join = PageJoin::new(plan(), context, Limits::default());
    let mut out = Vec::new();
    let mut after = After::Page;
    for page in pages {
        assert_eq!(after, After::Page, "a page too many");
        for piece in page.as_bytes().chunks(size) {
            join.push(piece, &mut out)?;
        }
        after = join.end_page(&mut out)?;
    }
    Ok((String::from_utf8(out).unwrap(), after))
}

/// The list of these pages, however they are cut.
fn joined(pages: &[&str]) -> String {
    let (whole, after) = join(pages, usize::MAX).unwrap();
    assert_eq!(after, After::Nothing);
    for size in [1, 2, 3, 7, 64] {
        assert_eq!(
            join(pages, size).unwrap().0,
            whole,
            "pieces of {size} bytes"
        );
    }
    whole
}

fn failure(pages: &[&str]) -> String {
    let whole = join(pages, usize::MAX).unwrap_err().to_string();
    for size in [1, 2, 3, 7, 64] {
        assert!(join(pages, size).is_err(), "pieces of {size} bytes");
    }
    whole
}

#[test]
fn pages_become_one_list_in_their_order() {
    assert_eq!(
        joined(&[
            r#"{"fruits":[{"name":"a"},{"name":"b"}]}"#,
            r#"{"page":2, "fruits" : [ {"name":"c, ]"} , {"name":[1,{"name":2}]} ], "total":5}"#,
            r#"{"fruits":[{"n":1.50,"name":"\"e\\"}]}"#,
        ]),
        r#"{"fruit":[{"fruitName":"a"},{"fruitName":"b"},{"fruitName":"c, ]"} ,{"fruitName":[1,{"name":2}]} ,{"n":1.50,"fruitName":"\"e\\"}],"more":false}"#
    );
}

#[test]
fn a_list_whose_last_page_is_full_ends_with_an_empty_page() {
    assert_eq!(
        joined(&[r#"{"fruits":[1,2]}"#, r#"{"fruits":[ ]}"#]),
        r#"{"fruit":[1,2],"more":false}"#
    );
}

#[test]
fn an_empty_list_is_one_page() {
    assert_eq!(
        joined(&[r#"{"fruits":[]}"#]),
        r#"{"fruit":[],"more":false}"#
    );
}

#[test]
fn the_list_may_have_its_other_name_but_keeps_it() {
    assert_eq!(
        joined(&[r#"{"vegetables":[{"name":1},2]}"#, r#"{"vegetables":[3]}"#]),
        r#"{"fruit":[{"fruitName":1},2,3],"more":false}"#
    );
    let other = failure(&[r#"{"vegetables":[1,2]}"#, r#"{"fruits":[3]}"#]);
    assert!(other.contains("`vegetables`"), "{other}");
}

#[test]
fn a_page_without_its_list_is_no_shorter_list() {
    for page in [
        "{}",
        "",
        "[]",
        "null",
        r#"{"fruits":null}"#,
        r#"{"fruits":{}}"#,
        r#"{"fruits":"[]"}"#,
        r#"{"other":[1]}"#,
        r#"{"fruits":[1"#,
        r#"{"fruits":[1]"#,
        r#"{"fruits":[1]}}"#,
        r#"{"fruits":[1,]}"#,
        "<html>",
    ] {
        failure(&[page]);
        failure(&[r#"{"fruits":[1,2]}"#, page]);
    }
}

#[test]
fn an_upstream_that_does_not_divide_as_asked_is_an_error() {
    assert_eq!(
        failure(&[r#"{"fruits":[1,2,3]}"#]),
        "the page has more than the 2 rows that were asked for"
    );
    assert_eq!(
        failure(&[r#"{"fruits":[1,2]}"#, r#"{"fruits":[1,2]}"#]),
        "the page has the very rows of the page before it"
    );
}

#[test]
fn rows_leave_before_their_page_has_ended() {
    let context = Arc::new(StepContext::default());
    let mut join = PageJoin::new(plan(), context, Limits::default());
    let mut out = Vec::new();
    let long = "x".repeat(1000);
    let beginning = format!(r#"{{"fruits":[{{"name":1}},{{"name":"{long}"#);
    join.push(beginning.as_bytes(), &mut out).unwrap();
    assert!(out.starts_with(br#"{"fruit":[{"fruitName":1},{"fruitName":"xxx"#));
    assert_eq!(join.rows(), 2);
}

#[test]
fn each_page_is_the_call_with_its_number() {
    let mappings = set::compiled(BUNDLE);
    let Kind::Call(plan) = &mappings.operations()[0].kind else {
        panic!("not a call");
    };
    let call = plan
        .call(
            &PathValues::default(),
            Some("colour=red"),
            None,
            &Map::new(),
        )
        .unwrap();
    let pages = plan.pages().unwrap();
    assert_eq!(
        pages.call(&call, 3).path_and_query,
        "/v2/fruits?ripe=yes&shade=red&page=3&page_size=2"
    );
}
