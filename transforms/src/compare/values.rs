//! A V1 schema and a V2 schema, walked together by the rules of a mapping.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::compare::parameters::text;
use crate::compare::schemas::{Members, Typed};
use crate::compare::{Comparer, Kind, Verdict};
use crate::compile::Direction;
use crate::diagnostic::code::{FIELD_FORGOTTEN, NO_WORD};
use crate::mapping::cursor::Named;
use crate::mapping::expression::Expression;
use crate::mapping::layout::{Form, KeyForm, Layout};
use crate::mapping::place::Text;
use crate::mapping::shape::{ShapeFile, WordList};
use crate::plan::body::Wrap;
use crate::step::{Step, StepContext};

/// How one value is rewritten, as the mapping says it.
#[derive(Clone, Copy, Default)]
pub(super) struct Rule<'c> {
    pub(super) shape: Option<&'c ShapeFile>,
    pub(super) step: Option<&'c Step>,
    pub(super) wrap: Wrap,
    pub(super) words: Option<&'c WordList>,
}

/// One body that is walked.
pub(super) struct Walk<'c> {
    pub(super) direction: Direction,
    /// Where diagnostics point that have no better place.
    pub(super) place: Text,
    /// What is being walked: shape and schemas by name. A schema may hold itself.
    pub(super) stack: Vec<[Option<String>; 3]>,
    /// What steps may see of the request.
    pub(super) context: StepContext,
    /// What look-ups answer, by name.
    pub(super) lookups: BTreeMap<&'c str, Typed<'c>>,
}

/// Schemas without names are followed no deeper.
pub(super) const MAX_DEPTH: usize = 24;

/// Where something stands in the bodies of both sides.
#[derive(Debug, Clone, Default)]
pub(super) struct At {
    /// With what body it is in front: `200 [].imageDigest`.
    pub(super) v1: String,
    /// `items[].image_digest`
    pub(super) v2: String,
}

impl At {
    /// The root of a body.
    pub(super) fn root(body: &str) -> Self {
        Self {
            v1: format!("{body} "),
            v2: String::new(),
        }
    }

    fn member(&self, v1: &str, v2: &str) -> Self {
        let below = match (self.v2.is_empty(), v2.is_empty()) {
            (_, true) => self.v2.clone(),
            (true, false) => v2.to_owned(),
            (false, false) => format!("{}.{v2}", self.v2),
        };
        Self {
            v1: join(&self.v1, v1),
            v2: below,
        }
    }
}

/// A schema of each side, where it is known.
pub(super) type Pair<'c> = (Option<Typed<'c>>, Option<Typed<'c>>);

impl<'c> Comparer<'c> {
    pub(super) fn shape(&self, name: Option<&Named>) -> Option<&'c ShapeFile> {
        let set = self.set;
        name.and_then(|name| set.shapes.get(name.as_str()))
    }

    pub(super) fn step(&self, name: Option<&Named>) -> Option<&'c Step> {
        name.and_then(|name| self.steps.get(name.as_str()).copied())
    }

    pub(super) fn rule(&self, shape: &'c ShapeFile, expression: &'c Expression) -> Rule<'c> {
        let words = expression.words.as_ref();
        Rule {
            shape: self.shape(expression.shape.as_ref()),
            step: self.step(expression.step.as_ref()),
            wrap: expression.wrap,
            words: words.and_then(|name| shape.word_list(&name.value)),
        }
    }

    /// A layout: the picture of the V1 body.
    pub(super) fn layout(
        &mut self,
        walk: &mut Walk<'c>,
        layout: &'c Layout,
        (v1, v2): Pair<'c>,
        at: &At,
    ) {
        match &layout.form {
            Form::Value(value) => {
                let v2 = match &value.lookup {
                    Some(name) => walk.lookups.get(name.value.as_str()).copied(),
                    None => v2,
                };
                let v2 = value
                    .path
                    .iter()
                    .fold(v2, |at, name| at.and_then(|typed| typed.member(name)));
                let at = &At {
                    v1: at.v1.clone(),
                    v2: value.path.join("."),
                };
                let rule = Rule {
                    shape: self.shape(value.shape.as_ref()),
                    step: self.step(value.step.as_ref()),
                    ..Rule::default()
                };
                self.value(walk, (v1, v2), rule, at);
            }
            Form::Array(inner) => {
                let v1 = v1.map(|typed| typed.items().unwrap_or(typed));
                let mut at = at.clone();
                at.v1.push_str("[]");
                self.layout(walk, inner, (v1, v2), &at);
            }
            Form::Object(drawn) => {
                let members = v1.map(Typed::members);
                for (name, _) in members.iter().flat_map(|members| &members.named) {
                    let is_drawn = drawn
                        .iter()
                        .any(|(key, _)| matches!(&key.form, KeyForm::Word(word) if word == name));
                    let verdict = if is_drawn {
                        Verdict::Exact
                    } else {
                        Verdict::Forgotten("the layout does not draw it".to_owned())
                    };
                    let at = at.member(name, "");
                    self.member_fact(walk, None, &at.v1, None, name, verdict);
                }
                for (key, inner) in drawn {
                    let (name, v1) = match (&key.form, v1) {
                        (KeyForm::Word(word), Some(typed)) => (word.as_str(), typed.member(word)),
                        (KeyForm::Word(word), None) => (word.as_str(), None),
                        (_, Some(typed)) => ("*", typed.members().each),
                        (_, None) => ("*", None),
                    };
                    self.layout(walk, inner, (v1, v2), &at.member(name, ""));
                }
            }
            Form::Literal(literal) => {
                if let (Some(v1), Ok(value)) = (v1, serde_json::from_str(literal)) {
                    let missing = Verdict::Forgotten("the layout does not draw it".to_owned());
                    self.held(v1, &value, &at.v1, &missing, 0);
                }
            }
        }
    }

    /// One value of both sides.
    pub(super) fn value(&mut self, walk: &mut Walk<'c>, pair: Pair<'c>, rule: Rule<'c>, at: &At) {
        if let Some(step) = rule.step {
            self.by_step(walk, step, pair, rule, at);
            return;
        }
        let (mut v1, mut v2) = pair;
        let mut at = at.clone();
        match rule.wrap {
            Wrap::None => {}
            Wrap::Wrap => {
                if let Some(items) = v1.filter(|v1| v1.is_array()).and_then(Typed::items) {
                    v1 = Some(items);
                    at.v1.push_str("[]");
                }
            }
            Wrap::Unwrap => {
                v2 = v2.map(|v2| v2.items().unwrap_or(v2));
                at.v2.push_str("[]");
            }
        }
        loop {
            let is_array = |side: Option<Typed<'c>>| side.is_some_and(Typed::is_array);
            match (is_array(v1), is_array(v2)) {
                (false, false) => break,
                (true, false) if v2.is_some_and(Typed::is_scalar) => break,
                (false, true) if v1.is_some_and(Typed::is_scalar) => break,
                _ => {
                    v1 = v1.and_then(Typed::items);
                    v2 = v2.and_then(Typed::items);
                    at.v1.push_str("[]");
                    at.v2.push_str("[]");
                }
            }
        }
        self.words(walk, (v1, v2), rule.words, &at);
        if v1.is_none_or(Typed::is_scalar) && v2.is_none_or(Typed::is_scalar) {
            return;
        }
        let name = |side: Option<Typed<'c>>| side.and_then(Typed::name).map(str::to_owned);
        let key = [
            rule.shape.map(|shape| shape.name.clone()),
            name(v1),
            name(v2),
        ];
        let again = key[1..].iter().any(Option::is_some) && walk.stack.contains(&key);
        if again || walk.stack.len() > MAX_DEPTH {
            return;
        }
        walk.stack.push(key);
        self.object(walk, (v1, v2), rule.shape, &at);
        walk.stack.pop();
    }

    fn object(
        &mut self,
        walk: &mut Walk<'c>,
        (v1, v2): Pair<'c>,
        shape: Option<&'c ShapeFile>,
        at: &At,
    ) {
        let m1 = v1.map(Typed::members);
        let m2 = v2.map(Typed::members);
        if let Some(shape) = shape {
            self.note_names(shape, m1.as_ref(), m2.as_ref());
        }
        let Some(m1) = m1 else {
            self.v2_alone(walk, shape, m2.as_ref(), at);
            return;
        };
        for (name, typed) in &m1.named {
            let (verdict, below) = match walk.direction {
                Direction::V2ToV1 => self.answered_by(shape, m2.as_ref(), name),
                Direction::V1ToV2 => self.sent_as(shape, m2.as_ref(), name),
            };
            let source = shape.and_then(|shape| field(shape, name));
            let at = at.member(name, source.map_or(name, Expression::v2));
            let v2 = below.is_some().then(|| at.v2.clone());
            self.member_fact(walk, shape, &at.v1, v2, name, verdict.clone());
            match below {
                Some((other, rule)) => self.value(walk, (Some(*typed), Some(other)), rule, &at),
                // What is not reached is not there member by member either.
                None => self.fields(*typed, &at.v1, &verdict, &mut Vec::new()),
            }
        }
        if let (Some(each), Some(shape)) = (m1.each, shape)
            && let Some(expression) = &shape.each
        {
            let other = m2.as_ref().and_then(|m2| m2.each);
            let rule = self.rule(shape, expression);
            self.value(walk, (Some(each), other), rule, &at.member("*", "*"));
        }
        if let Some(m2) = m2 {
            match walk.direction {
                Direction::V2ToV1 => self.leaks(walk, shape, &m1, &m2, at),
                Direction::V1ToV2 => self.requires(walk, shape, &m1, &m2, at),
            }
        }
    }

    /// Only V2 names can be checked.
    fn v2_alone(
        &mut self,
        walk: &mut Walk<'c>,
        shape: Option<&'c ShapeFile>,
        m2: Option<&Members<'c>>,
        at: &At,
    ) {
        let (Some(shape), Some(m2)) = (shape, m2) else {
            return;
        };
        for (name, expression) in &shape.fields {
            if let Some(typed) = m2.get(expression.v2()) {
                let rule = self.rule(shape, expression);
                let at = at.member(&name.value, expression.v2());
                self.value(walk, (None, Some(typed)), rule, &at);
            }
        }
    }

    /// Enumerated values of both sides.
    fn words(&mut self, walk: &Walk<'c>, (v1, v2): Pair<'c>, list: Option<&'c WordList>, at: &At) {
        let (Some(v1), Some(v2)) = (v1, v2) else {
            return;
        };
        let (w1, w2) = (v1.words(), v2.words());
        let pairs = list.map_or(&[][..], |list| &list.words);
        for word in &w1 {
            let pair = pairs.iter().find(|(v1, _)| **word == *v1.value);
            let there = pair.map(|(_, v2)| Value::from(v2.as_str()));
            let there = there.as_ref().unwrap_or(word);
            let verdict = if w2.is_empty() || w2.contains(&there) {
                Verdict::Exact
            } else {
                Verdict::Unsupported(match walk.direction {
                    Direction::V2ToV1 => "V2 never answers it".to_owned(),
                    Direction::V1ToV2 => "it is sent on, and V2 does not list it".to_owned(),
                })
            };
            let other = (verdict == Verdict::Exact).then(|| text(there));
            self.mapped_fact(
                Kind::Word,
                format!("{}={}", at.v1, text(word)),
                other,
                verdict,
            );
        }
        for (v1_word, v2_word) in pairs {
            for (word, known, generation) in [(v1_word, &w1, "V1"), (v2_word, &w2, "V2")] {
                if !known.is_empty() && known.iter().all(|k| **k != *word.value) {
                    let message = format!("{generation} does not list `{}` here", word.value);
                    let diagnostic = word.diagnostic(NO_WORD, message);
                    self.tell_once(&word.value, diagnostic);
                }
            }
        }
    }

    /// A fact about a V1 member; a forgotten one is a mistake of the mapping.
    fn member_fact(
        &mut self,
        walk: &Walk<'c>,
        shape: Option<&'c ShapeFile>,
        at: &str,
        v2: Option<String>,
        name: &str,
        verdict: Verdict,
    ) {
        if let Verdict::Forgotten(reason) = &verdict {
            let message = format!("`{name}` of V1 is forgotten: {reason}");
            let mut diagnostic = place(walk, shape).diagnostic(FIELD_FORGOTTEN, message);
            diagnostic.label = Some(format!("at `{at}`"));
            diagnostic.help = Some(match walk.direction {
                Direction::V2ToV1 => {
                    "say where it comes from, or name it in `[only_v1]` with the reason".into()
                }
                Direction::V1ToV2 => {
                    "say what it becomes, or name it in `[only_v1]` with the reason".into()
                }
            });
            self.tell_once(name, diagnostic);
        }
        self.mapped_fact(Kind::Field, at, v2, verdict);
    }
}

pub(super) fn place(walk: &Walk<'_>, shape: Option<&ShapeFile>) -> crate::mapping::place::Place {
    shape.map_or_else(|| walk.place.place.clone(), |shape| shape.place.clone())
}

pub(super) fn place_of_member(at: &str, name: &str) -> String {
    format!("at `{}`", join(at, name))
}

pub(super) fn unseen(reason: &str) -> Verdict {
    Verdict::Unseen(reason.to_owned())
}

/// Where the V1 member of a shape comes from, if it is listed.
pub(super) fn field<'s>(shape: &'s ShapeFile, name: &str) -> Option<&'s Expression> {
    let found = shape.fields.iter().find(|(v1, _)| v1.value == name);
    found.map(|(_, expression)| expression)
}

/// The reason a list gives for a name.
pub(super) fn listed(list: &[(Text, Text)], name: &str) -> Option<String> {
    let found = list.iter().find(|(listed, _)| listed.value == name);
    found.map(|(_, reason)| reason.value.clone())
}

/// `200 [].name`, `200 a.b`.
pub(super) fn join(at: &str, name: &str) -> String {
    if at.ends_with(' ') {
        format!("{at}{name}")
    } else {
        format!("{at}.{name}")
    }
}
