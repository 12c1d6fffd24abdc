//! Which V2 parameter a V1 parameter is.

use windlass_transforms::compare::Typed;
use windlass_transforms::document::{Parameter, Place};

use super::Confidence;
use super::likeness::{names, texts, types};
use super::operations::Pair;

/// A V1 parameter, and the V2 parameter that resembles it most.
pub(super) struct Matched<'d> {
    pub(super) v1: &'d Parameter,
    pub(super) v2: Option<(&'d Parameter, Confidence)>,
}

/// Query parameters, each V2 one used once.
pub(super) fn query<'d>(pair: &Pair<'d>) -> Vec<Matched<'d>> {
    let of = |parameters: &'d [Parameter]| -> Vec<&'d Parameter> {
        parameters
            .iter()
            .filter(|p| p.place == Place::Query)
            .collect()
    };
    let v1 = of(&pair.v1.operation.parameters);
    let v2 = of(&pair.v2.operation.parameters);
    let mut scored = Vec::new();
    for (i, a) in v1.iter().enumerate() {
        for (j, b) in v2.iter().enumerate() {
            let name = names(&a.name, &b.name);
            let fit = types(
                Typed::new(pair.v1.document, &a.schema),
                Typed::new(pair.v2.document, &b.schema),
            );
            let said = texts(a.description.as_deref(), b.description.as_deref());
            let value = name.value * fit + 0.3 * said;
            if value > 0.3 {
                scored.push((value, i, j, Confidence::new(value, name.why)));
            }
        }
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut matched: Vec<Matched<'d>> = v1.iter().map(|v1| Matched { v1, v2: None }).collect();
    let mut taken = vec![false; v2.len()];
    for (_, i, j, confidence) in scored {
        if matched[i].v2.is_none() && !taken[j] {
            taken[j] = true;
            matched[i].v2 = Some((v2[j], confidence));
        }
    }
    matched
}

/// Parameters of the two paths, by their order.
pub(super) fn path<'p>(v1: &'p str, v2: &'p str) -> Option<Vec<(&'p str, &'p str)>> {
    fn names(path: &str) -> Vec<&str> {
        path.split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect()
    }
    let (v1, v2) = (names(v1), names(v2));
    (v1.len() == v2.len()).then(|| v1.into_iter().zip(v2).collect())
}
