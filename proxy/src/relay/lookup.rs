//! Look-ups: V2 calls made first, for values that the call itself needs.

use http::StatusCode;
use pingora::proxy::Session;
use serde_json::Value;
use windlass_transforms::plan::lookup::LookupPlan;
use windlass_transforms::route::PathValues;
use windlass_transforms::step::StepContext;

use super::call::{discard, exchange, read_piece, upstream_head};
use crate::app::App;
use crate::error::Failure;
use crate::request::{self, Outgoing};
use crate::upstream::Connection;

/// Makes a look-up. Returns the connection when its answer is not a success: that answer is
/// then the answer of the whole request.
pub(super) async fn look_up(
    app: &App,
    session: &Session,
    lookup: &LookupPlan,
    values: &PathValues,
    step_context: &mut StepContext,
) -> Result<Option<Connection>, Failure> {
    let call = lookup
        .call(values, &step_context.looked_up)
        .map_err(|error| Failure::call(&error))?;
    let head = || request::lookup_head(session, &call, app.upstream.url());
    let mut connection = exchange(app, head, &Outgoing::None).await?;
    let status = upstream_head(&connection.session)?.status;
    if status == StatusCode::NOT_FOUND && lookup.may_find_nothing() {
        discard(app, &call.method, status, connection).await;
        take(lookup, &Value::Null, values, step_context)?;
        return Ok(None);
    }
    if !status.is_success() {
        return Ok(Some(connection));
    }
    let mut body = Vec::new();
    while let Some(piece) = read_piece(&mut connection.session).await? {
        if body.len() + piece.len() > app.limits.max_lookup_bytes {
            return Err(app.limits.lookup_too_large());
        }
        body.extend_from_slice(piece);
    }
    app.upstream.release(connection).await;
    let found: Value = serde_json::from_slice(&body).map_err(|error| {
        Failure::wrong_answer(format!(
            "the answer of look-up `{}` is not JSON: {error}",
            lookup.name()
        ))
    })?;
    take(lookup, &found, values, step_context)?;
    Ok(None)
}

fn take(
    lookup: &LookupPlan,
    found: &Value,
    values: &PathValues,
    step_context: &mut StepContext,
) -> Result<(), Failure> {
    lookup
        .take(found, values, &mut step_context.looked_up)
        .map(|_| ())
        .map_err(|error| Failure::wrong_answer(error.to_string()))
}
