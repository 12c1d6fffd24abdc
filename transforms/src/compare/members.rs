//! One member of an object: where it comes from, what it becomes, and what nobody spoke of.

use crate::compare::schemas::{Members, Typed};
use crate::compare::values::{At, Rule, Walk, field, listed, place, place_of_member, unseen};
use crate::compare::{Comparer, Verdict};
use crate::diagnostic::code::{V2_ONLY_FIELD, V2_REQUIRES};
use crate::mapping::shape::ShapeFile;

/// What becomes of a V1 member, and what is walked below it.
pub(super) type Met<'c> = (Verdict, Option<(Typed<'c>, Rule<'c>)>);

impl<'c> Comparer<'c> {
    /// Where a V1 member of an answer comes from.
    pub(super) fn answered_by(
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
    pub(super) fn sent_as(
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
    pub(super) fn leaks(
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
    pub(super) fn requires(
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
}
