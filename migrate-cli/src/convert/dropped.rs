//! What the rules of a plan drop from a body, each with the reason that the mapping gives.

use serde_json::Value;
use windlass_transforms::compile::{Direction, LayoutPlan};
use windlass_transforms::plan::body::{
    KeySource, LayoutNode, ObjectPlan, StepTurn, Strategy, ValuePlan,
};
use windlass_transforms::plan::explain::{Field, Shape};

use super::loss::Place;

/// A dropped member and why it is dropped.
pub(super) type Dropped = (Place, String);

/// Every member of `input` that a rule drops. Below a step that sees the value first, nothing
/// can be said from rules.
pub(super) fn members(layout: &LayoutPlan, direction: Direction, input: &[u8]) -> Vec<Dropped> {
    let Ok(input) = serde_json::from_slice::<Value>(input) else {
        return Vec::new();
    };
    let mut walk = Walk {
        layout,
        direction,
        found: Vec::new(),
    };
    match &layout.plan.strategy {
        Strategy::Pass => {}
        Strategy::Fixed(_) => walk.found.push((
            Place::root(),
            "the other side has a fixed body here".to_owned(),
        )),
        Strategy::Stream(stream) => {
            let used = [(stream.select.as_slice(), Some(&stream.value))];
            walk.used(&input, &used, &mut Place::root(), 0);
        }
        Strategy::Hold(hold) => {
            let mut used = Vec::new();
            drawn(&hold.layout, &mut used);
            walk.used(&input, &used, &mut Place::root(), 0);
        }
    }
    walk.found
}

/// A value of the document that a layout draws: its path, and how it is rewritten (`None`: as
/// a key).
type Used<'p> = (&'p [Box<str>], Option<&'p ValuePlan>);

fn drawn<'p>(node: &'p LayoutNode, used: &mut Vec<Used<'p>>) {
    match node {
        LayoutNode::Value { path, value, .. } => used.push((path, Some(value))),
        LayoutNode::Array(inner) => drawn(inner, used),
        LayoutNode::Object(members) => {
            for (key, inner) in members {
                if let KeySource::Path(path) = key {
                    used.push((path, None));
                }
                drawn(inner, used);
            }
        }
        LayoutNode::Literal(_) => {}
    }
}

/// The name that a field has on one side.
type Side = fn(&Field) -> Option<&str>;

struct Walk<'l> {
    layout: &'l LayoutPlan,
    direction: Direction,
    found: Vec<Dropped>,
}

impl Walk<'_> {
    /// Follows the paths that a layout draws; what none of them leads to is dropped.
    fn used(&mut self, value: &Value, used: &[Used<'_>], place: &mut Place, depth: usize) {
        if let Some((_, plan)) = used.iter().find(|(path, _)| path.len() == depth) {
            if let Some(plan) = plan {
                self.value(value, plan, place);
            }
            return;
        }
        let Value::Object(members) = value else {
            return;
        };
        for (name, value) in members {
            place.member(name);
            let deeper: Vec<Used<'_>> = used
                .iter()
                .filter(|(path, _)| *path[depth] == **name)
                .copied()
                .collect();
            if deeper.is_empty() {
                let reason = "the other side's body has no place for it";
                self.found.push((place.clone(), reason.to_owned()));
            } else {
                self.used(value, &deeper, place, depth + 1);
            }
            place.up();
        }
    }

    fn value(&mut self, value: &Value, plan: &ValuePlan, place: &mut Place) {
        let step_first = plan
            .step
            .as_ref()
            .is_some_and(|s| s.turn == StepTurn::First);
        let Some(id) = plan.object.filter(|_| !step_first) else {
            return;
        };
        match value {
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    place.element(index);
                    self.value(element, plan, place);
                    place.up();
                }
            }
            Value::Object(members) => {
                let layout = self.layout;
                let object = &layout.plan.objects[usize::from(id.0)];
                for (name, value) in members {
                    place.member(name);
                    self.member(name, value, object, place);
                    place.up();
                }
            }
            _ => {}
        }
    }

    fn member(&mut self, name: &str, value: &Value, object: &ObjectPlan, place: &mut Place) {
        match object.members.iter().find(|member| *member.from == *name) {
            Some(member) => {
                if let Some(target) = member.to.first() {
                    self.value(value, &target.value, place);
                } else {
                    let reason = self.reason(&object.shape, name);
                    self.found.push((place.clone(), reason));
                }
            }
            None => {
                if let Some(others) = &object.others {
                    self.value(value, others, place);
                }
            }
        }
    }

    /// Why a member of a shape is dropped.
    fn reason(&self, shape: &str, name: &str) -> String {
        let fields = self.layout.shapes.iter().find(|known| known.name == shape);
        let fields: &[Field] = fields.map_or(&[], |shape: &Shape| &shape.fields);
        let (this, other): (Side, Side) = match self.direction {
            Direction::V1ToV2 => (|f| f.v1.as_deref(), |f| f.v2.as_deref()),
            Direction::V2ToV1 => (|f| f.v2.as_deref(), |f| f.v1.as_deref()),
        };
        let (here, there) = match self.direction {
            Direction::V1ToV2 => ("V1", "V2"),
            Direction::V2ToV1 => ("V2", "V1"),
        };
        let listed = fields.iter().find(|field| this(field) == Some(name));
        match listed {
            Some(Field {
                note: Some(note), ..
            }) if listed.is_some_and(|f| other(f).is_none()) => note.clone(),
            Some(field) => {
                let target = other(field).unwrap_or_default();
                format!("`{target}` of {there} is made from another member")
            }
            None => format!("`{name}` is a name of {there} only; {here} has none of that name"),
        }
    }
}
