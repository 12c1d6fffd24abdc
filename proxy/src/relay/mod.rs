//! A V1 request from start to end: look-ups, the V2 call or calls, and the answer on the way
//! back; and the V2 requests that need no more than that ([`pass`](pass())).
//!
//! Rewritten requests do not run through pingora's own forwarding: there the header of an
//! answer leaves before its body is known. Here the header of a small answer waits until the
//! body is rewritten, so that it can carry the exact length and a body that cannot be
//! rewritten becomes a clean error. What is larger, or comes slowly, streams.

mod call;
mod compose;
mod downstream;
mod lookup;
mod pages;
mod pass;
mod reply;

use std::sync::Arc;

use http::StatusCode;
use pingora::proxy::Session;
use pingora::{Error, ErrorType};
use serde_json::Map;
use windlass_transforms::plan::call::{CallPlan, RequestBody};
use windlass_transforms::plan::operation::Kind as OperationKind;

use crate::app::App;
use crate::calling::Calling;
use crate::context::Context;
use crate::error::Failure;
use crate::request::{self, Incoming, Outgoing};
use crate::routing::V1Request;
use lookup::LookedUp;
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
    let outcome = match &v1.operation.kind {
        OperationKind::Call(plan) => call_v2(app, session, ctx, plan, v1).await,
        OperationKind::Composed(plan) => compose::compose(app, session, ctx, plan, v1).await,
        OperationKind::Answer(_) | OperationKind::None { .. } | OperationKind::Unmapped => {
            Err(Failure::internal(Error::explain(
                ErrorType::InternalError,
                "an operation without a V2 call was sent to the relay",
            )))
        }
    };
    outcome.map_err(|failure| failure.during(ctx.calling.describe(&v1.operation)))
}

/// Answers with what one V2 call is answered, or the pages of one list.
async fn call_v2(
    app: &App,
    session: &mut Session,
    ctx: &mut Context,
    plan: &CallPlan,
    v1: &V1Request,
) -> Result<(), Failure> {
    let query = session.req_header().uri.query().map(str::to_owned);
    let query = query.as_deref();
    let step_context = plan.context(&v1.values, query, Map::new());
    if let Some(why) = v1.operation.refusal(&step_context) {
        return Err(Failure::malformed(why));
    }
    let incoming = request::receive(session, ctx, plan, &app.limits).await?;
    let body_query = match &incoming {
        Incoming::Query(body) => Some(body),
        Incoming::None | Incoming::Json(_) | Incoming::Stream => None,
    };
    loop {
        let LookedUp {
            step_context,
            kept,
            remembered,
            refused,
        } = lookup::look_up_all(app, session, ctx, plan, &v1.values, step_context.clone()).await?;
        let step_context = Arc::new(step_context);
        if let Some(connection) = refused {
            // What the look-up was refused, the call would be refused too.
            let responses = plan.responses();
            return answer(
                app,
                session,
                ctx,
                responses,
                step_context,
                &kept,
                connection,
            )
            .await;
        }
        let v2 = plan
            .call(&v1.values, query, body_query, &step_context.looked_up)
            .map_err(|error| Failure::call(&error))?;
        ctx.v1_parameters.clone_from(&v2.v1_parameters);
        if let Some(pages) = plan.pages() {
            return pages::answer_pages(app, session, ctx, plan, pages, &v2, step_context).await;
        }
        let outgoing = match (&incoming, plan.request_body()) {
            (_, RequestBody::Drawn(body)) => Outgoing::Whole(body.fill(&step_context.path).into()),
            (Incoming::Json(json), RequestBody::Rewrite(body_plan)) => Outgoing::Whole(
                request::rewrite_body(ctx, &body_plan, &step_context, json, &app.limits)?,
            ),
            (Incoming::Stream, _) => Outgoing::Stream,
            (Incoming::None | Incoming::Query(_) | Incoming::Json(_), _) => Outgoing::None,
        };
        ctx.begin(Calling::Main);
        let connection = call::send(app, session, ctx, &v2, &outgoing).await?;
        let status = call::upstream_head(&connection.session)?.status;
        if status == StatusCode::NOT_FOUND && !remembered.is_empty() {
            // What was looked up once may be gone since, and another be in its place.
            for key in &remembered {
                app.lookups.forget(key);
            }
            if !matches!(outgoing, Outgoing::Stream) {
                call::discard(app, &v2.method, status, connection).await;
                continue;
            }
        }
        let responses = plan.responses();
        return answer(
            app,
            session,
            ctx,
            responses,
            step_context,
            &kept,
            connection,
        )
        .await;
    }
}
