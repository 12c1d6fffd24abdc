//! One layout line on its own: for a saved body, which has no call around it.

use std::sync::Arc;

use crate::compile::explain::Used;
use crate::compile::names::Names;
use crate::compile::{Direction, body};
use crate::diagnostic::Diagnostic;
use crate::mapping::MappingSet;
use crate::mapping::layout::Layout;
use crate::mapping::place::{Place, SourceFile, Text};
use crate::plan::body::BodyPlan;
use crate::plan::explain::{Shape, Step};
use crate::step::Step as NamedStep;

/// How a body of some layout is rewritten, and what a person wants to know about it.
#[derive(Debug)]
pub struct LayoutPlan {
    /// The plan, in the direction asked for.
    pub plan: Arc<BodyPlan>,
    /// The shapes that it uses.
    pub shapes: Vec<Shape>,
    /// The named steps that it uses.
    pub steps: Vec<Step>,
}

impl LayoutPlan {
    /// Compiles a layout line against the shapes of a set, such as `[ $ as Fruit ]`.
    ///
    /// # Errors
    /// What is wrong with the line, or why it does not work in this direction; the place is
    /// one of a file called `layout`.
    pub fn compile(
        set: &MappingSet,
        steps: &[NamedStep],
        layout: &str,
        direction: Direction,
    ) -> Result<Self, Vec<Diagnostic>> {
        let text = Text {
            value: layout.to_owned(),
            place: Place {
                file: Arc::new(SourceFile {
                    path: "layout".into(),
                    text: layout.into(),
                }),
                range: 0..layout.len(),
            },
        };
        let layout = Layout::parse(&text).map_err(|error| vec![*error])?;
        let names = Names::new(set, steps, &[]);
        let mut errors = Vec::new();
        let plan = match direction {
            Direction::V1ToV2 => body::request(&layout, &names, &mut errors),
            Direction::V2ToV1 => body::answer(&layout, &names, &mut errors),
        };
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut used = Used::new(&names);
        used.add_layout(&layout);
        Ok(Self {
            plan: Arc::new(plan),
            shapes: used.shapes,
            steps: used.steps,
        })
    }
}
