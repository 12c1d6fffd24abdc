//! Shapes that reverse: a V1 object that is sent to V2 and read again is what it was.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use serde_json::Value;
use windlass_mappings::steps;
use windlass_transforms::MappingSet;
use windlass_transforms::compile::Direction;
use windlass_transforms::compile::LayoutPlan;
use windlass_transforms::document::Document;
use windlass_transforms::rewrite::{BodyRewriter, Limits, RewriteError};
use windlass_transforms::step::{StepContext, StepError};

use crate::generate::{self, Fill, Recipe};

/// Shapes that lose something on the first trip and nothing on the next ones, and why.
const SETTLE: &[(&str, &str)] = &[(
    "PolicyBundleRecord",
    "V2 policies have no members but their own, so strays of V1 documents are dropped",
)];

/// What a run found.
#[derive(Debug, Default)]
pub(crate) struct RoundTrips {
    /// Shapes that reverse.
    pub(crate) shapes: BTreeSet<String>,
    pub(crate) bodies: usize,
    /// Shapes that do not come back as they were, each with why.
    pub(crate) wrong: Vec<String>,
}

/// Sends objects of every shape that `wanted` takes there and back. `v1` is the derived V1
/// document, whose schemas are named as the shapes.
pub(crate) fn round_trips(
    set: &MappingSet,
    v1: &Document,
    cases: u32,
    wanted: &dyn Fn(&str) -> bool,
) -> RoundTrips {
    let mut found = RoundTrips::default();
    for name in set.shape_names().filter(|name| wanted(name)) {
        let layout = format!("$ as {name}");
        let compile = |way| LayoutPlan::compile(set, steps::STEPS, &layout, way);
        let (Ok(to_v1), Ok(to_v2)) = (compile(Direction::V2ToV1), compile(Direction::V1ToV2))
        else {
            continue; // a step of it has one direction
        };
        let Some(schema) = v1.schemas.get(name) else {
            continue; // its V2 operation is in no document
        };
        found.shapes.insert(name.to_owned());
        let lost = lost(&to_v1);
        let mut runner = TestRunner::new(Config {
            cases,
            failure_persistence: None,
            rng_seed: RngSeed::Fixed(11),
            ..Config::default()
        });
        let outcome = runner.run(&generate::recipes(), |recipe| {
            // Defaults fill what is missing or null: only whole objects come back as they were.
            let recipe = Recipe {
                fill: Fill::All,
                ..recipe
            };
            let sent = generate::body(v1, schema, &recipe).value;
            let Some(there) = rewritten(&to_v2, &sent)? else {
                return Ok(()); // a step refuses it, which is an answer too
            };
            let Some(back) = rewritten(&to_v1, &there)? else {
                let text = format!("sent {sent}\nin V2 {there}\nrefused on the way back");
                return Err(TestCaseError::fail(text));
            };
            let settles = SETTLE.iter().any(|(shape, _)| *shape == name);
            let again = match rewritten(&to_v2, &back)? {
                Some(there) if settles => rewritten(&to_v1, &there)?,
                _ => None,
            };
            let same = without(sent.clone(), &lost) == without(back.clone(), &lost);
            if same || again.as_ref() == Some(&back) {
                return Ok(());
            }
            Err(TestCaseError::fail(format!(
                "sent {sent}\nin V2 {there}\nback {back}"
            )))
        });
        match outcome {
            Ok(()) => found.bodies += usize::try_from(cases).unwrap_or_default(),
            Err(why) => found.wrong.push(format!("{name}: {why}")),
        }
    }
    found
}

/// V1 names that the mapping declares as lost on the way to V2, or as another name of something.
fn lost(plan: &LayoutPlan) -> BTreeSet<String> {
    let mut lost = BTreeSet::new();
    for shape in &plan.shapes {
        let mut seen = BTreeSet::new();
        // Dropped from answers, and written anew.
        let dropped = |name: &str| {
            let mut fields = shape.fields.iter();
            fields.any(|field| field.v1.is_none() && field.v2.as_deref() == Some(name))
        };
        let written = shape.v1_defaults.iter().map(|(name, _)| name);
        lost.extend(written.filter(|name| dropped(name)).cloned());
        for field in &shape.fields {
            let Some(v1) = &field.v1 else { continue };
            let one_way = steps::STEPS.iter().any(|step| {
                let named = format!("step `{}`", step.name);
                step.v1_to_v2.is_none() && field.note.as_ref().is_some_and(|n| n.contains(&named))
            });
            if one_way || field.v2.is_none() || !seen.insert(&field.v2) {
                lost.insert(v1.clone());
            }
        }
    }
    lost
}

/// The body on the other side; `None`: a step refuses it.
fn rewritten(plan: &LayoutPlan, body: &Value) -> Result<Option<Value>, TestCaseError> {
    let context = Arc::new(StepContext::default());
    let mut rewriter = BodyRewriter::new(Arc::clone(&plan.plan), context, Limits::default());
    let mut out = Vec::new();
    let ended = rewriter
        .push(body.to_string().as_bytes(), &mut out)
        .and_then(|()| rewriter.finish(&mut out));
    match ended {
        Ok(()) => serde_json::from_slice(&out)
            .map(Some)
            .map_err(|error| TestCaseError::fail(error.to_string())),
        Err(RewriteError::Step {
            error: StepError::Refused { .. } | StepError::Malformed(_),
            ..
        }) => Ok(None),
        Err(error) => Err(TestCaseError::fail(format!("{error}, for {body}"))),
    }
}

fn without(mut value: Value, lost: &BTreeSet<String>) -> Value {
    match &mut value {
        Value::Array(elements) => {
            for element in elements {
                *element = without(element.take(), lost);
            }
        }
        Value::Object(members) => {
            members.retain(|name, _| !lost.contains(name));
            for (_, member) in members.iter_mut() {
                *member = without(member.take(), lost);
            }
        }
        _ => {}
    }
    value
}
