//! One saved body from V1 to V2 or back, and what was lost on the way.
//!
//! ```text
//! shape, or operation and status ─▶ layout line ─compile─▶ plan ─▶ body
//!                                                  └─ walked over the input ─▶ dropped members
//!                                  way back ─▶ the body again ─compared─▶ what does not come back
//! ```
//!
//! A plan is the one that the proxy runs. What its rules drop is read off the plan; what a named
//! step loses nobody can read off, so the result is converted back where that is possible, and
//! every difference is told.

mod back;
mod dropped;
mod loss;
mod subject;

use std::sync::Arc;

use windlass_transforms::MappingSet;
use windlass_transforms::compile::{Direction, LayoutPlan};
use windlass_transforms::diagnostic::Diagnostic;
use windlass_transforms::plan::body::BodyPlan;
use windlass_transforms::rewrite::{BodyRewriter, Limits, RewriteError};
use windlass_transforms::step::StepContext;

pub use loss::{Kind, Loss};
pub use subject::{Body, Subject, SubjectError};

/// A converted body.
#[derive(Debug)]
pub struct Conversion {
    /// The result, as the proxy would write it.
    pub body: Vec<u8>,
    /// What the input has and the result has not, sorted by place.
    pub losses: Vec<Loss>,
    /// The result, converted back.
    pub again: Option<Vec<u8>>,
    /// Why the result was not converted back; `None` when it was, so that `losses` is all.
    pub not_checked: Option<String>,
}

/// Why a body cannot be converted.
#[derive(Debug)]
pub enum ConvertError {
    /// The mapping does not work in this direction.
    OneWay(Vec<Diagnostic>),
    /// The body is not what the mapping is for.
    Body(RewriteError),
}

impl std::fmt::Display for ConvertError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OneWay(diagnostics) => {
                f.write_str("the mapping does not work in this direction: ")?;
                let reasons: Vec<&str> = diagnostics.iter().map(|d| d.message.as_str()).collect();
                f.write_str(&reasons.join("; "))
            }
            Self::Body(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ConvertError {}

/// A layout that works in one direction, compiled: converts any number of bodies.
#[derive(Debug)]
pub struct Converter {
    there: LayoutPlan,
    /// The way back, or why there is none.
    back: Result<LayoutPlan, String>,
    direction: Direction,
}

impl Converter {
    /// Compiles a layout.
    ///
    /// # Errors
    /// When it does not work in this direction.
    pub fn new(set: &MappingSet, layout: &str, direction: Direction) -> Result<Self, ConvertError> {
        let steps = windlass_mappings::steps::STEPS;
        let compile = |direction| LayoutPlan::compile(set, steps, layout, direction);
        Ok(Self {
            there: compile(direction).map_err(ConvertError::OneWay)?,
            back: compile(direction.opposite()).map_err(|diagnostics| reasons(&diagnostics)),
            direction,
        })
    }

    /// Converts `input`, a body of this layout. `context` is what steps may see of the request.
    ///
    /// # Errors
    /// When the body is not of its form.
    pub fn convert(&self, context: &StepContext, input: &[u8]) -> Result<Conversion, ConvertError> {
        // Notes of steps belong to one conversion.
        let context = StepContext {
            touched: windlass_transforms::step::Touched::default(),
            ..context.clone()
        };
        let body = rewrite(&self.there.plan, &context, input).map_err(ConvertError::Body)?;
        let dropped = dropped::members(&self.there, self.direction, input);
        let back = match &self.back {
            Ok(back) => back::go(&back.plan, &context, input, &body),
            Err(reason) => Err(reason.clone()),
        };
        let (differences, again, not_checked) = match back {
            Ok(back) => (back.differences, Some(back.again), None),
            Err(reason) => (Vec::new(), None, Some(reason)),
        };
        Ok(Conversion {
            body,
            losses: loss::gather(&self.there, dropped, differences),
            again,
            not_checked,
        })
    }
}

/// Converts one body: [`Converter::convert`].
///
/// # Errors
/// When the layout does not work in this direction, or the body is not of its form.
pub fn convert(
    set: &MappingSet,
    layout: &str,
    direction: Direction,
    context: &StepContext,
    input: &[u8],
) -> Result<Conversion, ConvertError> {
    Converter::new(set, layout, direction)?.convert(context, input)
}

fn reasons(diagnostics: &[Diagnostic]) -> String {
    let reasons: Vec<&str> = diagnostics.iter().map(|d| d.message.as_str()).collect();
    reasons.join("; ")
}

/// Runs a plan over a body that is in memory anyway, so nothing but memory bounds it.
fn rewrite(
    plan: &Arc<BodyPlan>,
    context: &StepContext,
    input: &[u8],
) -> Result<Vec<u8>, RewriteError> {
    let limits = Limits {
        max_held_bytes: usize::MAX,
        ..Limits::default()
    };
    let mut rewriter = BodyRewriter::new(Arc::clone(plan), Arc::new(context.clone()), limits);
    let mut out = Vec::new();
    rewriter.push(input, &mut out)?;
    rewriter.finish(&mut out)?;
    Ok(out)
}
