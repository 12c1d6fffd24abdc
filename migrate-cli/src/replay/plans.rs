//! Through the plans, without a server.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value};
use windlass_migrate::convert::{Body, Conversion, ConvertError, Converter, Subject};
use windlass_transforms::compile::Direction;
use windlass_transforms::plan::call::{CallPlan, RequestBody, UpstreamCall};
use windlass_transforms::plan::operation::{Kind, Operation};
use windlass_transforms::rewrite::RewriteError;
use windlass_transforms::route::{PathValues, Route};
use windlass_transforms::step::StepContext;
use windlass_transforms::{MappingSet, Mappings};

use super::compare::{Comparing, MAX_DIFFERENCES, written};
use super::contract::{Contract, Held, V2Request};
use super::report::{Rows, Verdict};
use crate::audit::call::Call;
use crate::audit::classify::{Classifier, path_and_query, v2_name};
use crate::audit::identity::Identity;
use crate::audit::tally::Called;
use crate::read::exchanges::Recorded;

/// What stands for what a look-up would bring: only a server knows.
const MADE_UP: &str = "looked-up";

/// Says what the plans would make of exchanges.
pub(crate) struct Plans<'m> {
    set: &'m MappingSet,
    mappings: &'m Mappings,
    contract: &'m Contract,
    classifier: Classifier<'m>,
    identity: Identity,
    /// By layout; `None`: one that does not lead to V2.
    converters: RefCell<HashMap<String, Option<Converter>>>,
}

/// The V1 operation that a request line is for.
pub(super) struct Found<'t> {
    pub(super) operation: Arc<Operation>,
    pub(super) values: PathValues,
    pub(super) query: Option<&'t str>,
}

/// Finds the V1 operation of a path, or a whole URL.
pub(super) fn find<'t>(mappings: &Mappings, method: &[u8], target: &'t str) -> Option<Found<'t>> {
    let (path, query) = path_and_query(target);
    let trimmed = path.trim_start_matches('/');
    let rest = trimmed
        .strip_prefix("v1")
        .filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let method = Method::from_bytes(method).ok()?;
    match mappings.routes().find(&method, rest.unwrap_or(path)) {
        Route::Found { operation, values } => Some(Found {
            operation,
            values,
            query,
        }),
        _ => None,
    }
}

impl<'m> Plans<'m> {
    /// With these mappings and documents.
    pub(crate) fn new(set: &'m MappingSet, mappings: &'m Mappings, contract: &'m Contract) -> Self {
        Self {
            set,
            mappings,
            contract,
            classifier: Classifier::new(mappings),
            identity: Identity::default(),
            converters: RefCell::default(),
        }
    }

    /// Says what would become of one exchange.
    pub(crate) fn exchange(&self, recorded: &Recorded<'_>, rows: &mut Rows) {
        let call = &recorded.call;
        let Called::V1(id) = self.classifier.classify(call.method, call.target).called else {
            rows.other();
            return;
        };
        let mut reasons = Vec::new();
        let mut verdict = self.judge(recorded, &mut reasons);
        let is_request = matches!(verdict, Verdict::Misfit | Verdict::Refused);
        if is_request && call.status.is_some_and(|status| status / 100 == 4) {
            // V1 refused it, and V2 will.
            verdict = Verdict::Unchecked;
            reasons.clear();
        }
        let client = self.identity.client(call).0.display();
        rows.add(client, id, verdict, reasons);
    }

    fn judge(&self, recorded: &Recorded<'_>, reasons: &mut Vec<String>) -> Verdict {
        let call = &recorded.call;
        let target = String::from_utf8_lossy(call.target);
        let Some(found) = find(self.mappings, call.method, &target) else {
            return Verdict::NotServed;
        };
        let operation = &found.operation;
        match &operation.kind {
            Kind::None { reason, .. } => {
                reasons.push(reason.clone());
                return Verdict::NotServed;
            }
            Kind::Unmapped => {
                reasons.push("not mapped by this version of Windlass".to_owned());
                return Verdict::NotServed;
            }
            Kind::Answer(_) => return Verdict::Right,
            Kind::Call(_) | Kind::Composed(_) => {}
        }
        let context = context(&found);
        if operation.refusal(&context).is_some() {
            reasons.push("request: a parameter has a value that is not allowed".to_owned());
            return Verdict::Refused;
        }
        let request = match &operation.kind {
            Kind::Call(plan) => self.request(&found, plan, recorded, &context, reasons),
            _ => Verdict::Right,
        };
        if request == Verdict::Refused {
            return request;
        }
        request.max(self.answer(operation, call, recorded.answer, &context, reasons))
    }

    fn request(
        &self,
        found: &Found<'_>,
        plan: &CallPlan,
        recorded: &Recorded<'_>,
        context: &StepContext,
        reasons: &mut Vec<String>,
    ) -> Verdict {
        let body = recorded.call.body;
        let json = body
            .filter(|_| plan.reads_body_query())
            .and_then(|body| serde_json::from_slice(body).ok());
        let looked_up = &context.looked_up;
        let call = match plan.call(&found.values, found.query, json.as_ref(), looked_up) {
            Ok(call) => call,
            Err(error) => {
                reasons.push(format!("request: {error}"));
                return Verdict::Refused;
            }
        };
        let (verdict, sent) = match (plan.request_body(), body) {
            (RequestBody::Rewrite(_), Some(body)) => {
                match self.convert(&found.operation, Body::Request, body, context) {
                    Ok(conversion) => {
                        let verdict = self.lost("request", &conversion, reasons);
                        (verdict, Some(conversion.body))
                    }
                    Err(ConvertError::OneWay(_)) => return Verdict::Unchecked,
                    Err(ConvertError::Body(error)) => {
                        reasons.push(format!("request: {}", told(&error)));
                        return Verdict::Refused;
                    }
                }
            }
            (RequestBody::Drawn(template), _) => {
                let body = template.fill(&context.path).into_bytes();
                (Verdict::Right, Some(body))
            }
            // A body has no meaning there, and is not sent.
            (RequestBody::Opaque, _)
                if plan.reads_body_query() || matches!(call.method, Method::GET | Method::HEAD) =>
            {
                (Verdict::Right, None)
            }
            (_, body) => (Verdict::Right, body.map(<[u8]>::to_vec)),
        };
        if recorded.lacks_body && !matches!(plan.request_body(), RequestBody::Drawn(_)) {
            reasons.push("request: its body was not recorded".to_owned());
            return verdict.max(Verdict::Unchecked);
        }
        verdict.max(self.held(plan, &call, sent.as_deref(), recorded, reasons))
    }

    /// Holds the V2 request against the V2 document.
    fn held(
        &self,
        plan: &CallPlan,
        call: &UpstreamCall,
        body: Option<&[u8]>,
        recorded: &Recorded<'_>,
        reasons: &mut Vec<String>,
    ) -> Verdict {
        // What is rewritten or drawn leaves as JSON.
        let content_type = match plan.request_body() {
            RequestBody::Opaque => recorded.content_type.map(String::from_utf8_lossy),
            _ => None,
        };
        let request = V2Request {
            method: &call.method,
            path_and_query: &call.path_and_query,
            made_up: MADE_UP,
            content_type: content_type.as_deref(),
            body,
        };
        match self.contract.request(&request) {
            Held::Fits => Verdict::Right,
            Held::Unknown => {
                let name = v2_name(plan.v2());
                reasons.push(format!("request: `{name}` is not in the V2 document"));
                Verdict::Unchecked
            }
            Held::Misfits(misfits) => {
                reasons.extend(misfits.iter().map(|misfit| format!("request: {misfit}")));
                Verdict::Misfit
            }
        }
    }

    fn answer(
        &self,
        operation: &Operation,
        call: &Call<'_>,
        answer: Option<&[u8]>,
        context: &StepContext,
        reasons: &mut Vec<String>,
    ) -> Verdict {
        let (Some(status @ 200..300), Some(answer)) = (call.status, answer) else {
            return Verdict::Unchecked;
        };
        // The V2 status that V1 clients see as this one.
        let responses = &operation.explanation.responses;
        let is_same = responses.iter().any(|response| {
            response.v2_status == status.to_string()
                && response.v1_status.is_none_or(|v1| v1 == status)
        });
        let other = responses
            .iter()
            .filter(|response| !is_same && response.v1_status == Some(status))
            .find_map(|response| response.v2_status.parse().ok());
        let v2 = other.unwrap_or(status);
        match self.convert(operation, Body::Answer(v2), answer, context) {
            Ok(conversion) if conversion.not_checked.is_some() => Verdict::Unchecked,
            Ok(mut conversion) => {
                keep_missed(&operation.id, answer, &mut conversion);
                let lost = self.lost("answer", &conversion, reasons);
                lost.max(self.fits(operation, status, conversion.again.as_deref(), reasons))
            }
            Err(ConvertError::OneWay(_)) => Verdict::Unchecked,
            Err(ConvertError::Body(error)) => {
                let error = told(&error);
                reasons.push(format!(
                    "answer: there is no V2 answer it is made from: {error}"
                ));
                Verdict::Unchecked
            }
        }
    }

    /// Holds the answer that V1 clients would get against the V1 document.
    fn fits(
        &self,
        operation: &Operation,
        status: u16,
        answer: Option<&[u8]>,
        reasons: &mut Vec<String>,
    ) -> Verdict {
        let Some(answer) = answer.and_then(|answer| serde_json::from_slice(answer).ok()) else {
            return Verdict::Unchecked;
        };
        let is_known = match &operation.kind {
            Kind::Call(plan) => self.contract.has(plan.v2()),
            Kind::Composed(plan) => plan.parts().iter().all(|part| self.contract.has(part.v2())),
            _ => false,
        };
        if !is_known {
            // Nor can the V1 document, which is made from that of V2, say anything of it.
            return Verdict::Unchecked;
        }
        match self.contract.answer(&operation.id, status, &answer) {
            Held::Fits | Held::Unknown => Verdict::Right,
            Held::Misfits(misfits) => {
                reasons.extend(misfits.iter().map(|misfit| format!("answer: {misfit}")));
                Verdict::Misfit
            }
        }
    }

    fn convert(
        &self,
        operation: &Operation,
        body: Body,
        input: &[u8],
        context: &StepContext,
    ) -> Result<Conversion, ConvertError> {
        let one_way = || ConvertError::OneWay(Vec::new());
        let subject = Subject::operation(operation, body).map_err(|_| one_way())?;
        let mut converters = self.converters.borrow_mut();
        let converter = converters
            .entry(subject.layout)
            .or_insert_with_key(|layout| Converter::new(self.set, layout, Direction::V1ToV2).ok());
        match converter {
            Some(converter) => converter.convert(context, input),
            None => Err(one_way()),
        }
    }

    fn lost(&self, what: &str, conversion: &Conversion, reasons: &mut Vec<String>) -> Verdict {
        for loss in &conversion.losses {
            let place = self.classifier.mask(&loss.place);
            reasons.push(format!("{what}: `{place}`: {}", loss.reason));
        }
        if conversion.losses.is_empty() {
            Verdict::Right
        } else {
            Verdict::Differs
        }
    }
}

/// Keeps the losses that a client misses in an answer: V2 may lack a member that V1 clients get all
/// the same, made from another or put there by the mapping.
fn keep_missed(operation: &str, answer: &[u8], conversion: &mut Conversion) {
    let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
    let again = conversion.again.as_deref().and_then(json);
    let (Some(recorded), Some(again)) = (json(answer), again) else {
        return;
    };
    let comparing = Comparing {
        operation,
        is_error: false,
        show_values: false,
    };
    let differences = comparing.differences(&recorded, &again);
    if differences.len() >= MAX_DIFFERENCES {
        return;
    }
    let places = differences.iter().map(|d| written(&d.place, |_| true));
    let places: Vec<String> = places.collect();
    conversion.losses.retain(|loss| {
        places.iter().any(|place| {
            let inside = place.strip_prefix(loss.place.as_str());
            inside.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    });
}

/// Why a body cannot be rewritten. What a step says of it may quote values.
fn told(error: &RewriteError) -> String {
    match error {
        RewriteError::Step { step, .. } => format!("step `{step}` refuses the body"),
        other => other.to_string(),
    }
}

/// What steps may see of the request.
fn context(found: &Found<'_>) -> StepContext {
    let operation = &found.operation;
    let looked_up: Map<String, Value> = operation
        .explanation
        .lookups
        .iter()
        .flat_map(|lookup| &lookup.take)
        .map(|(name, _)| (name.clone(), Value::from(MADE_UP)))
        .collect();
    StepContext {
        looked_up,
        ..StepContext::of(&found.values, found.query)
    }
}
