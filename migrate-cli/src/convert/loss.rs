//! What a conversion lost, place by place.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use windlass_transforms::compile::LayoutPlan;

use super::dropped::Dropped;

/// Something that a conversion lost. Names only, never values: bodies hold passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// Where, with `[]` for the elements of an array: `$.policies[].rules[].note`.
    pub place: String,
    /// The first such place: `$.policies[0].rules[2].note`.
    pub first: String,
    /// How often.
    pub count: usize,
    /// What became of it.
    pub kind: Kind,
    /// Why.
    pub reason: String,
}

/// What became of a lost member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The result has nothing for it.
    Dropped,
    /// Converted back, it has another value.
    Changed,
}

/// Where a value stands in a body.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Member(String),
    Element(usize),
}

impl Place {
    pub(super) fn root() -> Self {
        Self(Vec::new())
    }

    pub(super) fn member(&mut self, name: &str) {
        self.0.push(Part::Member(name.to_owned()));
    }

    pub(super) fn element(&mut self, index: usize) {
        self.0.push(Part::Element(index));
    }

    pub(super) fn up(&mut self) {
        self.0.pop();
    }

    fn is_inside(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// With `[]` for every element.
    fn general(&self) -> String {
        self.write(false)
    }

    fn write(&self, indices: bool) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Element(index) if indices => format!("[{index}]"),
            Part::Element(_) => "[]".to_owned(),
            Part::Member(name) if is_plain(name) => format!(".{name}"),
            Part::Member(name) => format!("[{}]", serde_json::Value::from(name.as_str())),
        });
        format!("${}", parts.collect::<String>())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.write(true))
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// Puts together what rules dropped and what did not come back. What a rule explains is told
/// once, with the rule's reason.
pub(super) fn gather(
    layout: &LayoutPlan,
    dropped: Vec<Dropped>,
    differences: Vec<(Place, Kind)>,
) -> Vec<Loss> {
    let by_step = match layout.steps.as_slice() {
        [] => "it does not come back on the way back".to_owned(),
        steps => {
            let names: Vec<String> = steps.iter().map(|s| format!("`{}`", s.name)).collect();
            let word = if steps.len() == 1 { "step" } else { "steps" };
            format!("{word} {} did not keep it", names.join(", "))
        }
    };
    let mut places: Vec<(Place, Kind, String)> = Vec::new();
    for (place, kind) in differences {
        let explained = dropped.iter().any(|(rule, _)| place.is_inside(rule));
        if !explained {
            places.push((place, kind, by_step.clone()));
        }
    }
    places.extend(
        dropped
            .into_iter()
            .map(|(place, reason)| (place, Kind::Dropped, reason)),
    );
    places.sort();

    let mut groups: BTreeMap<(String, Kind, String), (String, usize)> = BTreeMap::new();
    let mut order = Vec::new();
    for (place, kind, reason) in places {
        let key = (place.general(), kind, reason);
        let group = groups.entry(key.clone()).or_insert_with(|| {
            order.push(key);
            (place.to_string(), 0)
        });
        group.1 += 1;
    }
    order
        .into_iter()
        .map(|key| {
            let (first, count) = groups[&key].clone();
            let (place, kind, reason) = key;
            Loss {
                place,
                first,
                count,
                kind,
                reason,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_written_so_that_jq_users_find_them() {
        let mut place = Place::root();
        place.member("items");
        place.element(3);
        place.member("a b");
        assert_eq!(place.to_string(), r#"$.items[3]["a b"]"#);
        assert_eq!(place.general(), r#"$.items[]["a b"]"#);
    }
}
