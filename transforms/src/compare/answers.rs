//! Answers: statuses and bodies.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::compare::endpoints::{Documented, call_place, primary};
use crate::compare::schemas::Typed;
use crate::compare::values::{At, Rule, Walk};
use crate::compare::{Comparer, Kind, Verdict};
use crate::compile::Direction;
use crate::diagnostic::code::{STATUS_FORGOTTEN, STATUS_UNKNOWN};
use crate::document::{Operation, Response, Status};
use crate::mapping::operation::{CallFile, Target};
use crate::mapping::place::Text;
use crate::mapping::response::ResponseFile;
use crate::plan::response::StatusPattern;
use crate::step::StepContext;

/// What a mapping says for a V2 status.
fn declared(responses: &[ResponseFile], status: u16) -> Option<&ResponseFile> {
    let by = |wanted: StatusPattern| responses.iter().find(|r| r.v2 == wanted);
    by(StatusPattern::Exact(status)).or_else(|| by(StatusPattern::Class(status / 100)))
}

/// Declared answers of success, by status.
fn successes(operation: &Operation) -> impl Iterator<Item = (u16, &Response)> {
    operation
        .responses
        .iter()
        .filter_map(|response| match response.status {
            Status::Exact(status) if response.status.is_success() => Some((status, response)),
            _ => None,
        })
}

/// The body of a look-up's answer.
fn answer_of<'c>(documented: &[Documented<'c>]) -> Option<Typed<'c>> {
    let (source, operation) = primary(documented)?;
    let (_, response) = successes(operation).next()?;
    Some(Typed::new(&source.document, response.content.as_json()?))
}

/// What steps may see of a request, made up from the names that the mapping declares.
fn request_context(call: &CallFile) -> StepContext {
    let values = |list: &[(Text, Target)]| {
        let value = |(name, _): &(Text, Target)| (name.value.clone(), Value::from("text"));
        list.iter().map(value).collect()
    };
    StepContext {
        path: values(&call.path),
        query: values(&call.query),
        ..StepContext::default()
    }
}

impl<'c> Comparer<'c> {
    /// Every answer of a call.
    pub(super) fn answers(
        &mut self,
        call: &'c CallFile,
        v1: Option<Documented<'c>>,
        v2: &[Documented<'c>],
        lookups: &BTreeMap<&'c str, Vec<Documented<'c>>>,
    ) {
        let set = self.set;
        let Some((v2_source, v2_operation)) = primary(v2) else {
            if let Some(v1) = v1 {
                let verdict = Verdict::Unseen("no V2 document has the operation".to_owned());
                self.statuses_and_bodies(v1, &verdict);
            }
            return;
        };
        let mut reached = Vec::new();
        for (status, response) in successes(v2_operation) {
            let file =
                declared(&call.responses, status).or_else(|| declared(&set.defaults, status));
            let v1_status = file.and_then(|file| file.v1).unwrap_or(status);
            reached.push(v1_status);
            let v1_response = v1.and_then(|(_, operation)| operation.response(v1_status));
            // A status that is written was chosen, whatever documents say: servers did so.
            let chosen = file.is_some_and(|file| file.v1.is_some());
            if let (Some((source, operation)), None, false) = (v1, v1_response, chosen)
                && successes(operation).next().is_some()
            {
                let place = file.map_or_else(|| call_place(call), |file| &file.key);
                let message = format!(
                    "V1 clients get status {v1_status}, which {} does not declare here",
                    source.name
                );
                let mut diagnostic = place.diagnostic(STATUS_UNKNOWN, message);
                diagnostic.help = Some("say `status = …` in its `[response.…]`".to_owned());
                self.found.diagnostics.push(diagnostic);
            }
            let v1_typed = v1.zip(v1_response).and_then(|((source, _), response)| {
                let schema = response.content.as_json()?;
                Some(Typed::new(&source.document, schema))
            });
            let v2_typed = response
                .content
                .as_json()
                .map(|schema| Typed::new(&v2_source.document, schema));
            if v1_typed.is_none() && v2_typed.is_none() {
                continue;
            }
            let layout = file.and_then(|file| file.layout.as_ref());
            let mut walk = Walk {
                direction: Direction::V2ToV1,
                place: layout
                    .map_or_else(|| call_place(call), |layout| &layout.text)
                    .clone(),
                stack: Vec::new(),
                context: request_context(call),
                lookups: lookups
                    .iter()
                    .filter_map(|(name, documented)| Some((*name, answer_of(documented)?)))
                    .collect(),
            };
            let at = At::root(&v1_status.to_string());
            match layout {
                Some(layout) => self.layout(&mut walk, layout, (v1_typed, v2_typed), &at),
                None => self.value(&mut walk, (v1_typed, v2_typed), Rule::default(), &at),
            }
        }
        if let Some((_, operation)) = v1 {
            self.statuses(call, operation, &reached);
        }
        for other in v2 {
            if !std::ptr::eq(other.1, v2_operation) {
                self.names_of(call, *other);
            }
        }
    }

    /// A name is right when any V2 document has it.
    fn names_of(&mut self, call: &'c CallFile, (source, operation): Documented<'c>) {
        for (status, response) in successes(operation) {
            let layout = declared(&call.responses, status).and_then(|file| file.layout.as_ref());
            if let (Some(layout), Some(schema)) = (layout, response.content.as_json()) {
                let mut walk = Walk {
                    direction: Direction::V2ToV1,
                    place: layout.text.clone(),
                    stack: Vec::new(),
                    context: StepContext::default(),
                    lookups: BTreeMap::new(),
                };
                let pair = (None, Some(Typed::new(&source.document, schema)));
                self.layout(&mut walk, layout, pair, &At::root(""));
            }
        }
    }

    /// Every status that V1 declares.
    fn statuses(&mut self, call: &CallFile, v1: &Operation, reached: &[u16]) {
        for response in &v1.responses {
            let verdict = match response.status {
                Status::Exact(status) if response.status.is_success() => {
                    if reached.contains(&status) {
                        Verdict::Exact
                    } else {
                        let reason = "no V2 status becomes it".to_owned();
                        let chosen = call.responses.iter().find_map(|response| {
                            response.v1.filter(|status| reached.contains(status))
                        });
                        if let Some(chosen) = chosen {
                            Verdict::Unsupported(format!(
                                "the mapping answers {chosen} in its place"
                            ))
                        } else if successes(v1).count() == 1 {
                            let message = format!("the V1 status {status} is forgotten: {reason}");
                            let diagnostic = call_place(call).diagnostic(STATUS_FORGOTTEN, message);
                            self.found.diagnostics.push(diagnostic);
                            Verdict::Forgotten(reason)
                        } else {
                            Verdict::Unsupported(
                                "V2 answers with another status of success".to_owned(),
                            )
                        }
                    }
                }
                // Errors pass with their status, unless the mapping says otherwise.
                _ => Verdict::Exact,
            };
            self.fact(Kind::Status, response.status.to_string(), verdict);
        }
    }

    /// What the proxy answers by itself.
    pub(super) fn answered(&mut self, v1: Documented<'c>, body: &Value) {
        let (source, operation) = v1;
        for parameter in &operation.parameters {
            let name = format!("{} {}", parameter.place, parameter.name);
            self.fact(Kind::Parameter, name, Verdict::Exact);
        }
        let missing = Verdict::Forgotten("the answer of the proxy lacks it".to_owned());
        for response in &operation.responses {
            self.fact(Kind::Status, response.status.to_string(), Verdict::Exact);
            if let (true, Some(schema)) = (response.status.is_success(), response.content.as_json())
            {
                let typed = Typed::new(&source.document, schema);
                self.held(typed, body, &format!("{} ", response.status), &missing, 0);
            }
        }
    }

    /// All parameters, statuses and bodies of a V1 operation, with one verdict.
    pub(super) fn everything(&mut self, v1: Documented<'c>, verdict: &Verdict) {
        for parameter in &v1.1.parameters {
            let name = format!("{} {}", parameter.place, parameter.name);
            self.fact(Kind::Parameter, name, verdict.clone());
        }
        self.statuses_and_bodies(v1, verdict);
        if let Some(schema) = v1.1.request.as_ref().and_then(|r| r.content.as_json()) {
            let typed = Typed::new(&v1.0.document, schema);
            self.fields(typed, "request ", verdict, &mut Vec::new());
        }
    }

    pub(super) fn statuses_and_bodies(
        &mut self,
        (source, operation): Documented<'c>,
        verdict: &Verdict,
    ) {
        for response in &operation.responses {
            self.fact(Kind::Status, response.status.to_string(), verdict.clone());
            if let (true, Some(schema)) = (response.status.is_success(), response.content.as_json())
            {
                let typed = Typed::new(&source.document, schema);
                let at = format!("{} ", response.status);
                self.fields(typed, &at, verdict, &mut Vec::new());
            }
        }
    }
}
