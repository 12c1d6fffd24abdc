//! The tables of a plan that the rewriter runs on.
//!
//! Everything that can be decided before the first byte is decided here: names become text
//! that can be copied into JSON, rules that do nothing become [`NOTHING`], and each rule says
//! at a glance whether the machine must look at scalars, hold the value, or just go on.

use crate::plan::body::{
    BodyPlan, MemberPlan, ObjectId, ObjectPlan, StepCall, Strategy, StreamPlan, ValuePlan, Wrap,
};

use super::drawing::Drawing;
use super::names::NameTable;

/// Index of a rule in [`Program::values`].
pub(crate) type ValueId = u32;

/// The rule that leaves a value as it is.
pub(crate) const NOTHING: ValueId = 0;

/// Index in [`Program::touchable`] for what needs no record.
pub(super) const UNRECORDED: u32 = 0;

/// The tables of one plan.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// Rules for values; the first is [`NOTHING`].
    pub(super) values: Vec<ValueRule>,
    /// Rules for objects, by [`ObjectId`].
    pub(super) objects: Vec<ObjectRule>,
    /// The rule of the root of a streamed body.
    pub(super) root: ValueId,
    /// The names on the way to that value.
    pub(super) path: Vec<PathName>,
    pub(super) select: Box<[Box<str>]>,
    /// What is written in front of that value, and behind it.
    pub(super) before: Box<str>,
    pub(super) after: Box<str>,
    /// What is written when it does not come.
    pub(super) otherwise: Option<Box<str>>,
    /// What is drawn from a held body.
    pub(super) drawing: Option<Drawing>,
    /// `Shape.member` of everything a rule may touch; the first is [`UNRECORDED`].
    pub(super) touchable: Vec<Box<str>>,
}

/// What becomes of one value.
#[derive(Debug, Clone, Default)]
pub(super) struct ValueRule {
    /// The value, and not only objects in it, must be looked at: it has one of the rules
    /// below.
    pub(super) watched: bool,
    /// How an object at this place is rewritten.
    pub(super) object: Option<u32>,
    /// The rule of its elements, if it is an array.
    pub(super) element: ValueId,
    /// Strings to exchange, with what is written for them (in quotes).
    pub(super) words: Vec<(Box<str>, Box<str>)>,
    /// Most bytes that one of the words can take in JSON text, with its quotes.
    pub(super) longest_word: usize,
    /// What is written for `null`.
    pub(super) null: Option<Box<str>>,
    /// Whether an array is put around it, or taken off.
    pub(super) wrap: Wrap,
    /// The rule of the value without the array around it.
    pub(super) inner: ValueId,
    /// A step, and the rule that is run before or after it. The value is held.
    pub(super) step: Option<(StepCall, ValueId)>,
    /// This value stands on the way to the selected one: the next name.
    pub(super) path: Option<u32>,
    /// This is the selected value.
    pub(super) is_selected: bool,
}

/// One name on the way to the selected value.
#[derive(Debug, Clone)]
pub(super) struct PathName {
    pub(super) name: Box<str>,
    /// The same as a table.
    pub(super) table: NameTable,
    /// The rule of the value of this name.
    pub(super) value: ValueId,
}

/// How one kind of object is rewritten.
#[derive(Debug, Clone)]
pub(super) struct ObjectRule {
    pub(super) names: NameTable,
    /// By the numbers of `names`.
    pub(super) members: Vec<MemberRule>,
    /// The rule of the value of every other member.
    pub(super) others: ValueId,
    /// Bits of "seen", and the member that is written when none of them is set.
    pub(super) defaults: Vec<(u64, Box<str>)>,
}

/// What becomes of one member.
#[derive(Debug, Clone)]
pub(super) struct MemberRule {
    /// What is done.
    pub(super) action: Action,
    /// Bits to set in "seen".
    pub(super) seen: u64,
    /// The rule of its value.
    pub(super) value: ValueId,
    /// The value must be looked at.
    pub(super) watched: bool,
    /// There is more to do than to rename it.
    pub(super) is_special: bool,
    /// What to record when the rule is applied.
    pub(super) touched: u32,
    /// What to record when the value is replaced.
    pub(super) replaced: u32,
    /// The new name as it stands in JSON text, without quotes.
    pub(super) name: Box<str>,
    /// Several members to write: `"name"` and the rule of the value.
    pub(super) split: Vec<(Box<str>, ValueId)>,
}

/// What is done with one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// It keeps its name.
    Keep,
    /// It gets another.
    Rename,
    /// It is left out.
    Drop,
    /// It is held and written several times.
    Split,
}

impl Program {
    /// Lowers a plan.
    pub(crate) fn new(plan: &BodyPlan) -> Self {
        let mut program = Self {
            values: vec![ValueRule::default()],
            objects: Vec::new(),
            root: NOTHING,
            path: Vec::new(),
            select: Box::default(),
            before: "".into(),
            after: "".into(),
            otherwise: None,
            drawing: None,
            touchable: vec!["".into()],
        };
        for object in &plan.objects {
            let rule = program.object(plan, object);
            program.objects.push(rule);
        }
        match &plan.strategy {
            Strategy::Stream(stream) => program.stream(plan, stream),
            Strategy::Hold(hold) => {
                let drawing = Drawing::new(&hold.layout, &mut |value| program.value(plan, value));
                program.drawing = Some(drawing);
            }
            Strategy::Pass | Strategy::Fixed(_) => {}
        }
        program
    }

    /// The rule of a value.
    pub(super) fn rule(&self, id: ValueId) -> &ValueRule {
        &self.values[id as usize]
    }

    fn stream(&mut self, plan: &BodyPlan, stream: &StreamPlan) {
        self.before = stream.before.clone();
        self.after = stream.after.clone();
        self.otherwise.clone_from(&stream.otherwise);
        self.select = stream.select.clone().into_boxed_slice();
        let value = self.value(plan, &stream.value);
        let mut rule = self.rule(value).clone();
        if stream.otherwise.is_some() || !stream.select.is_empty() {
            rule.null = stream.otherwise.clone().or(rule.null);
            rule.watched = true;
        }
        if stream.select.is_empty() {
            self.root = self.add(rule);
            return;
        }
        rule.is_selected = true;
        rule.null.clone_from(&stream.otherwise);
        let mut next = self.add(rule);
        for (index, name) in stream.select.iter().enumerate().rev() {
            self.path.push(PathName {
                name: name.clone(),
                table: NameTable::new(std::iter::once(&**name)),
                value: next,
            });
            next = self.add(ValueRule {
                watched: true,
                path: Some(index as u32),
                ..ValueRule::default()
            });
        }
        self.path.reverse();
        self.root = next;
    }

    fn add(&mut self, rule: ValueRule) -> ValueId {
        self.values.push(rule);
        (self.values.len() - 1) as ValueId
    }

    /// Lowers the rule of a value that is not in the plan of an object, such as one in a
    /// layout.
    pub(super) fn value(&mut self, plan: &BodyPlan, value: &ValuePlan) -> ValueId {
        if let Some(step) = &value.step {
            let rest = ValuePlan {
                step: None,
                ..value.clone()
            };
            let rest = self.value(plan, &rest);
            return self.add(ValueRule {
                watched: true,
                step: Some((step.clone(), rest)),
                ..ValueRule::default()
            });
        }
        let mut inner = self.unwrapped(plan, value, value.null.clone());
        if value.wrap == Wrap::None {
            return inner;
        }
        if inner == NOTHING {
            // What is unwrapped must have a rule, or nobody would see that it is there.
            inner = self.add(ValueRule::default());
        }
        let rule = self.rule(inner).clone();
        self.add(ValueRule {
            watched: true,
            wrap: value.wrap,
            inner,
            ..rule
        })
    }

    fn unwrapped(&mut self, plan: &BodyPlan, value: &ValuePlan, null: Option<Box<str>>) -> ValueId {
        let object = value
            .object
            .filter(|id| !does_nothing(plan, *id))
            .map(|id| u32::from(id.0));
        if object.is_none() && value.words.is_empty() && null.is_none() {
            return NOTHING;
        }
        let mut words: Vec<_> = value
            .words
            .iter()
            .map(|(from, to)| (from.clone(), quoted(to)))
            .collect();
        words.sort();
        let rule = ValueRule {
            watched: !value.words.is_empty() || null.is_some(),
            object,
            element: NOTHING,
            words,
            longest_word: value
                .words
                .iter()
                // A byte takes at most six: `\u00xx`.
                .map(|(from, _)| 6 * from.len() + 2)
                .max()
                .unwrap_or(0),
            null,
            ..ValueRule::default()
        };
        let id = self.add(rule.clone());
        let is_for_elements = rule.object.is_some() || !rule.words.is_empty();
        let element = match (is_for_elements, rule.null.is_some()) {
            (false, _) => NOTHING,
            // An array of arrays has the same rule all the way down.
            (true, false) => id,
            (true, true) => self.unwrapped(plan, value, None),
        };
        self.values[id as usize].element = element;
        id
    }

    fn object(&mut self, plan: &BodyPlan, object: &ObjectPlan) -> ObjectRule {
        ObjectRule {
            names: NameTable::new(object.members.iter().map(|member| &*member.from)),
            members: object
                .members
                .iter()
                .map(|member| self.member(plan, &object.shape, member))
                .collect(),
            others: match &object.others {
                Some(value) => self.value(plan, value),
                None => NOTHING,
            },
            defaults: object
                .defaults
                .iter()
                .map(|default| {
                    let member = format!("{}:{}", quoted(&default.name), default.value);
                    (1 << default.seen, member.into())
                })
                .collect(),
        }
    }

    fn member(&mut self, plan: &BodyPlan, shape: &str, member: &MemberPlan) -> MemberRule {
        self.touchable
            .push(format!("{shape}.{}", member.from).into());
        let replaced = (self.touchable.len() - 1) as u32;
        let (action, name) = match &*member.to {
            [] => (Action::Drop, ""),
            [target] if target.name == member.from => (Action::Keep, ""),
            [target] => (Action::Rename, &*target.name),
            _ => (Action::Split, ""),
        };
        let value = match &*member.to {
            [target] => self.value(plan, &target.value),
            _ => NOTHING,
        };
        let split = match action {
            Action::Split => member
                .to
                .iter()
                .map(|target| (quoted(&target.name), self.value(plan, &target.value)))
                .collect(),
            _ => Vec::new(),
        };
        let watched = self.rule(value).watched;
        MemberRule {
            action,
            is_special: watched || matches!(action, Action::Drop | Action::Split),
            seen: member.seen.map_or(0, |bit| 1 << bit),
            value,
            watched,
            touched: match action {
                Action::Keep => UNRECORDED,
                _ => replaced,
            },
            replaced,
            name: unquoted(name),
            split,
        }
    }
}

/// Whether an object plan changes nothing.
fn does_nothing(plan: &BodyPlan, id: ObjectId) -> bool {
    plan.objects
        .get(usize::from(id.0))
        .is_none_or(|o| o.members.is_empty() && o.defaults.is_empty() && o.others.is_none())
}

/// A string as JSON text.
fn quoted(text: &str) -> Box<str> {
    serde_json::Value::from(text).to_string().into()
}

/// A string as it stands between the quotes of JSON text.
fn unquoted(text: &str) -> Box<str> {
    let quoted = quoted(text);
    quoted[1..quoted.len() - 1].into()
}
