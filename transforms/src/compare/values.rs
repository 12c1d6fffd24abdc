//! A V1 schema and a V2 schema, walked together by the rules of a mapping.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::compare::parameters::text;
use crate::compare::sample::sample;
use crate::compare::schemas::{Members, Typed};
use crate::compare::{Comparer, Kind, Verdict};
use crate::compile::{Direction, LayoutPlan};
use crate::diagnostic::code::{FIELD_FORGOTTEN, NO_WORD, V2_ONLY_FIELD, V2_REQUIRES};
use crate::mapping::cursor::Named;
use crate::mapping::expression::Expression;
use crate::mapping::layout::{Form, KeyForm, Layout};
use crate::mapping::place::Text;
use crate::mapping::shape::{ShapeFile, WordList};
use crate::plan::body::Wrap;
use crate::rewrite::{BodyRewriter, Limits};
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
const MAX_DEPTH: usize = 24;

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

/// What becomes of a V1 member, and what is walked below it.
type Met<'c> = (Verdict, Option<(Typed<'c>, Rule<'c>)>);

impl<'c> Comparer<'c> {
    pub(super) fn shape(&self, name: Option<&Named>) -> Option<&'c ShapeFile> {
        let set = self.set;
        name.and_then(|name| set.shapes.get(name.as_str()))
    }

    pub(super) fn step(&self, name: Option<&Named>) -> Option<&'c Step> {
        name.and_then(|name| self.steps.get(name.as_str()).copied())
    }

    fn rule(&self, shape: &'c ShapeFile, expression: &'c Expression) -> Rule<'c> {
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

    /// Where a V1 member of an answer comes from.
    fn answered_by(
        &self,
        shape: Option<&'c ShapeFile>,
        m2: Option<&Members<'c>>,
        name: &str,
    ) -> Met<'c> {
        let field = shape.and_then(|shape| Some((shape, field(shape, name)?)));
        let source = field.map_or(name, |(_, expression)| expression.v2());
        let renamed_away = field.is_none()
            && shape.is_some_and(|shape| {
                listed(&shape.only_v2, name).is_some()
                    || shape.fields.iter().any(|(_, e)| e.v2() == name)
            });
        let Some(m2) = m2 else {
            return (unseen("no V2 document says what is in it"), None);
        };
        if !renamed_away && let Some(typed) = m2.get(source) {
            let rule = match (field, shape) {
                (Some((shape, expression)), _) => self.rule(shape, expression),
                (None, Some(shape)) => shape
                    .each
                    .as_ref()
                    .map_or_else(Rule::default, |each| self.rule(shape, each)),
                (None, None) => Rule::default(),
            };
            return (Verdict::Exact, Some((typed, rule)));
        }
        let step = field.and_then(|(_, expression)| expression.step.as_ref());
        if let Some(reason) = shape.and_then(|shape| listed(&shape.only_v1, name)) {
            return (Verdict::Unsupported(reason), None);
        }
        let default = shape.and_then(|shape| {
            let mut defaults = shape.v1_default.iter();
            defaults.find(|(v1, _)| v1.value == name)
        });
        if let Some((_, value)) = default {
            return (
                Verdict::Loss(format!("always {value}: V2 does not say")),
                None,
            );
        }
        if m2.open && !renamed_away {
            return (unseen("V2 leaves the object open"), None);
        }
        if let Some(step) = step {
            return (unseen(&format!("by step `{}`", step.value)), None);
        }
        if let Some(service) = &self.stands_in_for {
            let reason =
                format!("the main service answers for `{service}`, and has no such member");
            return (Verdict::Unsupported(reason), None);
        }
        let reason = match field {
            Some(_) => format!("V2 has no `{source}` here"),
            None => "nothing in V2 becomes it".to_owned(),
        };
        (Verdict::Forgotten(reason), None)
    }

    /// What a V1 member of a request becomes.
    fn sent_as(
        &self,
        shape: Option<&'c ShapeFile>,
        m2: Option<&Members<'c>>,
        name: &str,
    ) -> Met<'c> {
        if let Some(reason) = shape.and_then(|shape| listed(&shape.only_v1, name)) {
            return (Verdict::Loss(reason), None);
        }
        let Some(m2) = m2 else {
            return (unseen("no V2 document says what is in it"), None);
        };
        let field = shape.and_then(|shape| Some((shape, field(shape, name)?)));
        if let Some((shape, expression)) = field {
            let rule = self.rule(shape, expression);
            return match m2.get(expression.v2()) {
                Some(typed) => (Verdict::Exact, Some((typed, rule))),
                None if m2.open => (unseen("V2 leaves the object open"), None),
                None => {
                    let reason = format!("V2 has no `{}` here", expression.v2());
                    (Verdict::Forgotten(reason), None)
                }
            };
        }
        match m2.get(name) {
            Some(typed) => (Verdict::Exact, Some((typed, Rule::default()))),
            None if m2.open => (unseen("V2 leaves the object open"), None),
            None => (Verdict::Forgotten("V2 does not know it".to_owned()), None),
        }
    }

    /// V2 members that V1 clients would meet without anybody having said so.
    fn leaks(
        &mut self,
        walk: &Walk<'c>,
        shape: Option<&'c ShapeFile>,
        m1: &Members<'c>,
        m2: &Members<'c>,
        at: &At,
    ) {
        if m1.open || self.stands_in_for.is_some() {
            return;
        }
        for (name, _) in &m2.named {
            let said = m1.get(name).is_some()
                || shape.is_some_and(|shape| {
                    listed(&shape.only_v2, name).is_some()
                        || listed(&shape.kept_v2, name).is_some()
                        || shape
                            .fields
                            .iter()
                            .any(|(v1, e)| v1.value == *name || e.v2() == *name)
                });
            if !said {
                let message = format!("V1 clients get `{name}`, which only V2 has");
                let mut diagnostic = place(walk, shape).diagnostic(V2_ONLY_FIELD, message);
                diagnostic.label = Some(place_of_member(&at.v1, name));
                diagnostic.help = Some(format!(
                    "name it in `[only_v2]` or `[kept_v2]`{}, with the reason",
                    if shape.is_some() { "" } else { " of a shape" }
                ));
                self.tell_once(name, diagnostic);
            }
        }
    }

    /// V2 members that a request must have.
    fn requires(
        &mut self,
        walk: &Walk<'c>,
        shape: Option<&'c ShapeFile>,
        m1: &Members<'c>,
        m2: &Members<'c>,
        at: &At,
    ) {
        for name in &m2.required {
            let given = shape.is_some_and(|shape| {
                shape.fields.iter().any(|(_, e)| e.v2() == *name)
                    || shape.v2_default.iter().any(|(v2, _)| v2.value == *name)
            });
            if !given && m1.get(name).is_none() && !m1.open {
                let message = format!("V2 requires `{name}`, and nothing of V1 becomes it");
                let mut diagnostic = place(walk, shape).diagnostic(V2_REQUIRES, message);
                diagnostic.label = Some(place_of_member(&at.v1, name));
                diagnostic.help = Some("give it a value in `[v2_default]`, or by a step".into());
                self.tell_once(name, diagnostic);
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

    /// A value that a step makes: documents say nothing of it, so the step is run.
    fn by_step(
        &mut self,
        walk: &Walk<'c>,
        step: &'c Step,
        (v1, v2): Pair<'c>,
        rule: Rule<'c>,
        at: &At,
    ) {
        let Some(v1) = v1 else { return };
        let unseen = unseen(&format!("by step `{}`", step.name));
        let made = match (walk.direction, v2) {
            (Direction::V2ToV1, Some(v2)) => self.run(walk, step, rule, v2),
            _ => None,
        };
        match made {
            Some(made) => self.held(v1, &made, &at.v1, &unseen, 0),
            None => self.fields(v1, &at.v1, &unseen, &mut Vec::new()),
        }
    }

    /// The V1 value that a step and its shape make of a sample.
    fn run(&self, walk: &Walk<'c>, step: &Step, rule: Rule<'c>, v2: Typed<'c>) -> Option<Value> {
        let shape = rule.shape.map(|shape| format!(" as {}", shape.name));
        let layout = format!("${} via {}", shape.unwrap_or_default(), step.name);
        let steps: Vec<Step> = self.steps.values().map(|step| **step).collect();
        let plan = LayoutPlan::compile(self.set, &steps, &layout, Direction::V2ToV1).ok()?;
        let context = Arc::new(walk.context.clone());
        let mut rewriter = BodyRewriter::new(plan.plan, context, Limits::default());
        let mut out = Vec::new();
        let sample = sample(v2).to_string();
        rewriter.push(sample.as_bytes(), &mut out).ok()?;
        rewriter.finish(&mut out).ok()?;
        serde_json::from_slice(&out).ok()
    }

    /// Which members of a schema a body has; `missing` is said of the others.
    pub(super) fn held(
        &mut self,
        v1: Typed<'c>,
        body: &Value,
        at: &str,
        missing: &Verdict,
        depth: usize,
    ) {
        if depth > MAX_DEPTH || v1.is_scalar() {
            return;
        }
        if v1.is_array() {
            let Some(items) = v1.items() else { return };
            let at = format!("{at}[]");
            match body.get(0) {
                Some(first) => self.held(items, first, &at, missing, depth + 1),
                None => self.fields(items, &at, missing, &mut Vec::new()),
            }
            return;
        }
        for (name, typed) in v1.members().named {
            let at = join(at, name);
            if let Some(value) = body.get(name) {
                self.fact(Kind::Field, at.clone(), Verdict::Exact);
                self.held(typed, value, &at, missing, depth + 1);
            } else {
                self.fact(Kind::Field, at.clone(), missing.clone());
                self.fields(typed, &at, missing, &mut Vec::new());
            }
        }
    }

    /// Every member below a schema, with one verdict.
    pub(super) fn fields(
        &mut self,
        v1: Typed<'c>,
        at: &str,
        verdict: &Verdict,
        stack: &mut Vec<&'c str>,
    ) {
        let mut v1 = v1;
        let mut at = at.to_owned();
        while let Some(items) = v1.items().filter(|_| v1.is_array()) {
            v1 = items;
            at.push_str("[]");
        }
        if v1.is_scalar() || stack.len() > MAX_DEPTH {
            return;
        }
        let name = v1.name().unwrap_or_default();
        if !name.is_empty() && stack.contains(&name) {
            return;
        }
        stack.push(name);
        for (name, typed) in v1.members().named {
            let at = join(&at, name);
            self.fact(Kind::Field, at.clone(), verdict.clone());
            self.fields(typed, &at, verdict, stack);
        }
        stack.pop();
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

fn place(walk: &Walk<'_>, shape: Option<&ShapeFile>) -> crate::mapping::place::Place {
    shape.map_or_else(|| walk.place.place.clone(), |shape| shape.place.clone())
}

fn place_of_member(at: &str, name: &str) -> String {
    format!("at `{}`", join(at, name))
}

fn unseen(reason: &str) -> Verdict {
    Verdict::Unseen(reason.to_owned())
}

/// Where the V1 member of a shape comes from, if it is listed.
fn field<'s>(shape: &'s ShapeFile, name: &str) -> Option<&'s Expression> {
    let found = shape.fields.iter().find(|(v1, _)| v1.value == name);
    found.map(|(_, expression)| expression)
}

/// The reason a list gives for a name.
fn listed(list: &[(Text, Text)], name: &str) -> Option<String> {
    let found = list.iter().find(|(listed, _)| listed.value == name);
    found.map(|(_, reason)| reason.value.clone())
}

/// `200 [].name`, `200 a.b`.
fn join(at: &str, name: &str) -> String {
    if at.ends_with(' ') {
        format!("{at}{name}")
    } else {
        format!("{at}.{name}")
    }
}
