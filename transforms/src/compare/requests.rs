//! Request bodies: what V1 clients send, and what V2 wants.

use std::collections::BTreeMap;

use crate::compare::endpoints::{Documented, call_place, primary};
use crate::compare::schemas::Typed;
use crate::compare::values::{At, Rule, Walk};
use crate::compare::{Comparer, Kind, Verdict};
use crate::compile::Direction;
use crate::mapping::operation::CallFile;
use crate::mapping::request::RequestFile;
use crate::step::StepContext;

impl<'c> Comparer<'c> {
    /// The request body of a call.
    pub(super) fn request(
        &mut self,
        call: &'c CallFile,
        v1: Option<Documented<'c>>,
        v2: &[Documented<'c>],
    ) {
        fn typed((source, operation): Documented<'_>) -> Option<Typed<'_>> {
            let schema = operation.request.as_ref()?.content.as_json()?;
            Some(Typed::new(&source.document, schema))
        }
        let v1_typed = v1.and_then(typed);
        let v2_typed = primary(v2).and_then(typed);
        let Some(v1_typed) = v1_typed else {
            return;
        };
        if let Some(RequestFile::Body(..)) = &call.request {
            let reason = "V2 gets a body of the mapping's own, whatever V1 sends".to_owned();
            self.fields(
                v1_typed,
                "request ",
                &Verdict::Loss(reason),
                &mut Vec::new(),
            );
            return;
        }
        if v2_typed.is_none() && call.request.is_none() {
            self.query_instead(call, v1_typed);
            return;
        }
        let layout = call.request.as_ref().and_then(RequestFile::layout);
        let mut walk = Walk {
            direction: Direction::V1ToV2,
            place: layout
                .map_or_else(|| call_place(call), |layout| &layout.text)
                .clone(),
            stack: Vec::new(),
            context: StepContext::default(),
            lookups: BTreeMap::new(),
        };
        let pair = (Some(v1_typed), v2_typed);
        let at = At::root("request");
        match layout {
            Some(layout) => self.layout(&mut walk, layout, pair, &at),
            None => self.value(&mut walk, pair, Rule::default(), &at),
        }
    }

    /// A body that stands for a query.
    fn query_instead(&mut self, call: &CallFile, v1: Typed<'c>) {
        for (name, _) in v1.members().named {
            let listed = call.body_query.iter().find(|(v1, _)| v1.value == name);
            let verdict = match listed {
                Some(_) => Verdict::Exact,
                None => Verdict::Unsupported("V2 takes no body here".to_owned()),
            };
            let v2 = listed.map(|(_, v2)| format!("query {}", v2.value));
            self.mapped_fact(Kind::Field, format!("request {name}"), v2, verdict);
        }
    }
}
