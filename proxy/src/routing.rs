//! Rewrite, pass through, answer or refuse: what becomes of a request line, and why.
//!
//! `/v2…` passes through. `/v1…` is a V1 request, and so is every path without a version, which
//! V1 servers treated as if `/v1` stood in front. Under [`Versionless::Enforce`] a path without
//! a version is refused, as V2 servers do; only `/version` and `/health`, which V2 servers
//! answer without a version too, then pass through.
//!
//! Without enforcement `/version` and `/health` are V1 requests like all others. Clients that
//! speak both generations ask `/version` to learn which one they have in front of them, and
//! take everything but `"2"` for V1: they go on with `/v1`, which works. Clients of V2 alone
//! ask `/v2/version`.
//!
//! The port of a single service knows the V1 operations of that service and nothing else: there
//! `/v2…` is a path without a version, as it was for V1 servers.

use std::sync::Arc;

use http::Method;
use pingora::proxy::Session;
use windlass_transforms::exchange::Generation;
use windlass_transforms::plan::operation::{AnswerPlan, Kind as OperationKind, Operation};
use windlass_transforms::route::{PathValues, Route, RouteTable};

use crate::app::App;
use crate::context::Context;
use crate::error::{Answer, Failure, Kind};

/// What happens to V1 requests whose path has no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versionless {
    /// They are rewritten like those with `/v1`.
    #[default]
    Rewrite,
    /// They are refused with 404, saying which path to use.
    Enforce,
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Destination {
    /// V2: forwarded unchanged.
    PassThrough,
    /// A V1 operation that takes V2 calls.
    Rewrite(V1Request),
    /// A V1 operation that the proxy answers itself.
    Answer(Arc<Operation>, Answer),
    /// The methods of a V1 path, asked for with `OPTIONS`.
    Options(Answer),
    /// Neither forwarded nor answered; with the operation, where one is known.
    Refuse(Failure, Option<Arc<Operation>>),
}

/// A request of a V1 operation.
#[derive(Debug)]
pub(crate) struct V1Request {
    /// The operation. Its kind is [`OperationKind::Call`] or
    /// [`OperationKind::Composed`].
    pub(crate) operation: Arc<Operation>,
    /// The values of its path.
    pub(crate) values: PathValues,
}

/// A path, cut into version and rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face<'a> {
    /// `/v1…`: what follows the version.
    V1(&'a str),
    /// `/v2…`.
    V2,
    /// No version: the whole path.
    Versionless(&'a str),
}

impl<'a> Face<'a> {
    /// Looks at the first segment. Doubled slashes in front of it do not matter.
    pub(crate) fn of(path: &'a str) -> Self {
        let trimmed = path.trim_start_matches('/');
        let (first, rest) = match trimmed.find('/') {
            Some(at) => trimmed.split_at(at),
            None => (trimmed, ""),
        };
        match first {
            "v1" => Self::V1(rest),
            "v2" => Self::V2,
            _ => Self::Versionless(path),
        }
    }

    /// The same where there is no V2.
    fn without_v2(self, path: &'a str) -> Self {
        match self {
            Self::V2 => Self::Versionless(path),
            other => other,
        }
    }
}

/// Decides where a request goes, and notes what kind of request it is. `service` is that of the
/// port, where the port has one alone.
pub(crate) fn route(
    app: &App,
    service: Option<&str>,
    session: &Session,
    ctx: &mut Context,
) -> Destination {
    let head = session.req_header();
    let path = head.uri.path();
    let (routes, face) = match service {
        None => (app.mappings.routes(), Face::of(path)),
        Some(service) => {
            let routes = app.mappings.service_routes(service);
            let routes = routes.expect("a port is opened for a service that there is");
            (routes, Face::of(path).without_v2(path))
        }
    };
    ctx.versionless = matches!(face, Face::Versionless(_));
    let destination = match app.limits.check_head(head) {
        Err(failure) => Destination::Refuse(failure, None),
        // What is not UTF-8 has been replaced in what is matched here.
        Ok(()) if face != Face::V2 && !head.raw_path_is_utf8() => {
            Destination::Refuse(Failure::malformed("the path is not UTF-8"), None)
        }
        Ok(()) => destination(app, service, routes, &head.method, face),
    };
    let is_v2 = face == Face::V2 || matches!(destination, Destination::PassThrough);
    ctx.generation = if is_v2 {
        Generation::V2
    } else {
        Generation::V1
    };
    destination
}

fn destination(
    app: &App,
    service: Option<&str>,
    routes: &RouteTable,
    method: &Method,
    face: Face<'_>,
) -> Destination {
    let path = match face {
        Face::V2 => return Destination::PassThrough,
        Face::V1(path) | Face::Versionless(path) => path,
    };
    if app.versionless == Versionless::Enforce && matches!(face, Face::Versionless(_)) {
        return enforced(routes, method, path);
    }
    match routes.find(method, path) {
        Route::Found { operation, values } => match &operation.kind {
            OperationKind::Call(_) | OperationKind::Composed(_) => {
                Destination::Rewrite(V1Request { operation, values })
            }
            OperationKind::Answer(plan) => {
                let answer = answer(app, service, plan);
                Destination::Answer(operation, answer)
            }
            OperationKind::None { reason, instead } => {
                let failure = removed(&operation, reason, instead);
                Destination::Refuse(failure, Some(operation))
            }
            OperationKind::Unmapped => {
                let failure = unmapped(&operation);
                Destination::Refuse(failure, Some(operation))
            }
        },
        Route::WrongMethod { mut allowed } => {
            allowed.push(Method::OPTIONS);
            if method == Method::OPTIONS {
                Destination::Options(Answer::options(&allowed))
            } else {
                Destination::Refuse(Failure::wrong_method(allowed), None)
            }
        }
        Route::Unknown => Destination::Refuse(Failure::unknown_route(), None),
        Route::Malformed { what } => {
            let failure = Failure::malformed(format!("the path has {what}"));
            Destination::Refuse(failure, None)
        }
    }
}

/// What a mapping answers by itself; a document of the API is made at its first request.
fn answer(app: &App, service: Option<&str>, plan: &AnswerPlan) -> Answer {
    let Some(documents) = app.documents.as_ref().filter(|_| plan.document.is_some()) else {
        return Answer::planned(plan);
    };
    match documents.answer(plan, service) {
        Ok(text) => Answer::document(plan, &text),
        Err(error) => {
            tracing::error!("failed to derive the V1 document: {error}");
            Answer::planned(plan)
        }
    }
}

fn enforced(routes: &RouteTable, method: &Method, path: &str) -> Destination {
    let is_probe = matches!(path.trim_matches('/'), "version" | "health");
    if is_probe && matches!(*method, Method::GET | Method::HEAD) {
        return Destination::PassThrough;
    }
    let (message, operation) = match routes.find(method, path) {
        Route::Found { operation, .. } => {
            let v1 = format!("{} /v1{}", operation.v1.method, operation.v1.template);
            let message = match &operation.kind {
                OperationKind::Call(call) => format!(
                    "paths without an API version are not served here: use `{v1}`, or in V2 \
                     `{} /v2{}`",
                    call.v2().method,
                    call.v2().template
                ),
                _ => format!("paths without an API version are not served here: use `{v1}`"),
            };
            (message, Some(operation))
        }
        _ => (
            "paths without an API version are not served here: use one that begins with `/v1` \
             or `/v2`"
                .to_owned(),
            None,
        ),
    };
    Destination::Refuse(Failure::new(Kind::Versionless, message), operation)
}

fn removed(operation: &Operation, reason: &str, instead: &str) -> Failure {
    let mut message = format!(
        "{} /v1{} has no equivalent in the V2 API: {reason}",
        operation.v1.method, operation.v1.template
    );
    if !instead.is_empty() {
        message.push_str("; instead: ");
        message.push_str(instead);
    }
    Failure::new(Kind::Removed, message)
}

fn unmapped(operation: &Operation) -> Failure {
    Failure::new(
        Kind::Unmapped,
        format!(
            "{} /v1{} (`{}`) is not supported by this proxy yet",
            operation.v1.method, operation.v1.template, operation.id
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_segment_tells_the_version() {
        for (path, face) in [
            ("/v1/images", Face::V1("/images")),
            ("/v1", Face::V1("")),
            ("/v1/", Face::V1("/")),
            ("//v1//images/", Face::V1("//images/")),
            ("/v2/images", Face::V2),
            ("/v2", Face::V2),
            ("//v2/images", Face::V2),
            ("/", Face::Versionless("/")),
            ("/images", Face::Versionless("/images")),
            ("/v1x/images", Face::Versionless("/v1x/images")),
            ("/V2/images", Face::Versionless("/V2/images")),
            ("/v3/images", Face::Versionless("/v3/images")),
            ("*", Face::Versionless("*")),
        ] {
            assert_eq!(Face::of(path), face, "{path}");
        }
    }
}
