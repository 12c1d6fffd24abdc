//! One example: the sides of one exchange, and whether mappings make what it shows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use serde_json::{Map, Value};
use windlass_transforms::Mappings;
use windlass_transforms::plan::body::BodyPlan;
use windlass_transforms::plan::call::{CallPlan, RequestBody};
use windlass_transforms::plan::operation::{Kind, Operation};
use windlass_transforms::plan::response::Responses;
use windlass_transforms::rewrite::{BodyRewriter, Limits, RewriteError};
use windlass_transforms::route::{PathValues, Route};
use windlass_transforms::step::{StepContext, StepError};

use crate::http_text::{Message, Request, Response};
use crate::several;

/// Why an example does not hold; for people.
pub(crate) type Wrong = String;

/// One folder of example files.
pub(crate) struct Case {
    pub(crate) folder: PathBuf,
    pub(crate) operation: String,
}

impl Case {
    pub(crate) fn read(&self, file: &str) -> Result<Option<String>, Wrong> {
        match fs::read_to_string(self.folder.join(file)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("failed to read `{file}`: {error}")),
        }
    }

    pub(crate) fn request(&self, file: &str) -> Result<Option<Request>, Wrong> {
        let text = self.read(file)?;
        text.map(|text| Request::parse(&text).map_err(|why| format!("{file}: {why}")))
            .transpose()
    }

    pub(crate) fn response(&self, file: &str) -> Result<Option<Response>, Wrong> {
        let text = self.read(file)?;
        text.map(|text| Response::parse(&text).map_err(|why| format!("{file}: {why}")))
            .transpose()
    }

    /// Nobody reads a file of another name: it would be an example that proves nothing.
    fn refuse_other_files(&self) -> Result<(), Wrong> {
        for path in entries(&self.folder) {
            let name = file_name(&path);
            let known = ["request.v1", "request.v2", "response.v1", "response.v2"]
                .iter()
                .any(|known| name == format!("{known}.http"))
                || (["lookup.", "page.", "call."]
                    .iter()
                    .any(|kind| name.starts_with(kind))
                    && name.ends_with(".v2.http"));
            if !known {
                return Err(format!("nobody reads `{name}`"));
            }
        }
        Ok(())
    }
}

/// All cases, sorted by path.
pub(crate) fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut cases = Vec::new();
    for subject in entries(&root) {
        for operation in entries(&subject) {
            for folder in entries(&operation) {
                cases.push(Case {
                    folder,
                    operation: file_name(&operation),
                });
            }
        }
    }
    assert!(!cases.is_empty(), "no examples in {}", root.display());
    cases
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("failed to list {}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder of the project can be read").path())
        .collect();
    paths.sort();
    paths
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().expect("what was listed has a name");
    name.to_string_lossy().into_owned()
}

/// Whether an example holds under these mappings.
pub(crate) fn check(case: &Case, mappings: &Mappings) -> Result<(), Wrong> {
    case.refuse_other_files()?;
    let request = case
        .request("request.v1.http")?
        .ok_or("`request.v1.http` is missing")?;
    let (path, query) = match request.target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (request.target.as_str(), None),
    };
    let path = match path.strip_prefix("/v1") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
        _ => path,
    };
    let method = request
        .method
        .parse()
        .map_err(|_| "request.v1.http: no such method".to_owned())?;
    let (operation, values) = match mappings.routes().find(&method, path) {
        Route::Found { operation, values } => (operation, values),
        other => return Err(format!("request.v1.http: no operation: {other:?}")),
    };
    if operation.id != case.operation {
        return Err(format!("request.v1.http goes to `{}`", operation.id));
    }
    match &operation.kind {
        Kind::Call(plan) => check_call(case, &operation, plan, &request, &values, query),
        Kind::Composed(plan) => several::check_composed(case, &operation, plan, &values, query),
        Kind::Answer(plan) => {
            let expected = expected_answer(case)?;
            same_status(plan.status, &expected)?;
            same_body("response.v1.http", plan.body.as_bytes(), &expected.message)?;
            same_type(Some(&plan.content_type), &expected)?;
            no_upstream(case)
        }
        Kind::None { reason, instead } => {
            let expected = expected_answer(case)?;
            same_status(410, &expected)?;
            for said in [reason, instead] {
                if !expected.message.body.contains(said) {
                    return Err(format!("response.v1.http does not say `{said}`"));
                }
            }
            no_upstream(case)
        }
        Kind::Unmapped => Err("the operation is not mapped".to_owned()),
    }
}

pub(crate) fn no_upstream(case: &Case) -> Result<(), Wrong> {
    for file in ["request.v2.http", "response.v2.http"] {
        if case.read(file)?.is_some() {
            return Err(format!("`{file}` is there, but no upstream is called"));
        }
    }
    Ok(())
}

pub(crate) fn expected_answer(case: &Case) -> Result<Response, Wrong> {
    let expected = case.response("response.v1.http")?;
    Ok(expected.ok_or("`response.v1.http` is missing")?)
}

fn check_call(
    case: &Case,
    operation: &Operation,
    plan: &CallPlan,
    request: &Request,
    values: &PathValues,
    query: Option<&str>,
) -> Result<(), Wrong> {
    if let Some(why) = operation.refusal(&plan.context(values, query, Map::new())) {
        no_upstream(case)?;
        return check_refusal(case, 400, "detail", &why);
    }
    let mut looked_up = Map::new();
    let mut kept = Kept::new();
    for lookup in plan.lookups() {
        let file = format!("lookup.{}.v2.http", lookup.name());
        let text = case.read(&file)?;
        if !lookup.wanted(&plan.context(values, query, looked_up.clone())) {
            if text.is_some() {
                return Err(format!("`{file}` is there, but not asked for"));
            }
            continue;
        }
        let text = text.ok_or_else(|| format!("`{file}` is missing"))?;
        let (asked, answered) = asked_and_answered(&file, &text)?;
        let call = lookup
            .call(values, &looked_up)
            .map_err(|error| format!("{file}: {error}"))?;
        same_call(&file, call.method.as_str(), &call.path_and_query, &asked)?;
        let nothing = answered.status == 404 && lookup.may_find_nothing();
        if !nothing && !(200..300).contains(&answered.status) {
            // What the look-up was answered is the answer.
            if case.read("request.v2.http")?.is_some() {
                return Err("`request.v2.http` is there, but the look-up failed".to_owned());
            }
            let context = Arc::new(plan.context(values, query, looked_up));
            return check_answer(case, plan.responses(), &answered, &context, &kept);
        }
        if lookup.is_kept() {
            kept.insert(lookup.name().to_owned(), answered.message.body.clone());
        }
        let answer: Value = if nothing {
            Value::Null
        } else {
            serde_json::from_str(&answered.message.body)
                .map_err(|error| format!("{file}: {error}"))?
        };
        lookup
            .take(&answer, values, &mut looked_up)
            .map_err(|error| format!("{file}: {error}"))?;
    }

    let context = Arc::new(plan.context(values, query, looked_up.clone()));
    let sent = match plan.request_body() {
        RequestBody::Opaque => Ok(request.message.body.clone().into_bytes()),
        RequestBody::Rewrite(body) => rewritten(&body, &context, &request.message.body),
        RequestBody::Drawn(body) => Ok(body.fill(&context.path).into_bytes()),
    };
    let sent = match sent {
        Ok(sent) => sent,
        Err(error) => return check_failure(case, error),
    };
    if let Some(pages) = plan.pages() {
        return several::check_pages(case, plan, pages, values, query, &context);
    }
    let expected = case
        .request("request.v2.http")?
        .ok_or("`request.v2.http` is missing")?;
    let body_query = if plan.reads_body_query() && !request.message.body.is_empty() {
        let body = serde_json::from_str::<Value>(&request.message.body);
        Some(body.map_err(|error| format!("request.v1.http: {error}"))?)
    } else {
        None
    };
    let call = plan
        .call(values, query, body_query.as_ref(), &looked_up)
        .map_err(|error| format!("request.v1.http: {error}"))?;
    same_call(
        "request.v2.http",
        call.method.as_str(),
        &call.path_and_query,
        &expected,
    )?;
    if body_query.is_none() {
        same_body("request.v2.http", &sent, &expected.message)?;
    }

    let answered = case
        .response("response.v2.http")?
        .ok_or("`response.v2.http` is missing")?;
    check_answer(case, plan.responses(), &answered, &context, &kept)
}

/// The answers of look-ups that a layout may draw from, by name.
pub(crate) type Kept = BTreeMap<String, String>;

/// A request and its answer in one file, with a line `--` between them.
pub(crate) fn asked_and_answered(file: &str, text: &str) -> Result<(Request, Response), Wrong> {
    let (asked, answered) = text
        .split_once("\n--\n")
        .ok_or_else(|| format!("{file}: no line `--` between request and answer"))?;
    let asked = Request::parse(&format!("{asked}\n")).map_err(|why| format!("{file}: {why}"))?;
    let answered = Response::parse(answered).map_err(|why| format!("{file}: {why}"))?;
    Ok((asked, answered))
}

/// What the upstream answers against what the client gets.
pub(crate) fn check_answer(
    case: &Case,
    responses: &Responses,
    answered: &Response,
    context: &Arc<StepContext>,
    kept: &Kept,
) -> Result<(), Wrong> {
    let response = responses.of(answered.status);
    let source = match &response.looked_up {
        Some(name) => &kept[&**name],
        None => &answered.message.body,
    };
    let body = match rewritten(&response.body, context, source) {
        Ok(body) => body,
        Err(error) => return check_failure(case, error),
    };
    let expected = expected_answer(case)?;
    same_status(response.status, &expected)?;
    // The file shows what is in the gzip file.
    let disposition = response
        .gzip
        .map(|file| format!("attachment; filename={}", file.name(context)));
    if disposition.as_deref() != expected.message.header("content-disposition") {
        return Err(format!(
            "response.v1.http: made content disposition {disposition:?}"
        ));
    }
    same_body("response.v1.http", &body, &expected.message)?;
    let content_type = response
        .content_type
        .as_deref()
        .or_else(|| answered.message.header("content-type"));
    same_type(content_type, &expected)
}

/// A step that refuses decides the answer.
fn check_failure(case: &Case, error: RewriteError) -> Result<(), Wrong> {
    match error {
        RewriteError::Step { error, .. } => check_step_error(case, error),
        other => Err(other.to_string()),
    }
}

pub(crate) fn check_step_error(case: &Case, error: StepError) -> Result<(), Wrong> {
    match error {
        StepError::Refused {
            status, message, ..
        } => check_refusal(case, status, "message", &message),
        StepError::Malformed(message) => check_refusal(case, 400, "detail", &message),
        StepError::Unexpected(message) => Err(message),
    }
}

pub(crate) fn check_refusal(
    case: &Case,
    status: u16,
    member: &str,
    message: &str,
) -> Result<(), Wrong> {
    let expected = expected_answer(case)?;
    same_status(status, &expected)?;
    let body: Value = serde_json::from_str(&expected.message.body)
        .map_err(|error| format!("response.v1.http: {error}"))?;
    if body[member] != *message {
        return Err(format!("response.v1.http: the mapping says `{message}`"));
    }
    Ok(())
}

/// The body, rewritten: whole, and in pieces, which must make no difference.
pub(crate) fn rewritten(
    plan: &Arc<BodyPlan>,
    context: &Arc<StepContext>,
    body: &str,
) -> Result<Vec<u8>, RewriteError> {
    let run = |size: usize| {
        let mut rewriter =
            BodyRewriter::new(Arc::clone(plan), Arc::clone(context), Limits::default());
        let mut out = Vec::new();
        for piece in body.as_bytes().chunks(size) {
            rewriter.push(piece, &mut out)?;
        }
        rewriter.finish(&mut out)?;
        Ok(out)
    };
    let whole = run(body.len().max(1))?;
    for size in [1, 5, 64] {
        assert_eq!(run(size)?, whole, "pieces of {size} bytes");
    }
    Ok(whole)
}

pub(crate) fn same_call(
    file: &str,
    method: &str,
    target: &str,
    expected: &Request,
) -> Result<(), Wrong> {
    if (method, target) == (expected.method.as_str(), expected.target.as_str()) {
        return Ok(());
    }
    Err(format!(
        "{file}: expected {} {}\n    made     {method} {target}",
        expected.method, expected.target
    ))
}

pub(crate) fn same_status(status: u16, expected: &Response) -> Result<(), Wrong> {
    if status == expected.status {
        return Ok(());
    }
    Err(format!(
        "response.v1.http: expected status {}, made {status}",
        expected.status
    ))
}

/// JSON is compared as values whose members have an order; anything else as text.
pub(crate) fn same_body(file: &str, body: &[u8], expected: &Message) -> Result<(), Wrong> {
    let body = String::from_utf8_lossy(body);
    let (made, wanted) = if expected.is_json() && !expected.body.is_empty() {
        (canonical(&body), canonical(&expected.body))
    } else {
        (body.into_owned(), expected.body.clone())
    };
    if made == wanted {
        return Ok(());
    }
    Err(format!("{file}: expected {wanted}\n    made     {made}"))
}

/// JSON without insignificant spaces; what is no JSON says so.
fn canonical(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => value.to_string(),
        Err(error) => format!("{error}: {text}"),
    }
}

pub(crate) fn same_type(made: Option<&str>, expected: &Response) -> Result<(), Wrong> {
    let wanted = expected.message.header("content-type");
    if made == wanted || expected.message.body.is_empty() {
        return Ok(());
    }
    Err(format!(
        "response.v1.http: expected content type {wanted:?}, made {made:?}"
    ))
}
