//! Lowers operation files to operations.

use std::sync::Arc;

use crate::compile::explain::{self, Explained};
use crate::compile::names::Names;
use crate::compile::{body, target};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::code::{NAME_TWICE, NOT_IN_V1_PATH};
use crate::mapping::layout::{KeyForm, Layout};
use crate::mapping::operation::{CallFile, FileKind, OperationFile, ResponseFile, Target};
use crate::mapping::place::Text;
use crate::mapping::set::Unmapped;
use crate::plan::body::{BodyPlan, Strategy};
use crate::plan::call::{CallPlan, DeclaredResponse, QueryRule, RequestBody, StatusPattern};
use crate::plan::operation::{AnswerPlan, Kind, Operation};

/// Lowers all operations; each with the place of its V1 route.
pub(super) fn lower_all(names: &Names<'_>, errors: &mut Vec<Diagnostic>) -> Vec<(Text, Operation)> {
    let pass = Arc::new(body::pass());
    let common = lower_responses(&names.set.defaults, None, names, &pass, errors);
    let mut operations: Vec<_> = names
        .set
        .operations
        .iter()
        .map(|file| {
            let operation = lower(file, &common, names, &pass, errors);
            (file.v1.text.clone(), operation)
        })
        .collect();
    operations.extend(names.set.unmapped.iter().map(lower_unmapped));
    operations
}

fn lower_unmapped(unmapped: &Unmapped) -> (Text, Operation) {
    let summary = "Not mapped yet.".to_owned();
    let operation = Operation {
        explanation: Arc::new(explain::unmapped(unmapped, &summary)),
        id: unmapped.id.value.clone(),
        summary,
        v1: unmapped.v1.endpoint.clone(),
        service: None,
        also_on: Vec::new(),
        assumed: None,
        kind: Kind::Unmapped,
        losses: Vec::new(),
    };
    (unmapped.v1.text.clone(), operation)
}

fn lower(
    file: &OperationFile,
    common: &[LoweredResponse<'_>],
    names: &Names<'_>,
    pass: &Arc<BodyPlan>,
    errors: &mut Vec<Diagnostic>,
) -> Operation {
    let (kind, explanation) = match &file.kind {
        FileKind::Call(call) => {
            let (plan, explained) = lower_call(file, call, common, names, pass, errors);
            let explanation = explain::call(file, call, &explained, names);
            (Kind::Call(plan), explanation)
        }
        FileKind::Answer {
            status,
            body,
            content_type,
        } => {
            let plan = AnswerPlan {
                status: *status,
                body: body.to_string().into(),
                content_type: content_type.as_deref().unwrap_or("application/json").into(),
            };
            let explanation = explain::answer(file, &plan);
            (Kind::Answer(plan), explanation)
        }
        FileKind::None { reason, instead } => {
            let kind = Kind::None {
                reason: reason.clone(),
                instead: instead.clone(),
            };
            (kind, explain::none(file, reason, instead))
        }
    };
    Operation {
        id: file.id.clone(),
        summary: file.summary.clone(),
        v1: file.v1.endpoint.clone(),
        service: file.service.clone(),
        also_on: file.also_on.iter().map(|s| s.value.clone()).collect(),
        assumed: file.assumed.clone(),
        kind,
        losses: file.losses.clone(),
        explanation: Arc::new(explanation),
    }
}

fn lower_call<'f>(
    file: &'f OperationFile,
    call: &'f CallFile,
    common: &[LoweredResponse<'f>],
    names: &Names<'_>,
    pass: &Arc<BodyPlan>,
    errors: &mut Vec<Diagnostic>,
) -> (CallPlan, Explained<'f>) {
    let calls = target::lower(&file.v1, call, errors);
    check_query(call, errors);
    let request = call
        .request
        .as_ref()
        .map(|layout| (layout, Arc::new(body::request(layout, names, errors))));
    let mut responses = lower_responses(&call.responses, Some(file), names, pass, errors);
    // What the operation says about a status, or its class, goes before what all say.
    responses.extend(common.iter().cloned());
    let plan = CallPlan {
        v2: call.v2.endpoint.clone(),
        target: calls.target,
        query: call.query.iter().map(query_rule).collect(),
        query_defaults: call.query_default.iter().map(pair).collect(),
        body_query: call.body_query.iter().map(pair).collect(),
        lookups: calls.lookups,
        request: request.as_ref().map_or(RequestBody::Opaque, |(_, plan)| {
            RequestBody::Rewrite(Arc::clone(plan))
        }),
        responses: responses.iter().map(|r| r.plan.clone()).collect(),
        pass: Arc::clone(pass),
    };
    let explained = Explained { request, responses };
    (plan, explained)
}

fn query_rule((v1, target): &(Text, Target)) -> QueryRule {
    let (v2, boolean) = match target {
        Target::Name { name, boolean } => (Some(name.as_str().into()), *boolean),
        Target::None { .. } => (None, false),
    };
    QueryRule {
        v1: v1.as_str().into(),
        v2,
        boolean,
    }
}

fn pair((a, b): &(Text, Text)) -> (Box<str>, Box<str>) {
    (a.as_str().into(), b.as_str().into())
}

/// Each V2 query parameter has one V1 source, or is part of the V2 path as written.
fn check_query(call: &CallFile, errors: &mut Vec<Diagnostic>) {
    let fixed = &call.v2.endpoint.template.query;
    let mut seen: Vec<&str> = fixed.iter().map(|(name, _)| &**name).collect();
    for (_, target) in &call.query {
        let Target::Name { name, .. } = target else {
            continue;
        };
        if seen.contains(&name.as_str()) {
            let message = format!("V2 parameter `{}` has two sources", name.value);
            errors.push(name.diagnostic(NAME_TWICE, message));
        }
        seen.push(&name.value);
    }
}

/// A declared response with the layout it was lowered from.
#[derive(Clone)]
pub(super) struct LoweredResponse<'f> {
    pub(super) file: &'f ResponseFile,
    pub(super) plan: DeclaredResponse,
    /// Whether all operations share it.
    pub(super) common: bool,
}

/// Lowers `[response.*]`, statuses before classes. `operation` is `None` for the common ones.
fn lower_responses<'f>(
    files: &'f [ResponseFile],
    operation: Option<&OperationFile>,
    names: &Names<'_>,
    pass: &Arc<BodyPlan>,
    errors: &mut Vec<Diagnostic>,
) -> Vec<LoweredResponse<'f>> {
    let mut lowered: Vec<_> = files
        .iter()
        .map(|file| LoweredResponse {
            file,
            plan: lower_response(file, operation, names, pass, errors),
            common: operation.is_none(),
        })
        .collect();
    lowered.sort_by_key(|response| match response.plan.v2 {
        StatusPattern::Exact(status) => (0, status),
        StatusPattern::Class(digit) => (1, digit),
    });
    lowered
}

fn lower_response(
    file: &ResponseFile,
    operation: Option<&OperationFile>,
    names: &Names<'_>,
    pass: &Arc<BodyPlan>,
    errors: &mut Vec<Diagnostic>,
) -> DeclaredResponse {
    let body = match (&file.layout, &file.text) {
        (Some(layout), _) => {
            check_request_keys(layout, operation, errors);
            Arc::new(body::answer(layout, names, errors))
        }
        (None, Some(text)) => Arc::new(body::fixed(text)),
        (None, None) => Arc::clone(pass),
    };
    // The upstream answer that a fixed body stands for may have had no body at all.
    let usual = match (&body.strategy, &file.text) {
        (Strategy::Fixed(_), None) => Some("application/json"),
        (Strategy::Fixed(_), Some(_)) => Some("text/plain; charset=utf-8"),
        _ => None,
    };
    let content_type = file.content_type.as_deref().or(usual).map(Into::into);
    DeclaredResponse {
        v2: file.v2,
        v1: file.v1,
        body,
        content_type,
    }
}

/// `request.path.NAME` and `request.query.NAME` name V1 parameters of the operation.
fn check_request_keys(
    layout: &Layout,
    operation: Option<&OperationFile>,
    errors: &mut Vec<Diagnostic>,
) {
    for key in layout.keys() {
        match (&key.form, operation) {
            (KeyForm::Word(_) | KeyForm::Path(_), _) => {}
            (KeyForm::RequestPath(_) | KeyForm::RequestQuery(_), None) => {
                let message = "an answer that all operations share cannot use a request's values";
                errors.push(key.text.diagnostic(NOT_IN_V1_PATH, message));
            }
            (KeyForm::RequestPath(name), Some(file)) => {
                let known: Vec<&str> = file.v1.endpoint.template.parameters().collect();
                target::v1_parameter(&key.text, name, &known, errors);
            }
            (KeyForm::RequestQuery(name), Some(file)) => {
                if let FileKind::Call(call) = &file.kind {
                    target::v1_query(&key.text, name, call, errors);
                }
            }
        }
    }
}
