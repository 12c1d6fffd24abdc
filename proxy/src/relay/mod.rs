//! A V1 request from start to end: look-ups, the V2 call, and its answer on the way back; and
//! the V2 requests that need no more than that ([`pass`](pass())).
//!
//! Rewritten requests do not run through pingora's own forwarding: there the header of an
//! answer leaves before its body is known. Here the header of a small answer waits until the
//! body is rewritten, so that it can carry the exact length and a body that cannot be
//! rewritten becomes a clean error. What is larger, or comes slowly, streams.

mod call;
mod downstream;
mod lookup;
mod pass;
mod reply;

use std::sync::Arc;

use pingora::proxy::Session;
use pingora::{Error, ErrorType};
use serde_json::Map;
use windlass_transforms::plan::call::RequestBody;
use windlass_transforms::plan::operation::Kind as OperationKind;

use crate::app::App;
use crate::context::Context;
use crate::error::Failure;
use crate::request::{self, Incoming, Outgoing};
use crate::routing::V1Request;
use lookup::look_up;
use reply::answer;

pub(crate) use downstream::{has_answered, send_known};
pub(crate) use pass::{is_plain, pass};

/// Answers a V1 request.
///
/// An error is answered by the caller if nothing was sent yet; otherwise the connection must
/// be closed, so that the client can tell.
pub(crate) async fn relay(
    app: &App,
    session: &mut Session,
    ctx: &mut Context,
    v1: &V1Request,
) -> Result<(), Failure> {
    let OperationKind::Call(plan) = &v1.operation.kind else {
        return Err(Failure::internal(Error::explain(
            ErrorType::InternalError,
            "an operation without a V2 call was sent to the relay",
        )));
    };
    let incoming = request::receive(session, ctx, plan, &app.limits).await?;
    let query = session.req_header().uri.query().map(str::to_owned);
    let mut step_context = plan.context(&v1.values, query.as_deref(), Map::new());
    for lookup in plan.lookups() {
        if lookup.wanted(&step_context) {
            let looked_up = look_up(app, session, lookup, &v1.values, &mut step_context).await?;
            if let Some(connection) = looked_up {
                // What the look-up was refused, the call would be refused too.
                return answer(app, session, ctx, plan, Arc::new(step_context), connection).await;
            }
        }
    }
    let body_query = match &incoming {
        Incoming::Query(body) => Some(body),
        Incoming::None | Incoming::Json(_) | Incoming::Stream => None,
    };
    let v2 = plan
        .call(
            &v1.values,
            query.as_deref(),
            body_query,
            &step_context.looked_up,
        )
        .map_err(|error| Failure::call(&error))?;
    ctx.v1_parameters.clone_from(&v2.v1_parameters);
    let step_context = Arc::new(step_context);
    let outgoing = match (incoming, plan.request_body()) {
        (Incoming::Json(json), RequestBody::Rewrite(body_plan)) => Outgoing::Whole(
            request::rewrite_body(ctx, &body_plan, &step_context, &json, &app.limits)?,
        ),
        (_, RequestBody::Drawn(body)) => Outgoing::Whole(body.fill(&step_context.path).into()),
        (Incoming::Stream, _) => Outgoing::Stream,
        (Incoming::None | Incoming::Query(_) | Incoming::Json(_), _) => Outgoing::None,
    };
    let connection = call::send(app, session, ctx, &v2, &outgoing).await?;
    answer(app, session, ctx, plan, step_context, connection).await
}
