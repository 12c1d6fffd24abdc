//! What shapes and layouts are lowered to, in both directions.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::set;
use windlass_transforms::plan::body::{BodyPlan, KeySource, LayoutNode, Strategy, ValuePlan, Wrap};
use windlass_transforms::plan::call::RequestBody;
use windlass_transforms::plan::operation::Kind;

/// The plans of one layout: of a request, and of an answer.
struct Plans {
    request: Option<Arc<BodyPlan>>,
    answer: Arc<BodyPlan>,
    holds: Vec<String>,
}

fn plans(request: Option<&str>, answer: &str, shapes: &str) -> Plans {
    let request = request.map_or(String::new(), |l| format!("[request]\nlayout = '{l}'\n"));
    let bundle = format!(
        "#--- operations/x/op.toml\nsummary = \"x\"\nv1 = \"PUT /a/{{id}}\"\nv2 = \"PUT /a/{{id}}\"\n\n\
         [path]\nid = \"id\"\n\n[query]\ntag = \"tag\"\n\n{request}\n[response.200]\nlayout = '{answer}'\n{shapes}"
    );
    let mappings = set::compiled(&bundle);
    let operation = mappings.operation("op").unwrap();
    let Kind::Call(call) = &operation.kind else {
        panic!("{:?}", operation.kind);
    };
    let body = operation.explanation.responses[0].body.as_ref().unwrap();
    Plans {
        request: match call.request_body() {
            RequestBody::Opaque | RequestBody::Drawn(_) => None,
            RequestBody::Rewrite(plan) => Some(plan),
        },
        answer: call.response(200).body,
        holds: body.holds.clone(),
    }
}

/// Both directions of a shape, as the root of request and answer.
fn both(shape: &str) -> String {
    let plans = plans(
        Some("$ as S"),
        "$ as S",
        &format!("#--- shapes/S.toml\nsummary = \"x\"\n{shape}"),
    );
    format!(
        "V1 to V2\n{}V2 to V1\n{}",
        show(&plans.request.unwrap()),
        show(&plans.answer)
    )
}

fn answer(layout: &str) -> String {
    show(&plans(None, layout, "").answer)
}

fn request(layout: &str) -> String {
    show(&plans(Some(layout), "$", "").request.unwrap())
}

fn show(plan: &BodyPlan) -> String {
    let mut out = String::new();
    match &plan.strategy {
        Strategy::Pass => out += "passes\n",
        Strategy::Fixed(text) => writeln!(out, "always {text}").unwrap(),
        Strategy::Stream(stream) => {
            let select = dotted(&stream.select);
            let value = show_value(&stream.value);
            write!(
                out,
                "streams {} {select}{value} {}",
                stream.before, stream.after
            )
            .unwrap();
            out = out.trim_end().to_owned();
            if let Some(otherwise) = &stream.otherwise {
                write!(out, " else {otherwise}").unwrap();
            }
            out.push('\n');
        }
        Strategy::Hold(hold) => {
            writeln!(out, "holds {}: {}", hold.reason, show_layout(&hold.layout)).unwrap();
        }
    }
    for (id, object) in plan.objects.iter().enumerate() {
        writeln!(out, "object {id} ({})", object.shape).unwrap();
        for member in &object.members {
            let targets: Vec<String> = member
                .to
                .iter()
                .map(|t| format!("{}{}", t.name, show_value(&t.value)))
                .collect();
            let seen = member
                .seen
                .map_or(String::new(), |bit| format!(" seen {bit}"));
            let targets = if targets.is_empty() {
                "dropped".to_owned()
            } else {
                targets.join(", ")
            };
            writeln!(out, "  {} > {targets}{seen}", member.from).unwrap();
        }
        for default in &object.defaults {
            writeln!(
                out,
                "  else {} = {} unless seen {}",
                default.name, default.value, default.seen
            )
            .unwrap();
        }
        if let Some(others) = &object.others {
            writeln!(out, "  others{}", show_value(others)).unwrap();
        }
    }
    out
}

/// `$.a.b`
fn dotted(path: &[Box<str>]) -> String {
    let mut out = String::from("$");
    for name in path {
        out.push('.');
        out += name;
    }
    out
}

fn show_value(value: &ValuePlan) -> String {
    let mut out = String::new();
    if let Some(id) = value.object {
        write!(out, " as {}", id.0).unwrap();
    }
    if let Some(step) = &value.step {
        write!(out, " via {}", step.name).unwrap();
    }
    for (from, to) in &value.words {
        write!(out, " {from:?}>{to:?}").unwrap();
    }
    match value.wrap {
        Wrap::None => {}
        Wrap::Wrap => out += " wrapped",
        Wrap::Unwrap => out += " unwrapped",
    }
    if let Some(null) = &value.null {
        write!(out, " null>{null}").unwrap();
    }
    out
}

fn show_layout(node: &LayoutNode) -> String {
    match node {
        LayoutNode::Value {
            path,
            value,
            otherwise,
        } => {
            let otherwise = otherwise
                .as_ref()
                .map_or(String::new(), |o| format!(" else {o}"));
            format!("{}{}{otherwise}", dotted(path), show_value(value))
        }
        LayoutNode::Array(inner) => format!("[{}]", show_layout(inner)),
        LayoutNode::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(key, inner)| {
                    let key = match key {
                        KeySource::Literal(word) => format!("{word:?}"),
                        KeySource::Path(path) => dotted(path),
                        KeySource::RequestPath(name) => format!("path {name}"),
                        KeySource::RequestQuery(name) => format!("query {name}"),
                    };
                    format!("{key}: {}", show_layout(inner))
                })
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        LayoutNode::Literal(text) => text.to_string(),
    }
}

#[test]
fn a_rename_works_both_ways_and_keeps_the_other_side_s_name_out() {
    insta::assert_snapshot!(both("[fields]\nimageDigest = \"image_digest\"\n"));
}

#[test]
fn swapped_names_stay_swapped() {
    insta::assert_snapshot!(both("[fields]\na = \"b\"\nb = \"a\"\n"));
}

#[test]
fn the_first_v1_name_that_can_be_reversed_makes_the_request() {
    insta::assert_snapshot!(both(
        "[fields]\nlicense = \"licenses via answers_only\"\nlicences = \"licenses\"\nlicenses = \"licenses\"\n"
    ));
}

#[test]
fn a_name_that_only_requests_know_does_not_answer() {
    insta::assert_snapshot!(both(
        "[fields]\nids = \"rule_ids\"\nid = \"rule_ids via requests_only\"\n"
    ));
}

#[test]
fn members_of_one_side_only_are_dropped_on_the_way_to_the_other() {
    insta::assert_snapshot!(both(
        "[only_v1]\nold = \"gone\"\n[only_v2]\nnew = \"V1 lacks it\"\n[kept_v2]\nkept = \"useful\"\n[fields]\na = \"b\"\n"
    ));
}

#[test]
fn defaults_are_for_missing_members_and_null() {
    insta::assert_snapshot!(both(
        "v1_null = [\"c\"]\n[fields]\na = \"b\"\n[v1_default]\na = \"None\"\nother = 1.50\n[v2_default]\nitems = []\n"
    ));
}

#[test]
fn two_defaults_of_one_source_share_what_was_seen() {
    insta::assert_snapshot!(both(
        "[fields]\na = \"x\"\nb = \"x\"\n[v1_default]\na = 1\nb = 2\n"
    ));
}

#[test]
fn words_are_exchanged_both_ways_the_first_listed_answering() {
    insta::assert_snapshot!(both(
        "[fields]\nstatus = \"status words list\"\n[words.list]\nblacklisted = \"denylisted\"\nblocked = \"denylisted\"\n"
    ));
}

#[test]
fn arrays_are_put_around_and_taken_off() {
    insta::assert_snapshot!(both("[fields]\na = \"[ b ]\"\nc = \"d[0] as S\"\n"));
}

#[test]
fn objects_whose_keys_are_data_rewrite_every_value() {
    insta::assert_snapshot!(both("[fields]\na = \"b\"\n[each]\nvalue = \"$ as S\"\n"));
}

#[test]
fn a_shape_may_hold_itself() {
    insta::assert_snapshot!(both("[fields]\nchild = \"child_of as S\"\n"));
}

#[test]
fn shapes_that_change_nothing_are_left_out() {
    let shapes = "#--- shapes/Outer.toml\nsummary = \"x\"\n[fields]\na = \"a as Inner\"\nb = \"b as Busy\"\n\
                  #--- shapes/Inner.toml\nsummary = \"x\"\n[fields]\nouter = \"outer as Inner\"\n[only_v1]\nold = \"gone\"\n\
                  #--- shapes/Busy.toml\nsummary = \"x\"\n[fields]\nx = \"y\"\n";
    let plans = plans(Some("$ as Inner"), "$ as Outer", shapes);
    insta::assert_snapshot!(show(&plans.answer));
    insta::assert_snapshot!(show(&plans.request.unwrap()));
}

#[test]
fn an_answer_that_nothing_changes_passes() {
    let idle = "#--- shapes/S.toml\nsummary = \"x\"\n[only_v1]\nold = \"gone\"\n";
    assert_eq!(show(&plans(None, "$ as S", idle).answer), "passes\n");
    assert_eq!(answer("$"), "passes\n");
}

#[test]
fn layouts_with_one_value_stream() {
    assert_eq!(answer("[ $ ]"), "streams [ $ ]\n");
    assert_eq!(answer("$.items"), "streams  $.items\n");
    assert_eq!(answer("$.a.b else []"), "streams  $.a.b else []\n");
    assert_eq!(
        answer(r#"{ "a": 1, "b": [ $.x ], "c": { "d": "e" } }"#),
        "streams {\"a\":1,\"b\":[ $.x ],\"c\":{\"d\":\"e\"}}\n"
    );
}

#[test]
fn layouts_without_a_value_are_fixed() {
    assert_eq!(answer("true"), "always true\n");
    assert_eq!(answer("[ [ ] ]"), "always [[]]\n");
    assert_eq!(answer(r#"{ "a": [1, 2.0] }"#), "always {\"a\":[1,2.0]}\n");
}

#[test]
fn other_layouts_hold_and_say_why() {
    let cases = [
        (
            "[ { $.digest: { $.tag: $.evaluations } } ]",
            "`evaluations` until `digest` and `tag` have been read",
        ),
        ("{ $.name: $ }", "the whole body until `name` has been read"),
        (
            r#"{ "a": $.x, "b": $.y, "c": $.z }"#,
            "`x`, `y` and `z`, which may come in any order",
        ),
        (
            "{ request.path.id: $.x }",
            "`x`, for a key taken from the request",
        ),
        (
            "{ request.query.tag: 1 }",
            "nothing, for a key taken from the request",
        ),
        (
            "$.items via both_ways",
            "the whole body, for step `both_ways`",
        ),
    ];
    for (layout, reason) in cases {
        let plans = plans(None, layout, "");
        assert_eq!(plans.holds, [reason], "{layout}");
        assert!(show(&plans.answer).starts_with(&format!("holds {reason}: ")));
    }
}

#[test]
fn held_members_are_told_too() {
    let shape = "#--- shapes/S.toml\nsummary = \"x\"\n[fields]\na = \"x via both_ways\"\nb = \"y\"\nc = \"y\"\n";
    assert_eq!(
        plans(None, "[ $ as S ]", shape).holds,
        [
            "`x` of `S`, for step `both_ways`",
            "`y` of `S`, to write it as `b` and `c`"
        ]
    );
}

#[test]
fn request_layouts_run_backwards() {
    assert_eq!(request("$"), "streams  $\n");
    assert_eq!(request("[ $ ]"), "streams  $ unwrapped\n");
    assert_eq!(request("$.items"), "streams {\"items\": $ }\n");
    assert_eq!(
        request(r#"{ "record": { "x": $.a.b } }"#),
        "streams {\"a\":{\"b\": $.record.x }}\n"
    );
    assert_eq!(
        request(r#"{ "x": $.a.b, "y": $.c, "z": $.a.d, "version": 1 }"#),
        "holds `x`, `y` and `z`, which may come in any order: \
         {\"a\": {\"b\": $.x, \"d\": $.z}, \"c\": $.y}\n"
    );
    assert_eq!(
        request("$ via both_ways"),
        "holds the whole body, for step `both_ways`: $ via both_ways\n"
    );
}
