//! Answers that a composition puts together from several V2 calls, some of them at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http::StatusCode;
use parking_lot::Mutex;
use pingora::proxy::Session;
use windlass_transforms::composition::{Composing, PartCall};
use windlass_transforms::plan::composed::ComposedPlan;
use windlass_transforms::rewrite::{BodyRewriter, Limits, RowReader, RowsError};

use super::call::{discard, exchange, finish, read_piece, upstream_head};
use super::downstream::send_known;
use super::reply::{Kept, answer};
use crate::app::App;
use crate::calling::Calling;
use crate::context::Context;
use crate::error::{Answer, Failure};
use crate::request::{self, Outgoing};
use crate::response::JsonBody;
use crate::routing::V1Request;
use crate::upstream::Connection;

/// What became of one call.
enum Outcome {
    /// Its answer was taken in.
    Answered,
    /// It was the first, and this is no success: it is the answer of the whole request.
    Refused(Box<Connection>),
}

/// Answers a request by a composition.
pub(super) async fn compose(
    app: &App,
    session: &mut Session,
    ctx: &mut Context,
    plan: &ComposedPlan,
    v1: &V1Request,
) -> Result<(), Failure> {
    let query = session.req_header().uri.query();
    let (context, renamed) = plan
        .context(&v1.values, query)
        .map_err(|error| Failure::call(&error))?;
    ctx.v1_parameters = renamed;
    if let Some(why) = v1.operation.refusal(&context) {
        return Err(Failure::malformed(why));
    }
    let name = plan.composition().name;
    let step = |error| Failure::step(name, error);
    let composing = Mutex::new(plan.start(&context).map_err(step)?);
    let context = Arc::new(context);
    request::drop_body(session, ctx, &app.limits).await?;
    if let Some(connection) = run(app, session, ctx, plan, &composing).await? {
        let (responses, kept) = (plan.responses(), Kept::default());
        return answer(app, session, ctx, responses, context, &kept, connection).await;
    }
    ctx.upstream_status = Some(StatusCode::OK.as_u16());
    let composed = composing.into_inner().finish().map_err(step)?.to_string();
    let response = plan.responses().of(StatusCode::OK.as_u16());
    let mut rewriter = BodyRewriter::new(response.body, context, app.limits.rewrite());
    let mut body = Vec::with_capacity(composed.len() + composed.len() / 8);
    rewriter
        .push(composed.as_bytes(), &mut body)
        .and_then(|()| rewriter.finish(&mut body))
        .map_err(Failure::response_body)?;
    let status = StatusCode::from_u16(response.status)
        .map_err(|_| Failure::wrong_answer("the mapping has an impossible status"))?;
    let content_type = response.content_type.as_deref();
    send_known(app, session, Answer::whole(status, content_type, body)).await
}

/// Makes all calls that the composition wants, some at a time. Returns the connection when the
/// first is refused.
async fn run(
    app: &App,
    session: &Session,
    ctx: &mut Context,
    plan: &ComposedPlan,
    composing: &Mutex<Box<dyn Composing>>,
) -> Result<Option<Connection>, Failure> {
    let mut wanted = VecDeque::new();
    let mut under_way = FuturesUnordered::new();
    loop {
        wanted.extend(composing.lock().calls());
        while under_way.len() < app.parallel_calls
            && let Some(call) = wanted.pop_front()
        {
            let at = plan
                .parts()
                .iter()
                .position(|part| part.name() == call.part);
            let calling = Calling::Part(at.unwrap_or_default());
            ctx.begin(calling);
            app.limits.check_calls(ctx.upstream_calls)?;
            let is_first = ctx.upstream_calls == 1;
            under_way.push(async move {
                let outcome = make(app, session, plan, &call, is_first, composing).await;
                (calling, outcome)
            });
        }
        let Some((calling, outcome)) = under_way.next().await else {
            return Ok(None);
        };
        ctx.calling = calling;
        if let Outcome::Refused(connection) = outcome? {
            return Ok(Some(*connection));
        }
    }
}

/// Makes one call, and shows its answer to the composition.
async fn make(
    app: &App,
    session: &Session,
    plan: &ComposedPlan,
    wanted: &PartCall,
    is_first: bool,
    composing: &Mutex<Box<dyn Composing>>,
) -> Result<Outcome, Failure> {
    let (part, call) = plan.call(wanted).map_err(|error| Failure::call(&error))?;
    let head = || request::lookup_head(session, &call, app.upstream.url());
    let mut connection = exchange(app, head, &Outgoing::None).await?;
    let status = upstream_head(&connection.session)?.status;
    if status != StatusCode::OK {
        if is_first && !status.is_success() {
            return Ok(Outcome::Refused(Box::new(connection)));
        }
        discard(app, &call.method, status, connection).await;
        return Err(Failure::wrong_answer(format!(
            "the upstream answered {}, where rows were expected",
            status.as_u16()
        )));
    }
    let failed = |error| match error {
        RowsError::Refused(error) => Failure::step(plan.composition().name, error),
        RowsError::TooLarge(_) => {
            Failure::wrong_answer(format!("{error} (limit `max_lookup_bytes`)"))
        }
        other => Failure::wrong_answer(format!(
            "the answer of the upstream cannot be used: {other}"
        )),
    };
    let limits = Limits {
        max_held_bytes: app.limits.max_lookup_bytes,
        ..app.limits.rewrite()
    };
    let mut see = |row| composing.lock().row(wanted, row);
    let mut reader = RowReader::new(part, limits);
    let mut body = JsonBody::of(upstream_head(&connection.session)?)?;
    while let Some(piece) = read_piece(&mut connection.session).await? {
        for slice in body.slices(piece) {
            reader
                .push(&body.decode(slice)?, &mut see)
                .map_err(failed)?;
        }
    }
    reader.push(&body.finish()?, &mut see).map_err(failed)?;
    let rest = reader.finish(&mut see).map_err(failed)?;
    finish(app, connection).await;
    composing
        .lock()
        .answered(wanted, rest)
        .map_err(|error| Failure::step(plan.composition().name, error))?;
    Ok(Outcome::Answered)
}
