//! Readiness: what would happen to a client without V1.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use windlass_transforms::plan::operation::{Kind, Operation};

use super::tally::Use;

/// From best to worst; a client is as ready as the worst operation it uses.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Readiness {
    /// Already on V2.
    Ready,
    /// The proxy rewrites it; V2 has what it needs.
    Covered,
    /// Rewritten with a declared loss.
    AtRisk,
    /// V2 lacks it, or it is not mapped.
    Blocked,
}

impl Readiness {
    /// All of them, worst first.
    pub(crate) const ALL: [Self; 4] = [Self::Blocked, Self::AtRisk, Self::Covered, Self::Ready];

    /// The word used in reports.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Covered => "covered",
            Self::AtRisk => "at-risk",
            Self::Blocked => "blocked",
        }
    }

    /// What it means for the owner of a client.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Ready => "speaks V2 already",
            Self::Covered => "V2 has all it needs: it can change today",
            Self::AtRisk => "V2 has what it needs, but something it uses is lost",
            Self::Blocked => "uses something that V2 lacks or that is not mapped",
        }
    }

    /// Whether clients could do without V1 today.
    pub(crate) fn could_switch(self) -> bool {
        self <= Self::Covered
    }
}

/// The readiness of one V1 operation as it is used, and why it is not better.
pub(crate) fn judge(operation: &Operation, seen: &Use) -> (Readiness, Vec<String>) {
    match &operation.kind {
        Kind::None { reason, .. } => return (Readiness::Blocked, vec![reason.clone()]),
        Kind::Unmapped => {
            let reason = "not mapped by this version of Windlass".to_owned();
            return (Readiness::Blocked, vec![reason]);
        }
        _ => {}
    }
    let mut losses = operation.losses.clone();
    losses.extend(lost_names(operation, seen));
    if losses.is_empty() {
        (Readiness::Covered, losses)
    } else {
        (Readiness::AtRisk, losses)
    }
}

/// Parameters and fields that were sent and that V2 has no place for.
fn lost_names(operation: &Operation, seen: &Use) -> Vec<String> {
    let explained = &operation.explanation;
    let loss = |kind: &str, name: &str, note: Option<&str>| {
        let note = note.map(|note| format!(": {note}")).unwrap_or_default();
        format!("V2 has no {kind} `{name}`{note}")
    };
    let parameters = explained
        .query
        .iter()
        .filter(|parameter| parameter.v2.is_none() && seen.parameters.contains_key(&parameter.v1))
        .map(|parameter| loss("parameter", &parameter.v1, parameter.note.as_deref()));
    let fields = explained.shapes.iter().flat_map(|shape| {
        shape.fields.iter().filter_map(|field| {
            let v1 = field.v1.as_deref().filter(|_| field.v2.is_none())?;
            let sent = format!("{}.{v1}", shape.name);
            seen.fields
                .contains_key(&sent)
                .then(|| loss("field", v1, field.note.as_deref()))
        })
    });
    parameters.chain(fields).collect()
}
