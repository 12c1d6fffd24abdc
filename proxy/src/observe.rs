//! What is left of a request when it is over: its record, its counts, and a line in the log
//! when something failed.

use pingora::proxy::Session;
use windlass_transforms::exchange::{Generation, Outcome};

use crate::app::App;
use crate::context::Context;
use crate::error::Failure;
use crate::headers;
use crate::metrics::{Sample, Traffic};
use crate::record::{self, Line};

/// Notes a failure. Failures are logged here and nowhere else; refusals are not logged, since
/// records have them.
pub(crate) fn failed(ctx: &mut Context, failure: &Failure) {
    ctx.outcome = failure.outcome();
    ctx.reason = Some(failure.reason());
    ctx.failed_call = failure.failed_call().map(str::to_owned);
    if ctx.outcome != Outcome::Failed {
        return;
    }
    let operation = ctx.operation.as_ref().map_or("-", |o| o.id.as_str());
    let status = failure.status().map_or(0, |status| status.as_u16());
    if failure.is_upstream_or_internal() {
        tracing::warn!(
            operation.id = operation,
            downstream.status = status,
            upstream.status = ctx.upstream_status,
            "failed to answer `{operation}`: {failure}"
        );
    } else {
        tracing::debug!(
            operation.id = operation,
            "failed to answer `{operation}`: {failure}"
        );
    }
}

/// Records and counts a request that is over.
pub(crate) fn ended(app: &App, session: &Session, ctx: &Context) {
    let duration = ctx.started.elapsed();
    let request_bytes = session.body_bytes_read() as u64;
    let response_bytes = session.body_bytes_sent() as u64;
    app.metrics.count(&Sample {
        operation: match (&ctx.operation, ctx.generation) {
            (Some(operation), _) => Traffic::V1(&operation.id),
            (None, Generation::V2) => Traffic::V2,
            (None, Generation::V1) => Traffic::Unknown,
        },
        outcome: ctx.outcome,
        seconds: duration.as_secs_f64(),
        request_bytes,
        response_bytes,
    });
    if !app.recorder.is_on() {
        return;
    }
    let head = session.req_header();
    let address = session.client_addr().and_then(|a| a.as_inet());
    let client = record::client(
        &head.headers,
        address.map(|a| headers::address_text(a.ip())),
    );
    let mut line = Line::new(ctx.time, &head.method, client);
    if let Some(operation) = &ctx.operation {
        line = line.of(operation);
    }
    line.generation = ctx.generation;
    line.versionless = ctx.versionless;
    line.v1_parameters = &ctx.v1_parameters;
    line.v1_fields = &ctx.v1_fields;
    line.downstream_status = session
        .response_written()
        .map(|head| head.status.as_u16())
        .filter(|status| *status >= 200);
    line.upstream_status = ctx.upstream_status;
    line.request_bytes = request_bytes;
    line.response_bytes = response_bytes;
    line.duration = duration;
    line.upstream_calls = ctx.upstream_calls;
    line.outcome = ctx.outcome;
    line.reason = ctx.reason;
    line.failed_call = ctx.failed_call.as_deref();
    app.recorder.push(&line);
}
