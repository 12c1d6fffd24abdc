//! Lowers operation files to operations.

use std::sync::Arc;

use crate::compile::explain::{self, Explained};
use crate::compile::names::Names;
use crate::compile::{body, composed, pages, target};
use crate::diagnostic::code::{
    INTERRUPTED, NAME_TWICE, NO_EFFECT, NOT_IN_V1_PATH, TWO_SOURCES, UNKNOWN_LOOK_UP,
    UNSURE_LOOK_UP,
};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::mapping::composed::ComposedFile;
use crate::mapping::layout::{KeyForm, Layout};
use crate::mapping::operation::{CallFile, FileKind, OperationFile, Target};
use crate::mapping::place::Text;
use crate::mapping::request::RequestFile;
use crate::mapping::response::ResponseFile;
use crate::mapping::set::Unmapped;
use crate::plan::body::{BodyPlan, Strategy};
use crate::plan::call::{CallPlan, QueryRule, RequestBody};
use crate::plan::composed::ComposedPlan;
use crate::plan::operation::{Allowed, AnswerPlan, Kind, Operation};
use crate::plan::response::{DeclaredResponse, GzipFile, Responses, StatusPattern};
use crate::plan::template::{JsonTemplate, TextTemplate};

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
        allowed: Vec::new(),
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
        FileKind::Composed(composed) => {
            let (plan, explained) = lower_composed(file, composed, common, names, pass, errors);
            let explanation = explain::composed(file, composed, &explained, names);
            // A composition that is not known was reported; nothing is run then.
            (plan.map_or(Kind::Unmapped, Kind::Composed), explanation)
        }
        FileKind::Answer {
            status,
            body,
            content_type,
            document,
        } => {
            let plan = AnswerPlan {
                status: *status,
                body: body.to_string().into(),
                content_type: content_type.as_deref().unwrap_or("application/json").into(),
                document: *document,
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
        allowed: file
            .allowed
            .iter()
            .map(|allowed| Allowed {
                name: allowed.name.as_str().into(),
                values: allowed.values.iter().map(|v| v.as_str().into()).collect(),
            })
            .collect(),
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
    let calls = target::lower(file, call, errors);
    check_query(call, errors);
    check_interrupted(call, errors);
    let layout = call.request.as_ref().and_then(RequestFile::layout);
    let request = layout.map(|layout| (layout, Arc::new(body::request(layout, names, errors))));
    let mut responses = lower_responses(&call.responses, Some(file), names, pass, errors);
    let pages = call
        .pages
        .as_ref()
        .and_then(|pages| pages::lower(pages, &responses, errors));
    // What the operation says about a status, or its class, goes before what all say.
    responses.extend(common.iter().cloned());
    let plan = CallPlan {
        v2: call.v2.endpoint.clone(),
        target: calls.target,
        query: call.query.iter().map(query_rule).collect(),
        query_defaults: call.query_default.iter().map(pair).collect(),
        body_query: call.body_query.iter().map(pair).collect(),
        lookups: calls.lookups,
        pages: pages.map(Arc::new),
        request: request_body(file, call, request.as_ref().map(|(_, plan)| plan), errors),
        responses: Responses {
            declared: responses.iter().map(|r| r.plan.clone()).collect(),
            pass: Arc::clone(pass),
        },
    };
    let explained = Explained { request, responses };
    (plan, explained)
}

fn lower_composed<'f>(
    file: &'f OperationFile,
    composed: &'f ComposedFile,
    common: &[LoweredResponse<'f>],
    names: &Names<'_>,
    pass: &Arc<BodyPlan>,
    errors: &mut Vec<Diagnostic>,
) -> (Option<ComposedPlan>, Explained<'f>) {
    let v1_names: Vec<&str> = file.v1.endpoint.template.parameters().collect();
    target::check_allowed(&file.allowed, &v1_names, &composed.query, errors);
    let lowered = composed::lower(composed, names, errors);
    let mut responses = lower_responses(&composed.responses, Some(file), names, pass, errors);
    responses.extend(common.iter().cloned());
    let plan = lowered.map(|(composition, parts)| ComposedPlan {
        composition,
        query: composed.query.iter().map(query_rule).collect(),
        parts,
        responses: Responses {
            declared: responses.iter().map(|r| r.plan.clone()).collect(),
            pass: Arc::clone(pass),
        },
    });
    let explained = Explained {
        request: None,
        responses,
    };
    (plan, explained)
}

/// What becomes of the request body.
fn request_body(
    file: &OperationFile,
    call: &CallFile,
    rewritten: Option<&Arc<BodyPlan>>,
    errors: &mut Vec<Diagnostic>,
) -> RequestBody {
    match (&call.request, rewritten) {
        (Some(RequestFile::Body(body, place)), _) => {
            let template = JsonTemplate::new(body);
            let known: Vec<&str> = file.v1.endpoint.template.parameters().collect();
            for name in template.names() {
                if !known.contains(&name) {
                    let message = format!("the V1 path has no parameter `{name}`");
                    let mut diagnostic = place.diagnostic(NOT_IN_V1_PATH, message);
                    diagnostic.help = did_you_mean(name, known.iter().copied());
                    errors.push(diagnostic);
                }
            }
            RequestBody::Drawn(Arc::new(template))
        }
        (_, Some(plan)) => RequestBody::Rewrite(Arc::clone(plan)),
        (_, None) => RequestBody::Opaque,
    }
}

/// A write behind another call says what is left when it fails.
fn check_interrupted(call: &CallFile, errors: &mut Vec<Diagnostic>) {
    let writes = call.v2.endpoint.method != http::Method::GET;
    let needed = writes && !call.lookups.is_empty();
    match &call.interrupted {
        None if needed => {
            let message = "this write takes two calls, and nothing says what is left when the \
                           second fails";
            let mut diagnostic = call.v2.text.diagnostic(INTERRUPTED, message);
            diagnostic.help = Some("add `interrupted = \"…\"`, in one sentence".into());
            errors.push(diagnostic);
        }
        Some(text) if !needed => {
            let message = "nothing can be interrupted: there is no write behind another call";
            errors.push(text.diagnostic(NO_EFFECT, message));
        }
        _ => {}
    }
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
    let looked_up = file
        .layout
        .as_ref()
        .and_then(|layout| looked_up(layout, operation, errors));
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
        _ if looked_up.is_some() => Some("application/json"),
        _ if file.gzip.is_some() => Some("application/gzip"),
        (Strategy::Fixed(_), None) => Some("application/json"),
        (Strategy::Fixed(_), Some(_)) => Some("text/plain; charset=utf-8"),
        _ => None,
    };
    let content_type = file.content_type.as_deref().or(usual).map(Into::into);
    DeclaredResponse {
        v2: file.v2,
        v1: file.v1,
        body,
        looked_up,
        content_type,
        gzip: file.gzip.as_ref().map(|text| gzip(text, operation, errors)),
    }
}

/// The file name of a gzip body.
fn gzip(text: &Text, operation: Option<&OperationFile>, errors: &mut Vec<Diagnostic>) -> GzipFile {
    let name = TextTemplate::parse(&text.value);
    let known: Vec<&str> = operation
        .map(|file| file.v1.endpoint.template.parameters().collect())
        .unwrap_or_default();
    for parameter in name.names() {
        target::v1_parameter(text, parameter, &known, errors);
    }
    GzipFile { name }
}

/// The look-up that a layout draws from; `None`: the V2 body.
fn looked_up(
    layout: &Layout,
    operation: Option<&OperationFile>,
    errors: &mut Vec<Diagnostic>,
) -> Option<Box<str>> {
    let values = layout.values();
    let name = values.iter().find_map(|value| value.lookup.as_ref())?;
    let keys = layout.keys();
    let other = values
        .iter()
        .any(|value| value.lookup.as_ref().is_none_or(|l| l.value != name.value))
        || keys.iter().any(|key| matches!(key.form, KeyForm::Path(_)));
    if other {
        let message = "a layout draws from the V2 body or from one look-up, not from both";
        errors.push(layout.text.diagnostic(TWO_SOURCES, message));
    }
    let lookups = match operation.map(|file| &file.kind) {
        Some(FileKind::Call(call)) => call.lookups.as_slice(),
        _ => &[],
    };
    match lookups.iter().find(|l| l.name.value == name.value) {
        None => {
            let message = format!("there is no look-up `{}`", name.value);
            let mut diagnostic = name.diagnostic(UNKNOWN_LOOK_UP, message);
            let known = lookups.iter().map(|l| l.name.as_str());
            diagnostic.help = did_you_mean(&name.value, known);
            errors.push(diagnostic);
        }
        Some(lookup) if !lookup.unless.is_empty() => {
            let message = format!("look-up `{}` is not always made", name.value);
            errors.push(name.diagnostic(UNSURE_LOOK_UP, message));
        }
        Some(_) => {}
    }
    Some(name.as_str().into())
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
                let query = match &file.kind {
                    FileKind::Call(call) => &call.query,
                    FileKind::Composed(composed) => &composed.query,
                    FileKind::Answer { .. } | FileKind::None { .. } => continue,
                };
                target::v1_query(&key.text, name, query, errors);
            }
        }
    }
}
