//! What changes for the callers of one V1 operation, from its plan's explanation.

use windlass_transforms::plan::operation::{Kind, Operation};

use super::model::{OperationReport, OperationUse, Rename, Sent};
use crate::audit::readiness::{Readiness, judge};
use crate::audit::tally::Use;
use crate::render::curl;

/// V2 call or advice of an operation.
fn instead(operation: &Operation) -> (Option<String>, Option<String>) {
    match &operation.kind {
        Kind::None { instead, .. } => (None, Some(instead.clone()).filter(|text| !text.is_empty())),
        Kind::Answer(_) => (
            None,
            Some("nothing: V2 clients need no such call".to_owned()),
        ),
        Kind::Unmapped => (None, None),
        Kind::Composed(composed) => {
            let calls = composed
                .parts()
                .iter()
                .map(|part| format!("{} /v2{}", part.v2().method, part.v2().template));
            (Some(calls.collect::<Vec<_>>().join(", ")), None)
        }
        Kind::Call(_) => match &operation.explanation.v2 {
            Some(call) => (Some(call.replacen(" /", " /v2/", 1)), None),
            None => (
                None,
                Some(format!(
                    "several V2 calls: `windlass explain {}`",
                    operation.id
                )),
            ),
        },
    }
}

fn v1_line(operation: &Operation) -> String {
    format!("{} /v1{}", operation.v1.method, operation.v1.template)
}

/// One operation as used by one client. `operation` is `None` when the mappings do not know it.
pub(super) fn used(id: &str, operation: Option<&Operation>, seen: &Use) -> OperationUse {
    let (readiness, reasons) = match operation {
        Some(operation) => judge(operation, seen),
        None => (
            Readiness::Blocked,
            vec!["the records name an operation that these mappings do not have".to_owned()],
        ),
    };
    let (v2, advice) = operation.map_or((None, None), instead);
    OperationUse {
        operation: id.to_owned(),
        v1: operation.map(v1_line),
        instead: v2,
        advice,
        readiness,
        reasons,
        calls: seen.calls,
        versionless_calls: seen.versionless,
        client_errors: seen.client_errors,
        server_errors: seen.server_errors,
        gone_calls: seen.gone,
        first_seen: seen.first,
        last_seen: seen.last,
        sent: operation.map_or_else(Vec::new, |operation| sent(operation, seen)),
        bodies_seen: seen.bodies,
    }
}

/// What was sent, with its V2 name.
fn sent(operation: &Operation, seen: &Use) -> Vec<Sent> {
    let explained = &operation.explanation;
    let parameters = seen.parameters.iter().map(|(name, calls)| {
        let declared = explained
            .query
            .iter()
            .chain(&explained.body_query)
            .find(|parameter| parameter.v1 == *name);
        Sent {
            kind: "parameter".to_owned(),
            v1: name.clone(),
            v2: declared.and_then(|parameter| parameter.v2.clone()),
            note: declared.and_then(|parameter| parameter.note.clone()),
            calls: *calls,
        }
    });
    let fields = seen.fields.iter().map(|(name, calls)| {
        let declared = name.split_once('.').and_then(|(shape, field)| {
            let shape = explained.shapes.iter().find(|known| known.name == shape)?;
            let known = shape.fields.iter();
            known
                .clone()
                .find(|known| known.v1.as_deref() == Some(field))
        });
        Sent {
            kind: "field".to_owned(),
            v1: name.clone(),
            v2: declared.and_then(|field| field.v2.clone()),
            note: declared.and_then(|field| field.note.clone()),
            calls: *calls,
        }
    });
    parameters.chain(fields).collect()
}

/// What changes for everybody who calls an operation.
pub(super) fn catalogued(operation: &Operation) -> OperationReport {
    let explained = &operation.explanation;
    let (v2, advice) = instead(operation);
    let parameters = explained
        .query
        .iter()
        .filter(|parameter| parameter.v2.as_ref() != Some(&parameter.v1))
        .map(|parameter| Rename {
            shape: None,
            v1: Some(parameter.v1.clone()),
            v2: parameter.v2.clone(),
            note: parameter.note.clone(),
        });
    let fields = explained.shapes.iter().flat_map(|shape| {
        shape.fields.iter().map(|field| Rename {
            shape: Some(shape.name.clone()),
            v1: field.v1.clone(),
            v2: field.v2.clone(),
            note: field.note.clone(),
        })
    });
    // What steps move and rename.
    let moved = explained.steps.iter().flat_map(|step| {
        step.renames.iter().map(|(v1, v2)| Rename {
            shape: Some(step.name.clone()),
            v1: Some(v1.clone()),
            v2: Some(v2.clone()),
            note: None,
        })
    });
    // Every error has this shape; it is nothing that is particular to an operation.
    let is_error = |rename: &Rename| rename.shape.as_deref() == Some("ApiErrorResponse");
    OperationReport {
        operation: operation.id.clone(),
        summary: operation.summary.clone(),
        v1: Some(v1_line(operation)),
        curl: curl::command(operation),
        v2,
        advice,
        readiness: Readiness::Ready,
        calls: 0,
        clients: 0,
        last_seen: None,
        parameters: parameters.collect(),
        fields: fields
            .chain(moved)
            .filter(|rename| !is_error(rename))
            .collect(),
    }
}
