//! Lowers operations that a named composition answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::compile::names::Names;
use crate::composition::{Composition, Part};
use crate::diagnostic::code::COMPOSITION_CALLS;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::mapping::composed::{ComposedFile, PartFile};
use crate::operation::Segment;
use crate::plan::body::{
    BodyPlan, MemberPlan, ObjectId, ObjectPlan, Strategy, StreamPlan, ValuePlan,
};
use crate::plan::call::{Target, TargetPart};
use crate::plan::composed::{PartPlan, RowsPlan};

/// The composition with the calls that the mapping has for it.
pub(super) fn lower(
    file: &ComposedFile,
    names: &Names<'_>,
    errors: &mut Vec<Diagnostic>,
) -> Option<(Composition, Vec<PartPlan>)> {
    let composition = names.composition(&file.name, errors)?;
    for part in composition.parts {
        if file.calls.iter().all(|call| call.name.value != part.name) {
            let message = format!("`{}` makes the call `{}`", composition.name, part.name);
            let mut diagnostic = file.name.diagnostic(COMPOSITION_CALLS, message);
            diagnostic.help = Some(format!("add a table `[call.{}]`", part.name));
            errors.push(diagnostic);
        }
    }
    let known: BTreeMap<&str, &Part> = composition.parts.iter().map(|p| (p.name, p)).collect();
    let parts = file
        .calls
        .iter()
        .filter_map(|call| {
            let Some(part) = known.get(call.name.as_str()) else {
                let message = format!("`{}` makes no call `{}`", composition.name, call.name.value);
                let mut diagnostic = call.name.diagnostic(COMPOSITION_CALLS, message);
                diagnostic.help = did_you_mean(&call.name.value, known.keys().copied());
                errors.push(diagnostic);
                return None;
            };
            check_call(call, part, errors);
            Some(lower_part(call))
        })
        .collect();
    Some((*composition, parts))
}

/// The values that the composition gives are those that the V2 path and query take.
fn check_call(call: &PartFile, part: &Part, errors: &mut Vec<Diagnostic>) {
    let used: Vec<&str> = call.v2.endpoint.template.parameters().collect();
    for name in &used {
        if !part.values.contains(name) {
            let message = format!("the composition has no value `{name}` for this call");
            let mut diagnostic = call.v2.text.diagnostic(COMPOSITION_CALLS, message);
            diagnostic.help = did_you_mean(name, part.values.iter().copied())
                .or_else(|| Some(format!("it has `{}`", part.values.join("`, `"))));
            errors.push(diagnostic);
        }
    }
    for name in part.values {
        if !used.contains(name) {
            let message = format!("the value `{name}` of this call goes nowhere");
            errors.push(call.v2.text.diagnostic(COMPOSITION_CALLS, message));
        }
    }
    if part.rows != call.rows.is_some() {
        let message = if part.rows {
            "the composition reads the answer row by row: `rows` is missing"
        } else {
            "the composition reads the answer as a whole: `rows` has no meaning"
        };
        errors.push(call.name.diagnostic(COMPOSITION_CALLS, message));
    }
}

fn lower_part(call: &PartFile) -> PartPlan {
    let part = |segment: &Segment| match segment {
        Segment::Literal(text) => TargetPart::Literal(text.clone()),
        Segment::Parameter(name) | Segment::Rest(name) => TargetPart::LookedUp(name.clone()),
    };
    let template = &call.v2.endpoint.template;
    PartPlan {
        name: call.name.as_str().into(),
        v2: call.v2.endpoint.clone(),
        target: Target {
            method: call.v2.endpoint.method.clone(),
            path: template.segments.iter().map(part).collect(),
            query: template
                .query
                .iter()
                .map(|(name, value)| (name.clone(), part(value)))
                .collect(),
        },
        rows: call.rows.as_deref().map(rows),
    }
}

/// One plan takes the list out of an answer, the other everything but the member that it is in.
fn rows(path: &[String]) -> RowsPlan {
    let select: Vec<Box<str>> = path.iter().map(|name| name.as_str().into()).collect();
    let dropped = ObjectPlan {
        members: vec![MemberPlan {
            from: select[0].clone(),
            to: Vec::new(),
            seen: None,
        }],
        ..ObjectPlan::default()
    };
    let stream = |select, object| StreamPlan {
        before: "".into(),
        select,
        value: ValuePlan {
            object,
            ..ValuePlan::default()
        },
        otherwise: None,
        after: "".into(),
    };
    let plan = |stream, objects| Arc::new(BodyPlan::new(Strategy::Stream(stream), objects));
    RowsPlan {
        list: plan(stream(select, None), Vec::new()),
        rest: plan(stream(Vec::new(), Some(ObjectId(0))), vec![dropped]),
    }
}
