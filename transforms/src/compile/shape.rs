//! Lowers shapes to object plans.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::compile::Direction;
use crate::compile::names::{self, Names};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::code::{STEP_NOT_REVERSIBLE, TOO_MANY_DEFAULTS, TOO_MANY_SHAPES};
use crate::mapping::cursor::Named;
use crate::mapping::expression::Expression;
use crate::mapping::place::Text;
use crate::mapping::shape::{ShapeFile, WordList};
use crate::plan::body::{
    DefaultMember, MemberPlan, MemberTarget, ObjectId, ObjectPlan, StepCall, StepTurn, ValuePlan,
    Wrap,
};

/// Most defaults of one object: members seen fit a word.
const MAX_DEFAULTS: usize = 64;

/// Lowers the shapes of one body, each once.
pub(super) struct Shapes<'c, 's> {
    names: &'c Names<'s>,
    direction: Direction,
    ids: BTreeMap<&'s str, ObjectId>,
    /// By id; `None` while a shape is being lowered.
    objects: Vec<Option<ObjectPlan>>,
    errors: &'c mut Vec<Diagnostic>,
}

impl<'c, 's> Shapes<'c, 's> {
    pub(super) fn new(
        names: &'c Names<'s>,
        direction: Direction,
        errors: &'c mut Vec<Diagnostic>,
    ) -> Self {
        Self {
            names,
            direction,
            ids: BTreeMap::new(),
            objects: Vec::new(),
            errors,
        }
    }

    /// The object plans, by id.
    pub(super) fn into_objects(self) -> Vec<ObjectPlan> {
        self.objects.into_iter().flatten().collect()
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.errors.push(diagnostic);
    }

    /// The plan of a shape, lowered at its first use. A shape may use itself.
    pub(super) fn object(&mut self, name: &Named) -> Option<ObjectId> {
        let shape = self.names.shape(name, self.errors)?;
        if let Some(id) = self.ids.get(shape.name.as_str()) {
            return Some(*id);
        }
        let Ok(id) = u16::try_from(self.objects.len()).map(ObjectId) else {
            self.errors
                .push(name.diagnostic(TOO_MANY_SHAPES, "one body uses more than 65,535 shapes"));
            return None;
        };
        self.ids.insert(&shape.name, id);
        self.objects.push(None);
        let plan = self.lower(shape);
        self.objects[usize::from(id.0)] = Some(plan);
        Some(id)
    }

    /// The direction of a step that this body needs.
    pub(super) fn step(&mut self, name: &Named) -> Option<StepCall> {
        let step = self.names.step(name, self.errors)?;
        let (run, turn, way) = match self.direction {
            Direction::V1ToV2 => (step.v1_to_v2, StepTurn::Last, "from V1 to V2"),
            Direction::V2ToV1 => (step.v2_to_v1, StepTurn::First, "from V2 to V1"),
        };
        if run.is_none() {
            let mut diagnostic = name.diagnostic(
                STEP_NOT_REVERSIBLE,
                format!("step `{}` does not work {way}", name.value),
            );
            diagnostic.label = Some(
                match self.direction {
                    Direction::V1ToV2 => "a request needs this direction",
                    Direction::V2ToV1 => "an answer needs this direction",
                }
                .into(),
            );
            self.errors.push(diagnostic);
        }
        Some(StepCall {
            name: name.value.as_str().into(),
            run: run?,
            turn,
        })
    }

    fn has_direction(&self, expression: &Expression) -> bool {
        let Some(name) = &expression.step else {
            return true;
        };
        // An unknown step was reported by the check of the shape.
        self.names
            .step(name, &mut Vec::new())
            .is_none_or(|step| match self.direction {
                Direction::V1ToV2 => step.v1_to_v2.is_some(),
                Direction::V2ToV1 => step.v2_to_v1.is_some(),
            })
    }

    fn lower(&mut self, shape: &'s ShapeFile) -> ObjectPlan {
        let mut members = match self.direction {
            Direction::V2ToV1 => self.answer_members(shape),
            Direction::V1ToV2 => self.request_members(shape),
        };
        let defaults = match self.direction {
            Direction::V2ToV1 => &shape.v1_default,
            Direction::V1ToV2 => &shape.v2_default,
        };
        let defaults = self.defaults(defaults, &mut members);
        let others = shape
            .each
            .as_ref()
            .map(|each| Box::new(self.value(shape, each)));
        ObjectPlan {
            shape: shape.name.as_str().into(),
            members: members.0,
            defaults,
            others,
        }
    }

    /// V2 → V1: every V1 name that takes from a V2 member.
    fn answer_members(&mut self, shape: &'s ShapeFile) -> Members {
        let mut members = Members::default();
        for (source, fields) in by_source(shape) {
            let mut to = Vec::new();
            let works = fields.iter().any(|(_, e)| self.has_direction(e));
            for (v1, expression) in fields {
                // A second V1 name may be one that only requests know.
                if works && !self.has_direction(expression) {
                    continue;
                }
                to.push(MemberTarget {
                    name: v1.as_str().into(),
                    value: self.value(shape, expression),
                });
            }
            members.add(source, to);
        }
        for (name, _) in &shape.only_v2 {
            members.add(&name.value, Vec::new());
        }
        // A V1 name that has another source must not come in under its own name as well.
        for (v1, _) in &shape.fields {
            if !names_any(&shape.kept_v2, v1) {
                members.add(&v1.value, Vec::new());
            }
        }
        members
    }

    /// V1 → V2: for every V2 name, the first V1 name that can be reversed.
    fn request_members(&mut self, shape: &'s ShapeFile) -> Members {
        let mut members = Members::default();
        for (source, fields) in by_source(shape) {
            let chosen = fields
                .iter()
                .position(|(_, e)| self.has_direction(e))
                .unwrap_or(0);
            for (index, (v1, expression)) in fields.into_iter().enumerate() {
                let to = if index == chosen {
                    vec![MemberTarget {
                        name: source.into(),
                        value: self.value(shape, expression),
                    }]
                } else {
                    Vec::new()
                };
                members.add(&v1.value, to);
            }
        }
        for (name, _) in shape.only_v1.iter().chain(&shape.only_v2) {
            members.add(&name.value, Vec::new());
        }
        // V1 servers ignored V2 names; they must not meet the renamed member here.
        for (_, expression) in &shape.fields {
            if let Some(source) = &expression.source {
                members.add(&source.value, Vec::new());
            }
        }
        members
    }

    /// How a value is rewritten.
    fn value(&mut self, shape: &'s ShapeFile, expression: &Expression) -> ValuePlan {
        let words = expression
            .words
            .as_ref()
            .and_then(|name| names::words(shape, name, self.errors))
            .map(|list| self.words(list))
            .unwrap_or_default();
        ValuePlan {
            object: expression.shape.as_ref().and_then(|name| self.object(name)),
            step: expression.step.as_ref().and_then(|name| self.step(name)),
            words,
            wrap: self.wrap(expression.wrap),
            null: None,
        }
    }

    /// The wrap of a V1 picture, in this body's direction.
    pub(super) fn wrap(&self, wrap: Wrap) -> Wrap {
        match (self.direction, wrap) {
            (Direction::V1ToV2, Wrap::Wrap) => Wrap::Unwrap,
            (Direction::V1ToV2, Wrap::Unwrap) => Wrap::Wrap,
            (_, wrap) => wrap,
        }
    }

    fn words(&self, list: &WordList) -> Box<[(Box<str>, Box<str>)]> {
        let mut words: BTreeMap<&str, &str> = BTreeMap::new();
        for (v1, v2) in &list.words {
            let (from, to) = match self.direction {
                Direction::V1ToV2 => (v1, v2),
                Direction::V2ToV1 => (v2, v1),
            };
            // Where two V1 words share a V2 word, the first one listed answers.
            words.entry(from.as_str()).or_insert(to.as_str());
        }
        words
            .into_iter()
            .map(|(from, to)| (from.into(), to.into()))
            .collect()
    }

    /// Members that are always there: added at the end, or in place of `null`.
    fn defaults(&mut self, written: &[(Text, Value)], members: &mut Members) -> Vec<DefaultMember> {
        if let Some((name, _)) = written.get(MAX_DEFAULTS) {
            self.errors.push(name.diagnostic(
                TOO_MANY_DEFAULTS,
                format!("a shape has at most {MAX_DEFAULTS} defaults"),
            ));
            return Vec::new();
        }
        let mut defaults = Vec::new();
        for (bit, (name, value)) in (0_u8..).zip(written) {
            let text: Box<str> = value.to_string().into();
            let seen = members.give_default(&name.value, bit, &text);
            defaults.push(DefaultMember {
                name: name.value.as_str().into(),
                value: text,
                seen,
            });
        }
        defaults
    }
}

/// The fields of a shape by their V2 source, in the order of the file.
fn by_source(shape: &ShapeFile) -> Vec<(&str, Vec<(&Text, &Expression)>)> {
    let mut sources: Vec<(&str, Vec<(&Text, &Expression)>)> = Vec::new();
    for (v1, expression) in &shape.fields {
        let source = expression.v2();
        match sources.iter_mut().find(|(known, _)| *known == source) {
            Some((_, fields)) => fields.push((v1, expression)),
            None => sources.push((source, vec![(v1, expression)])),
        }
    }
    sources
}

fn names_any(list: &[(Text, Text)], name: &Text) -> bool {
    list.iter().any(|(listed, _)| listed.value == name.value)
}

/// Member plans, no two for one name; the first stays.
#[derive(Default)]
struct Members(Vec<MemberPlan>);

impl Members {
    fn add(&mut self, from: &str, to: Vec<MemberTarget>) {
        if self.0.iter().all(|member| *member.from != *from) {
            self.0.push(MemberPlan {
                from: from.into(),
                to,
                seen: None,
            });
        }
    }

    /// Marks the member that becomes `name`, and returns the bit that tells it was seen.
    fn give_default(&mut self, name: &str, bit: u8, json: &str) -> u8 {
        let null = (json != "null").then(|| Box::from(json));
        for member in &mut self.0 {
            for target in &mut member.to {
                if *target.name == *name {
                    target.value.null = null;
                    return *member.seen.get_or_insert(bit);
                }
            }
        }
        // Unlisted: it passes under its own name, unless that name has another rule.
        self.add(
            name,
            vec![MemberTarget {
                name: name.into(),
                value: ValuePlan {
                    null,
                    ..ValuePlan::default()
                },
            }],
        );
        let added = self
            .0
            .iter_mut()
            .find(|m| *m.from == *name && m.to.iter().any(|t| *t.name == *name));
        if let Some(member) = added {
            member.seen = Some(bit);
        }
        bit
    }
}
