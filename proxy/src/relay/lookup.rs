//! Look-ups: V2 calls made first, for values that the call itself needs.

use http::StatusCode;
use pingora::proxy::Session;
use serde_json::Value;
use windlass_transforms::plan::call::CallPlan;
use windlass_transforms::plan::lookup::LookupPlan;
use windlass_transforms::route::PathValues;
use windlass_transforms::step::StepContext;

use super::call::{discard, exchange, read_piece, upstream_head};
use super::reply::Kept;
use crate::app::App;
use crate::calling::Calling;
use crate::context::Context;
use crate::error::Failure;
use crate::lookups::Key;
use crate::request::{self, Outgoing};
use crate::upstream::Connection;

/// What the look-ups of a request have brought.
pub(super) struct LookedUp {
    /// With the values taken.
    pub(super) step_context: StepContext,
    /// Answers that a layout draws from.
    pub(super) kept: Kept,
    /// Values that were remembered from earlier requests.
    pub(super) remembered: Vec<Key>,
    /// The answer that is no success: it is then the answer of the whole request.
    pub(super) refused: Option<Connection>,
}

/// Makes the look-ups that this request needs, in their order.
pub(super) async fn look_up_all(
    app: &App,
    session: &Session,
    ctx: &mut Context,
    plan: &CallPlan,
    values: &PathValues,
    step_context: StepContext,
) -> Result<LookedUp, Failure> {
    let mut found = LookedUp {
        step_context,
        kept: Kept::default(),
        remembered: Vec::new(),
        refused: None,
    };
    for (at, lookup) in plan.lookups().iter().enumerate() {
        if lookup.wanted(&found.step_context) {
            found.refused = look_up(app, session, ctx, at, lookup, values, &mut found).await?;
            if found.refused.is_some() {
                break;
            }
        }
    }
    Ok(found)
}

/// Makes a look-up, unless it is remembered. Returns the connection when its answer is not a
/// success.
async fn look_up(
    app: &App,
    session: &Session,
    ctx: &mut Context,
    at: usize,
    lookup: &LookupPlan,
    values: &PathValues,
    found: &mut LookedUp,
) -> Result<Option<Connection>, Failure> {
    let looked_up = &mut found.step_context.looked_up;
    let call = lookup
        .call(values, looked_up)
        .map_err(|error| Failure::call(&error))?;
    let headers = &session.req_header().headers;
    let key = (lookup.is_unchanging() && !lookup.is_kept())
        .then(|| app.lookups.key(headers, &call.path_and_query))
        .flatten();
    if let Some(key) = &key
        && let Some(known) = app.lookups.get(key)
    {
        looked_up.extend(known);
        found.remembered.push(key.clone());
        return Ok(None);
    }
    ctx.begin(Calling::LookUp(at));
    let head = || request::lookup_head(session, &call, app.upstream.url());
    let mut connection = exchange(app, head, &Outgoing::None).await?;
    let status = upstream_head(&connection.session)?.status;
    if status == StatusCode::NOT_FOUND && lookup.may_find_nothing() {
        discard(app, &call.method, status, connection).await;
        take(lookup, &Value::Null, values, &mut found.step_context)?;
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
    let answer: Value = serde_json::from_slice(&body).map_err(|error| {
        Failure::wrong_answer(format!(
            "the answer of look-up `{}` is not JSON: {error}",
            lookup.name()
        ))
    })?;
    let is_complete = take(lookup, &answer, values, &mut found.step_context)?;
    if lookup.is_kept() {
        found.kept.insert(lookup.name().into(), body);
    }
    if let Some(key) = key.filter(|_| is_complete) {
        let looked_up = &found.step_context.looked_up;
        let taken = lookup
            .taken()
            .filter_map(|name| looked_up.get_key_value(name));
        let taken = taken.map(|(name, value)| (name.clone(), value.clone()));
        app.lookups.put(key, taken.collect());
    }
    Ok(None)
}

fn take(
    lookup: &LookupPlan,
    answer: &Value,
    values: &PathValues,
    step_context: &mut StepContext,
) -> Result<bool, Failure> {
    lookup
        .take(answer, values, &mut step_context.looked_up)
        .map_err(|error| Failure::wrong_answer(error.to_string()))
}
