//! What steps make, and literals: documents say nothing of it, so a body is looked at.

use std::sync::Arc;

use serde_json::Value;

use crate::compare::sample::sample;
use crate::compare::schemas::Typed;
use crate::compare::values::{At, MAX_DEPTH, Pair, Rule, Walk, join, unseen};
use crate::compare::{Comparer, Kind, Verdict};
use crate::compile::{Direction, LayoutPlan};
use crate::rewrite::{BodyRewriter, Limits};
use crate::step::Step;

impl<'c> Comparer<'c> {
    /// A value that a step makes: documents say nothing of it, so the step is run.
    pub(super) fn by_step(
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
}
