//! The rewriter of one body, by the strategy of its plan.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::plan::body::{BodyPlan, Strategy};
use crate::step::StepContext;

use super::drawing::missing;
use super::error::{Fault, Limits, RewriteError};
use super::machine::{Machine, Source};
use super::program::Program;
use super::value::Whole;

/// Rewrites one body. Feed it with [`push`](Self::push), then call [`finish`](Self::finish)
/// once; after an error neither may be called again.
#[derive(Debug)]
pub struct BodyRewriter {
    plan: Arc<BodyPlan>,
    context: Arc<StepContext>,
    limits: Limits,
    /// `None` where the body is not read.
    machine: Option<Box<Machine>>,
    /// What stands in front of the body was written.
    started: bool,
}

impl BodyRewriter {
    /// A rewriter for one body.
    pub fn new(plan: Arc<BodyPlan>, context: Arc<StepContext>, limits: Limits) -> Self {
        let machine = match plan.strategy {
            Strategy::Pass | Strategy::Fixed(_) => None,
            Strategy::Stream(_) | Strategy::Hold(_) => {
                let program = plan.program();
                let touched = vec![false; program.touchable.len()];
                let source = source(&plan, &context, limits);
                let mut machine = Machine::new(source, program.root, touched);
                if program.drawing.is_some() {
                    machine.walk.hold_document();
                }
                Some(Box::new(machine))
            }
        };
        Self {
            plan,
            context,
            limits,
            machine,
            started: false,
        }
    }

    /// Takes the next bytes of the input, appends what can leave already to `out`.
    pub fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), RewriteError> {
        let Some(machine) = &mut self.machine else {
            if let Strategy::Pass = self.plan.strategy {
                out.extend_from_slice(input);
            }
            return Ok(());
        };
        let source = source(&self.plan, &self.context, self.limits);
        start(&mut self.started, source.program, out);
        machine.push(source, input, out).map_err(|fault| *fault)
    }

    /// Ends the input, appends the rest to `out`.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), RewriteError> {
        let Some(machine) = &mut self.machine else {
            if let Strategy::Fixed(text) = &self.plan.strategy {
                out.extend_from_slice(text.as_bytes());
            }
            return Ok(());
        };
        let source = source(&self.plan, &self.context, self.limits);
        start(&mut self.started, source.program, out);
        finish(machine, source, out).map_err(|fault| *fault)
    }

    /// Bytes of the body that are in memory now, because they came last or because the plan
    /// holds them.
    pub fn held_bytes(&self) -> usize {
        self.machine.as_ref().map_or(0, |m| m.held_bytes())
    }

    /// Names of members, as they came, that a rule renamed, dropped or replaced: dotted
    /// shape position (`Shape.member`), each once, sorted. Names only, never values. What
    /// steps noted is among them.
    pub fn touched(&self) -> Vec<String> {
        let mut touched = self.context.touched.names();
        if let Some(machine) = &self.machine {
            let names = self.plan.program().touchable.iter();
            let names = names
                .zip(&machine.walk.touched)
                .filter(|(name, touched)| **touched && !name.is_empty())
                .map(|(name, _)| name.to_string());
            touched.extend(names);
        }
        touched.sort();
        touched.dedup();
        touched
    }
}

fn source<'a>(plan: &'a BodyPlan, context: &'a StepContext, limits: Limits) -> Source<'a> {
    Source {
        program: plan.program(),
        context,
        limits,
    }
}

/// Writes what stands in front of the body, once, unless a selected value must be met first.
fn start(started: &mut bool, program: &Program, out: &mut Vec<u8>) {
    if !std::mem::replace(started, true) && program.select.is_empty() {
        out.extend_from_slice(program.before.as_bytes());
    }
}

fn finish(machine: &mut Machine, source: Source<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    machine.finish(source, out)?;
    let program = source.program;
    if let Some(drawing) = &program.drawing {
        let mut touched = std::mem::take(&mut machine.walk.touched);
        let text = machine.document();
        let limit = source.limits.max_held_bytes;
        if text.len() > limit {
            return Err(RewriteError::HeldTooMuch { limit }.into());
        }
        let whole = Whole {
            depth: 0,
            offset: 0,
        };
        let document: &RawValue = serde_json::from_slice(text)
            .map_err(|_| RewriteError::not_json("a string that is not Unicode", 0))?;
        let drawn = drawing.draw(
            document,
            source.context,
            &mut |value, text, out| {
                whole.rewrite(source, &mut touched, value, text.as_bytes(), out)
            },
            out,
        );
        machine.walk.touched = touched;
        return drawn;
    }
    if !program.select.is_empty() && !machine.walk.found {
        let text = program.otherwise.as_ref();
        let text = text.ok_or_else(|| missing(&program.select))?;
        out.extend_from_slice(program.before.as_bytes());
        out.extend_from_slice(text.as_bytes());
    }
    out.extend_from_slice(program.after.as_bytes());
    Ok(())
}
