//! Lowers a layout line to a body plan, forwards for answers and backwards for requests.

use crate::compile::Direction;
use crate::compile::names::Names;
use crate::compile::prune::prune;
use crate::compile::shape::Shapes;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::code::NOT_REVERSIBLE;
use crate::mapping::cursor::Parsed;
use crate::mapping::layout::{Form, KeyForm, Layout, LayoutValue};
use crate::plan::body::{
    BodyPlan, HoldPlan, KeySource, LayoutNode, Strategy, StreamPlan, ValuePlan, Wrap,
};

/// The plan that does nothing.
pub(super) fn pass() -> BodyPlan {
    BodyPlan::new(Strategy::Pass, Vec::new())
}

/// The plan of a body that is always the same.
pub(super) fn fixed(text: &str) -> BodyPlan {
    BodyPlan::new(Strategy::Fixed(text.into()), Vec::new())
}

/// V2 → V1: draws the layout.
pub(super) fn answer(layout: &Layout, names: &Names<'_>, errors: &mut Vec<Diagnostic>) -> BodyPlan {
    let mut shapes = Shapes::new(names, Direction::V2ToV1, errors);
    let node = draw(layout, &mut shapes);
    let strategy = match &node {
        LayoutNode::Literal(text) => Strategy::Fixed(text.clone()),
        _ => match hold_reason(layout) {
            None => Strategy::Stream(stream(node)),
            Some(reason) => Strategy::Hold(HoldPlan {
                layout: node,
                reason: reason.into(),
            }),
        },
    };
    let mut plan = BodyPlan::new(strategy, shapes.into_objects());
    prune(&mut plan);
    if let Strategy::Stream(stream) = &plan.strategy
        && does_nothing(stream)
    {
        plan.strategy = Strategy::Pass;
    }
    plan
}

/// V1 → V2: runs the layout backwards. The body is read in any case, so that only JSON
/// goes on.
pub(super) fn request(
    layout: &Layout,
    names: &Names<'_>,
    errors: &mut Vec<Diagnostic>,
) -> BodyPlan {
    let mut shapes = Shapes::new(names, Direction::V1ToV2, errors);
    let mut origins = Vec::new();
    let traced = trace(layout, &[], false, &mut origins);
    let assembled = traced.and_then(|()| assemble(layout, &origins, &mut shapes));
    let assembled = assembled
        .map_err(|diagnostic| shapes.report(*diagnostic))
        .ok();
    let strategy = match assembled {
        Some(node) => match backward_hold_reason(&origins) {
            None => Strategy::Stream(stream(node)),
            Some(reason) => Strategy::Hold(HoldPlan {
                layout: node,
                reason: reason.into(),
            }),
        },
        None => Strategy::Pass,
    };
    let mut plan = BodyPlan::new(strategy, shapes.into_objects());
    prune(&mut plan);
    plan
}

fn does_nothing(stream: &StreamPlan) -> bool {
    stream.before.is_empty()
        && stream.after.is_empty()
        && stream.select.is_empty()
        && stream.otherwise.is_none()
        && stream.value.object.is_none()
}

/// A layout in the V2 → V1 direction, node by node.
fn draw(layout: &Layout, shapes: &mut Shapes<'_, '_>) -> LayoutNode {
    match &layout.form {
        Form::Literal(text) => LayoutNode::Literal(text.as_str().into()),
        Form::Value(value) => LayoutNode::Value {
            path: boxed(&value.path),
            value: value_plan(value, Wrap::None, shapes),
            otherwise: value.otherwise.as_deref().map(Into::into),
        },
        Form::Array(inner) => match draw(inner, shapes) {
            LayoutNode::Literal(text) => LayoutNode::Literal(format!("[{text}]").into()),
            node => LayoutNode::Array(Box::new(node)),
        },
        Form::Object(members) => LayoutNode::Object(
            members
                .iter()
                .map(|(key, inner)| {
                    let source = match &key.form {
                        KeyForm::Word(word) => KeySource::Literal(word.as_str().into()),
                        KeyForm::Path(path) => KeySource::Path(boxed(path)),
                        KeyForm::RequestPath(name) => KeySource::RequestPath(name.as_str().into()),
                        KeyForm::RequestQuery(name) => {
                            KeySource::RequestQuery(name.as_str().into())
                        }
                    };
                    (source, draw(inner, shapes))
                })
                .collect(),
        ),
    }
}

fn value_plan(value: &LayoutValue, wrap: Wrap, shapes: &mut Shapes<'_, '_>) -> ValuePlan {
    ValuePlan {
        object: value.shape.as_ref().and_then(|name| shapes.object(name)),
        step: value.step.as_ref().and_then(|name| shapes.step(name)),
        wrap: shapes.wrap(wrap),
        ..ValuePlan::default()
    }
}

fn boxed(path: &[String]) -> Vec<Box<str>> {
    path.iter().map(|name| name.as_str().into()).collect()
}

/// Why an answer must be held; `None` when one value streams between fixed surroundings.
fn hold_reason(layout: &Layout) -> Option<String> {
    let values = layout.values();
    if let Some(step) = values.iter().find_map(|value| value.step.as_ref()) {
        return Some(format!("the whole body, for step `{}`", step.value));
    }
    let keys = layout.keys();
    let from_body: Vec<String> = keys
        .iter()
        .filter(|key| matches!(key.form, KeyForm::Path(_)))
        .map(|key| in_words(&key.text.value))
        .collect();
    let drawn: Vec<String> = values.iter().map(|v| path_in_words(&v.path)).collect();
    if !from_body.is_empty() {
        let verb = if from_body.len() == 1 { "has" } else { "have" };
        return Some(format!(
            "{} until {} {verb} been read",
            join(&drawn),
            join(&from_body)
        ));
    }
    if keys
        .iter()
        .any(|key| matches!(key.form, KeyForm::RequestPath(_) | KeyForm::RequestQuery(_)))
    {
        return Some(format!(
            "{}, for a key taken from the request",
            join(&drawn)
        ));
    }
    if values.len() != 1 {
        return Some(format!("{}, which may come in any order", join(&drawn)));
    }
    None
}

fn in_words(path: &str) -> String {
    format!("`{}`", path.trim_start_matches("$."))
}

fn path_in_words(path: &[String]) -> String {
    if path.is_empty() {
        "the whole body".to_owned()
    } else {
        format!("`{}`", path.join("."))
    }
}

fn join(names: &[String]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A layout with one value and fixed surroundings, as a stream.
fn stream(node: LayoutNode) -> StreamPlan {
    let mut before = String::new();
    let mut after = String::new();
    let mut found = None;
    unfold(node, &mut before, &mut after, &mut found);
    let (select, value, otherwise) =
        found.expect("a layout without a value is fixed, one with several is held");
    StreamPlan {
        before: before.into(),
        select,
        value,
        otherwise,
        after: after.into(),
    }
}

type Found = (Vec<Box<str>>, ValuePlan, Option<Box<str>>);

/// Writes what stands before the value and after it.
fn unfold(node: LayoutNode, before: &mut String, after: &mut String, found: &mut Option<Found>) {
    let current = |found: &Option<Found>| found.is_some();
    match node {
        LayoutNode::Value {
            path,
            value,
            otherwise,
        } => *found = Some((path, value, otherwise)),
        LayoutNode::Literal(text) => {
            let side = if current(found) { after } else { before };
            side.push_str(&text);
        }
        LayoutNode::Array(inner) => {
            before.push('[');
            unfold(*inner, before, after, found);
            after.push(']');
        }
        LayoutNode::Object(members) => {
            let open = if current(found) {
                &mut *after
            } else {
                &mut *before
            };
            open.push('{');
            for (index, (key, inner)) in members.into_iter().enumerate() {
                let KeySource::Literal(key) = key else {
                    unreachable!("a layout with keys from elsewhere is held")
                };
                let side = if current(found) {
                    &mut *after
                } else {
                    &mut *before
                };
                if index > 0 {
                    side.push(',');
                }
                side.push_str(&serde_json::Value::from(&*key).to_string());
                side.push(':');
                unfold(inner, before, after, found);
            }
            let close = if current(found) { after } else { before };
            close.push('}');
        }
    }
}

/// Where a V2 value stands in the V1 body.
struct Origin<'l> {
    v1_path: Vec<String>,
    v2: &'l LayoutValue,
    layout: &'l Layout,
    /// The V1 picture has an array around it.
    wrapped: bool,
}

/// Notes where each value of the V2 body stands in the V1 body.
fn trace<'l>(
    layout: &'l Layout,
    v1_path: &[String],
    wrapped: bool,
    origins: &mut Vec<Origin<'l>>,
) -> Parsed<()> {
    match &layout.form {
        // Nothing of a literal goes to V2.
        Form::Literal(_) => Ok(()),
        Form::Value(v2) if v2.lookup.is_some() => {
            let message = "what a look-up answered is no part of a request";
            Err(not_reversible(layout, message))
        }
        Form::Value(v2) => {
            origins.push(Origin {
                v1_path: v1_path.to_vec(),
                v2,
                layout,
                wrapped,
            });
            Ok(())
        }
        Form::Array(inner) if wrapped || matches!(inner.form, Form::Array(_) | Form::Object(_)) => {
            let message = "an array around a drawn value cannot be run backwards";
            Err(not_reversible(layout, message))
        }
        Form::Array(inner) => trace(inner, v1_path, true, origins),
        Form::Object(members) => members.iter().try_for_each(|(key, inner)| {
            let KeyForm::Word(word) = &key.form else {
                let mut diagnostic = key.text.diagnostic(
                    NOT_REVERSIBLE,
                    "a key that is taken from elsewhere cannot be run backwards",
                );
                diagnostic.help = Some("write the key as a word in quotes".into());
                return Err(Box::new(diagnostic));
            };
            let mut path = v1_path.to_vec();
            path.push(word.clone());
            trace(inner, &path, false, origins)
        }),
    }
}

fn not_reversible(layout: &Layout, message: &str) -> Box<Diagnostic> {
    let mut diagnostic = layout.text.diagnostic(NOT_REVERSIBLE, message);
    diagnostic.label = Some("a request runs its layout from V1 to V2".into());
    Box::new(diagnostic)
}

/// The V2 body, put together from places of the V1 body.
fn assemble(
    layout: &Layout,
    origins: &[Origin<'_>],
    shapes: &mut Shapes<'_, '_>,
) -> Parsed<LayoutNode> {
    if origins.is_empty() {
        return Err(not_reversible(layout, "nothing of this body goes to V2"));
    }
    let mut root = LayoutNode::Object(Vec::new());
    for (index, origin) in origins.iter().enumerate() {
        let path = &origin.v2.path;
        let clash = origins[..index]
            .iter()
            .any(|other| path.starts_with(&other.v2.path) || other.v2.path.starts_with(path));
        if clash {
            let message = format!("{} would be written from two places", path_in_words(path));
            return Err(not_reversible(origin.layout, &message));
        }
        let wrap = if origin.wrapped {
            Wrap::Wrap
        } else {
            Wrap::None
        };
        let value = LayoutNode::Value {
            path: boxed(&origin.v1_path),
            value: value_plan(origin.v2, wrap, shapes),
            otherwise: None,
        };
        place(&mut root, path, value);
    }
    Ok(root)
}

/// Puts a node where a path leads, making objects on the way.
fn place(at: &mut LayoutNode, path: &[String], node: LayoutNode) {
    let Some((first, rest)) = path.split_first() else {
        *at = node;
        return;
    };
    let LayoutNode::Object(members) = at else {
        unreachable!("no path leads through another value: that clash was reported")
    };
    let is_first = |key: &KeySource| matches!(key, KeySource::Literal(name) if **name == **first);
    let known = members.iter().position(|(key, _)| is_first(key));
    let index = known.unwrap_or_else(|| {
        let key = KeySource::Literal(first.as_str().into());
        members.push((key, LayoutNode::Object(Vec::new())));
        members.len() - 1
    });
    place(&mut members[index].1, rest, node);
}

/// Why a request must be held beyond being read whole.
fn backward_hold_reason(origins: &[Origin<'_>]) -> Option<String> {
    if let Some(step) = origins.iter().find_map(|origin| origin.v2.step.as_ref()) {
        return Some(format!("the whole body, for step `{}`", step.value));
    }
    if origins.len() > 1 {
        let drawn: Vec<String> = origins.iter().map(|o| path_in_words(&o.v1_path)).collect();
        return Some(format!("{}, which may come in any order", join(&drawn)));
    }
    None
}
