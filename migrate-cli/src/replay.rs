//! Recorded V1 exchanges, run through the plans without a server.
//!
//! ```text
//! recorded request ─plan─▶ V2 call           (refused? what is lost?)
//! recorded answer  ─plan backwards─▶ V2 answer ─plan─▶ V1 answer ─compared─▶ what does not come back
//! ```

use std::collections::BTreeMap;

use http::Method;
use serde::Serialize;
use serde_json::{Map, Value};
use windlass_migrate::convert::{Body, Conversion, ConvertError, Subject, convert};
use windlass_transforms::compile::Direction;
use windlass_transforms::plan::operation::{Kind, Operation};
use windlass_transforms::route::{PathValues, Route};
use windlass_transforms::step::StepContext;
use windlass_transforms::{MappingSet, Mappings};

use crate::audit::call::Call;
use crate::audit::classify::{Classifier, path_and_query};
use crate::audit::identity::Identity;
use crate::audit::redact;
use crate::audit::tally::Called;

/// Version of the JSON form.
const FORMAT: u32 = 1;
/// How many reasons are kept of one client and operation.
const MAX_REASONS: usize = 8;

/// What would become of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// Request and answer come through as they were.
    Right,
    /// The request comes through; the answer was not recorded as JSON, or is one of an error.
    Unchecked,
    /// Something in the request or the answer is lost or changed.
    Differs,
    /// The proxy would refuse the request.
    Refused,
    /// V2 lacks the operation, or it is not mapped.
    NotServed,
}

/// What would become of everything recorded.
#[derive(Debug, Serialize)]
pub(crate) struct Replayed {
    pub(crate) format: u32,
    /// V1 exchanges.
    pub(crate) exchanges: u64,
    /// Other exchanges: V2, or no API at all.
    pub(crate) others: u64,
    /// Entries that could not be read.
    pub(crate) unreadable: u64,
    /// By client and operation, worst first.
    pub(crate) rows: Vec<Row>,
}

/// One operation of one client.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) client: String,
    pub(crate) operation: String,
    /// The worst of its exchanges.
    pub(crate) verdict: Verdict,
    /// How many of each.
    pub(crate) exchanges: BTreeMap<Verdict, u64>,
    /// What is lost or refused, names only.
    pub(crate) reasons: Vec<String>,
}

/// Replays exchanges.
pub(crate) struct Replay<'m> {
    set: &'m MappingSet,
    mappings: &'m Mappings,
    classifier: Classifier<'m>,
    identity: Identity,
    others: u64,
    rows: BTreeMap<(String, String), Row>,
}

impl<'m> Replay<'m> {
    /// With these mappings.
    pub(crate) fn new(set: &'m MappingSet, mappings: &'m Mappings) -> Self {
        Self {
            set,
            mappings,
            classifier: Classifier::new(mappings),
            identity: Identity::default(),
            others: 0,
            rows: BTreeMap::new(),
        }
    }

    /// Replays one exchange; `answer` is the body of its answer.
    pub(crate) fn exchange(&mut self, call: &Call<'_>, answer: Option<&[u8]>) {
        let Called::V1(id) = self.classifier.classify(call.method, call.target).called else {
            self.others += 1;
            return;
        };
        let mut reasons = Vec::new();
        let verdict = self.judge(call, answer, &mut reasons);
        let client = self.identity.client(call).0.display();
        let row = self
            .rows
            .entry((client.clone(), id.clone()))
            .or_insert_with(|| Row {
                client,
                operation: id,
                verdict,
                exchanges: BTreeMap::new(),
                reasons: Vec::new(),
            });
        row.verdict = row.verdict.max(verdict);
        *row.exchanges.entry(verdict).or_default() += 1;
        for reason in reasons {
            // An error of a step may repeat a value: the filter of everything from outside.
            let reason = redact::text(reason.as_bytes());
            if row.reasons.len() < MAX_REASONS && !row.reasons.contains(&reason) {
                row.reasons.push(reason);
            }
        }
    }

    /// Everything replayed; `unreadable` entries could not be.
    pub(crate) fn finish(self, unreadable: u64) -> Replayed {
        let mut rows: Vec<Row> = self.rows.into_values().collect();
        rows.sort_by(|a, b| {
            (b.verdict, &a.client, &a.operation).cmp(&(a.verdict, &b.client, &b.operation))
        });
        Replayed {
            format: FORMAT,
            exchanges: rows.iter().flat_map(|row| row.exchanges.values()).sum(),
            others: self.others,
            unreadable,
            rows,
        }
    }

    fn judge(&self, call: &Call<'_>, answer: Option<&[u8]>, reasons: &mut Vec<String>) -> Verdict {
        let target = String::from_utf8_lossy(call.target);
        let (path, query) = path_and_query(&target);
        let trimmed = path.trim_start_matches('/');
        let rest = trimmed
            .strip_prefix("v1")
            .filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let method = Method::from_bytes(call.method).unwrap_or(Method::GET);
        let Route::Found { operation, values } =
            self.mappings.routes().find(&method, rest.unwrap_or(path))
        else {
            return Verdict::NotServed;
        };
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
        let context = context(&operation, &values, query);
        let request = self.request(&operation, &values, query, call.body, &context, reasons);
        if request == Verdict::Refused {
            return request;
        }
        request.max(self.answer(&operation, call.status, answer, &context, reasons))
    }

    fn request(
        &self,
        operation: &Operation,
        values: &PathValues,
        query: Option<&str>,
        body: Option<&[u8]>,
        context: &StepContext,
        reasons: &mut Vec<String>,
    ) -> Verdict {
        if let Kind::Call(plan) = &operation.kind {
            let json = body
                .filter(|_| plan.reads_body_query())
                .and_then(|body| serde_json::from_slice(body).ok());
            if let Err(error) = plan.call(values, query, json.as_ref(), &context.looked_up) {
                reasons.push(format!("request: {error}"));
                return Verdict::Refused;
            }
        }
        let Some(body) = body.filter(|_| operation.explanation.request.is_some()) else {
            return Verdict::Right;
        };
        match self.convert(operation, Body::Request, body, context) {
            Ok(conversion) => self.lost("request", &conversion, reasons),
            Err(ConvertError::OneWay(_)) => Verdict::Unchecked,
            Err(ConvertError::Body(error)) => {
                reasons.push(format!("request: {error}"));
                Verdict::Refused
            }
        }
    }

    fn answer(
        &self,
        operation: &Operation,
        status: Option<u16>,
        answer: Option<&[u8]>,
        context: &StepContext,
        reasons: &mut Vec<String>,
    ) -> Verdict {
        let (Some(status @ 200..300), Some(answer)) = (status, answer) else {
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
            Ok(conversion) => self.lost("answer", &conversion, reasons),
            Err(ConvertError::OneWay(_)) => Verdict::Unchecked,
            Err(ConvertError::Body(error)) => {
                reasons.push(format!("answer: not as V1 servers answered: {error}"));
                Verdict::Differs
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
        let one_way = |_| ConvertError::OneWay(Vec::new());
        let subject = Subject::operation(operation, body).map_err(one_way)?;
        convert(self.set, &subject.layout, Direction::V1ToV2, context, input)
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

/// What steps may see of the request. What look-ups would bring is made up: only a server knows.
fn context(operation: &Operation, values: &PathValues, query: Option<&str>) -> StepContext {
    let looked_up: Map<String, Value> = operation
        .explanation
        .lookups
        .iter()
        .flat_map(|lookup| &lookup.take)
        .map(|(name, _)| (name.clone(), Value::from("looked-up")))
        .collect();
    if let Kind::Call(plan) = &operation.kind {
        return plan.context(values, query, looked_up);
    }
    StepContext {
        path: values
            .iter()
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect(),
        looked_up,
        ..StepContext::default()
    }
}
