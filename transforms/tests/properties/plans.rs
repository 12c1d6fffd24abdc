//! Plans of every form.

use proptest::option::weighted;
use proptest::prelude::*;
use serde_json::{Value, json};
use windlass_transforms::plan::body::{
    BodyPlan, DefaultMember, HoldPlan, KeySource, LayoutNode, MemberPlan, MemberTarget, ObjectId,
    ObjectPlan, StepCall, StepTurn, Strategy as PlanStrategy, StreamPlan, ValuePlan, Wrap,
};
use windlass_transforms::step::{StepContext, StepError};

use crate::documents::{NAMES, WORDS};

/// Names that plans speak of; the last few are left to documents.
const RULED: usize = NAMES.len() - 2;

const TEXTS: [&str; 4] = ["null", "\"none\"", "[]", "{\"a\": 1.0}"];

/// Any plan.
pub(crate) fn plan() -> impl Strategy<Value = BodyPlan> {
    (0..4_u16).prop_flat_map(|count| {
        let objects = prop::collection::vec(object(count), usize::from(count));
        (strategy(count), objects).prop_map(|(strategy, mut objects)| {
            for (index, object) in objects.iter_mut().enumerate() {
                object.shape = format!("Shape{index}").into();
            }
            BodyPlan::new(strategy, objects)
        })
    })
}

/// A plan that streams the document with the first of its objects at the root.
pub(crate) fn at_the_root(objects: Vec<ObjectPlan>) -> BodyPlan {
    let stream = StreamPlan {
        before: "".into(),
        select: Vec::new(),
        value: ValuePlan {
            object: Some(ObjectId(0)),
            ..ValuePlan::default()
        },
        otherwise: None,
        after: "".into(),
    };
    BodyPlan::new(PlanStrategy::Stream(stream), objects)
}

/// What the keys of layouts may be taken from.
pub(crate) fn context() -> StepContext {
    let mut context = StepContext::default();
    context.path.insert("id".into(), json!("sha256:\"1\""));
    context
}

fn strategy(count: u16) -> impl Strategy<Value = PlanStrategy> {
    prop_oneof![
        8 => stream(count).prop_map(PlanStrategy::Stream),
        3 => layout(count).prop_map(|layout| PlanStrategy::Hold(HoldPlan {
            layout,
            reason: "a test".into(),
        })),
    ]
}

fn stream(count: u16) -> impl Strategy<Value = StreamPlan> {
    let around = prop::sample::select(vec![("", ""), ("[", "]"), ("{\"x\": [", "]}")]);
    (around, path(), value(count), otherwise()).prop_map(|((before, after), select, value, o)| {
        StreamPlan {
            before: before.into(),
            select,
            value,
            otherwise: o,
            after: after.into(),
        }
    })
}

fn layout(count: u16) -> impl Strategy<Value = LayoutNode> {
    let leaf = prop_oneof![
        4 => (path(), value(count), otherwise()).prop_map(|(path, value, otherwise)| {
            LayoutNode::Value { path, value, otherwise }
        }),
        1 => prop::sample::select(TEXTS.as_slice()).prop_map(|t| LayoutNode::Literal(t.into())),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        let key = prop_oneof![
            4 => name().prop_map(KeySource::Literal),
            1 => path().prop_map(KeySource::Path),
            1 => Just(KeySource::RequestPath("id".into())),
        ];
        prop_oneof![
            inner
                .clone()
                .prop_map(|inner| LayoutNode::Array(Box::new(inner))),
            prop::collection::vec((key, inner), 0..3).prop_map(LayoutNode::Object),
        ]
    })
}

fn name() -> impl Strategy<Value = Box<str>> {
    prop::sample::select(&NAMES[..RULED]).prop_map(Into::into)
}

fn path() -> impl Strategy<Value = Vec<Box<str>>> {
    prop_oneof![
        3 => Just(Vec::new()),
        2 => prop::collection::vec(name(), 1..3),
    ]
}

fn otherwise() -> impl Strategy<Value = Option<Box<str>>> {
    weighted(
        0.6,
        prop::sample::select(TEXTS.as_slice()).prop_map(Into::into),
    )
}

/// Any rule for a value.
pub(crate) fn value(count: u16) -> impl Strategy<Value = ValuePlan> {
    let object = weighted(0.7, (0..count.max(1)).prop_map(ObjectId));
    let words = prop::collection::btree_map(
        prop::sample::select(WORDS.as_slice()),
        prop::sample::select(WORDS.as_slice()),
        1..4,
    );
    let words = weighted(0.25, words).prop_map(|words| {
        let words = words.unwrap_or_default().into_iter();
        words.map(|(from, to)| (from.into(), to.into())).collect()
    });
    let wrap = prop_oneof![
        8 => Just(Wrap::None),
        1 => Just(Wrap::Wrap),
        1 => Just(Wrap::Unwrap),
    ];
    let null = weighted(0.15, prop::sample::select(TEXTS.as_slice()));
    (object, weighted(0.1, step()), words, wrap, null).prop_map(
        move |(object, step, words, wrap, null)| ValuePlan {
            object: object.filter(|id| id.0 < count),
            step,
            words,
            wrap,
            null: null.map(Into::into),
        },
    )
}

fn step() -> impl Strategy<Value = StepCall> {
    let turn = prop::sample::select(vec![StepTurn::First, StepTurn::Last]);
    let step = prop_oneof![
        Just(("boxed", boxed as windlass_transforms::step::StepFn)),
        Just(("unboxed", unboxed as windlass_transforms::step::StepFn)),
    ];
    (step, turn).prop_map(|((name, run), turn)| StepCall {
        name: name.into(),
        run,
        turn,
    })
}

/// Makes nothing that a step inside it could grow again and again.
#[expect(
    clippy::unnecessary_wraps,
    clippy::needless_pass_by_value,
    reason = "the form of a step"
)]
fn boxed(value: Value, context: &StepContext) -> Result<Value, StepError> {
    Ok(json!([context.path["id"], value]))
}

fn unboxed(value: Value, _: &StepContext) -> Result<Value, StepError> {
    match value {
        Value::Object(mut members) => Ok(members.remove("a").unwrap_or(Value::Null)),
        Value::Bool(true) => Err(StepError::Unexpected("true".into())),
        other => Ok(other),
    }
}

fn object(count: u16) -> impl Strategy<Value = ObjectPlan> {
    let target =
        move || (name(), value(count)).prop_map(|(name, value)| MemberTarget { name, value });
    let to = prop_oneof![
        6 => prop::collection::vec(target(), 1),
        3 => Just(Vec::new()),
        1 => prop::collection::vec(target(), 2..4),
    ];
    let members = prop::collection::btree_map(name(), (to, weighted(0.3, 0..4_u8)), 0..6);
    let default = (name(), prop::sample::select(TEXTS.as_slice()), 0..4_u8);
    let defaults = prop::collection::vec(default, 0..3);
    (members, defaults, weighted(0.3, value(count))).prop_map(|(members, defaults, others)| {
        ObjectPlan {
            shape: "".into(),
            members: members
                .into_iter()
                .map(|(from, (to, seen))| MemberPlan { from, to, seen })
                .collect(),
            defaults: defaults
                .into_iter()
                .map(|(name, value, seen)| DefaultMember {
                    name,
                    value: value.into(),
                    seen,
                })
                .collect(),
            others: others.map(Box::new),
        }
    })
}
