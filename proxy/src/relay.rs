//! A V1 request from start to end: look-ups, the V2 call, and its answer on the way back.
//!
//! Rewritten requests do not run through pingora's own forwarding: there the header of an
//! answer leaves before its body is known. Here the header of a small answer waits until the
//! body is rewritten, so that it can carry the exact length and a body that cannot be
//! rewritten becomes a clean error. What is larger, or comes slowly, streams.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, StatusCode, Version, header};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::client::HttpSession;
use pingora::proxy::Session;
use pingora::{Error, ErrorType};
use serde_json::{Map, Value};
use windlass_transforms::plan::call::{CallPlan, RequestBody, UpstreamCall};
use windlass_transforms::plan::lookup::LookupPlan;
use windlass_transforms::plan::operation::Kind as OperationKind;
use windlass_transforms::route::PathValues;
use windlass_transforms::step::StepContext;

use crate::app::App;
use crate::context::Context;
use crate::error::{Answer, Failure};
use crate::headers;
use crate::request::{self, Incoming, Outgoing};
use crate::response::{self, BodyPipe, Reply};
use crate::routing::V1Request;
use crate::upstream::Connection;

/// An answer up to this size is held until it is complete, if it comes at once.
const HOLD: usize = 64 << 10;
/// What is ready is sent when it reaches this size, even if more could be had at once.
const PIECE: usize = 256 << 10;
/// An upstream body that nobody wants is read up to this size, to keep the connection.
const DISCARD: usize = 64 << 10;

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
    let call = plan
        .call(
            &v1.values,
            query.as_deref(),
            body_query,
            &step_context.looked_up,
        )
        .map_err(|error| Failure::call(&error))?;
    ctx.v1_parameters.clone_from(&call.v1_parameters);
    let step_context = Arc::new(step_context);
    let outgoing = match (incoming, plan.request_body()) {
        (Incoming::Json(json), RequestBody::Rewrite(body_plan)) => Outgoing::Whole(
            request::rewrite_body(ctx, &body_plan, &step_context, &json, &app.limits)?,
        ),
        (Incoming::Stream, _) => Outgoing::Stream,
        (Incoming::None | Incoming::Query(_) | Incoming::Json(_), _) => Outgoing::None,
    };
    let connection = send(app, session, ctx, &call, &outgoing).await?;
    answer(app, session, ctx, plan, step_context, connection).await
}

/// Makes a look-up. Returns the connection when its answer is not a success: that answer is
/// then the answer of the whole request.
async fn look_up(
    app: &App,
    session: &Session,
    lookup: &LookupPlan,
    values: &PathValues,
    step_context: &mut StepContext,
) -> Result<Option<Connection>, Failure> {
    let call = lookup
        .call(values, &step_context.looked_up)
        .map_err(|error| Failure::call(&error))?;
    let head = request::lookup_head(session, &call, app.upstream.url())?;
    let mut connection = exchange(app, &head, &Outgoing::None).await?;
    let status = upstream_head(&connection.session)?.status;
    if status == StatusCode::NOT_FOUND && lookup.may_find_nothing() {
        discard(app, &head.method, status, connection).await;
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
        .map_err(|error| Failure::wrong_answer(error.to_string()))
}

/// Sends the call; returns when the header of its answer has arrived.
async fn send(
    app: &App,
    session: &mut Session,
    ctx: &mut Context,
    call: &UpstreamCall,
    outgoing: &Outgoing,
) -> Result<Connection, Failure> {
    let head = request::head(session, call, outgoing, app.upstream.url())?;
    if matches!(outgoing, Outgoing::Stream) {
        stream(app, session, ctx, head).await
    } else {
        exchange(app, &head, outgoing).await
    }
}

/// Sends a request that can be repeated, and waits for the header of its answer.
///
/// A kept connection may be closed by the upstream at any moment. Then, and if the method
/// allows it, the request is sent again on a new one.
async fn exchange(
    app: &App,
    head: &RequestHeader,
    outgoing: &Outgoing,
) -> Result<Connection, Failure> {
    loop {
        let mut connection = app.upstream.connect().await?;
        match try_exchange(&mut connection.session, head, outgoing).await {
            Ok(()) => return Ok(connection),
            Err(error)
                if connection.is_reused
                    && head.method.is_idempotent()
                    && is_closed(error.etype()) =>
            {
                tracing::debug!("a kept upstream connection was closed, trying another");
            }
            Err(error) => return Err(Failure::upstream(error)),
        }
    }
}

async fn try_exchange(
    upstream: &mut HttpSession,
    head: &RequestHeader,
    outgoing: &Outgoing,
) -> pingora::Result<()> {
    upstream
        .write_request_header(Box::new(head.clone()))
        .await?;
    if let Outgoing::Whole(body) = outgoing
        && !body.is_empty()
    {
        upstream.write_request_body(body.clone(), true).await?;
    }
    upstream.finish_request_body().await?;
    read_head(upstream).await
}

fn is_closed(kind: &ErrorType) -> bool {
    matches!(
        kind,
        ErrorType::ConnectionClosed | ErrorType::ReadError | ErrorType::WriteError
    )
}

/// Reads answers until one is final. Interim ones (`100`, `103`) are ours to swallow: the
/// client was told to go on already.
async fn read_head(upstream: &mut HttpSession) -> pingora::Result<()> {
    loop {
        upstream.read_response_header().await?;
        let status = upstream.response_header().map(|head| head.status);
        match status {
            Some(status) if status.is_informational() => {
                if status == StatusCode::SWITCHING_PROTOCOLS {
                    return Error::e_explain(
                        ErrorType::InvalidHTTPHeader,
                        "the upstream switched protocols, which nobody asked for",
                    );
                }
            }
            _ => return Ok(()),
        }
    }
}

/// Sends a request whose body is passed on while it arrives.
async fn stream(
    app: &App,
    session: &mut Session,
    ctx: &mut Context,
    head: RequestHeader,
) -> Result<Connection, Failure> {
    let mut connection = app.upstream.connect().await?;
    let upstream = &mut connection.session;
    upstream
        .write_request_header(Box::new(head))
        .await
        .map_err(Failure::upstream)?;
    request::invite(session).await?;
    loop {
        tokio::select! {
            biased;
            piece = session.downstream_session.read_request_body() => {
                let Some(piece) = piece.map_err(Failure::downstream)? else {
                    upstream.finish_request_body().await.map_err(Failure::upstream)?;
                    break;
                };
                ctx.request_bytes += piece.len() as u64;
                if ctx.request_bytes > app.limits.max_body_bytes as u64 {
                    return Err(app.limits.body_too_large());
                }
                if piece.is_empty() {
                    continue;
                }
                if let Err(error) = upstream.write_request_body(piece, false).await {
                    // It may have answered before it closed: that answer says more.
                    return match read_head(upstream).await {
                        Ok(()) => {
                            connection.is_spent = true;
                            Ok(connection)
                        }
                        Err(_) => Err(Failure::upstream(error)),
                    };
                }
            }
            early = read_head(upstream) => {
                early.map_err(Failure::upstream)?;
                connection.is_spent = true;
                return Ok(connection);
            }
        }
    }
    read_head(upstream).await.map_err(Failure::upstream)?;
    Ok(connection)
}

fn upstream_head(upstream: &HttpSession) -> Result<&ResponseHeader, Failure> {
    upstream.response_header().ok_or_else(|| {
        Failure::internal(Error::explain(
            ErrorType::InternalError,
            "the header of the upstream's answer was not kept",
        ))
    })
}

/// The next piece of an upstream body; `None` at its end.
async fn read_piece(upstream: &mut HttpSession) -> Result<Option<&[u8]>, Failure> {
    match upstream {
        HttpSession::H1(session) => session.read_body_ref().await.map_err(Failure::upstream),
        HttpSession::H2(_) | HttpSession::Custom(()) => Err(Failure::internal(Error::explain(
            ErrorType::InternalError,
            "the upstream is spoken to in HTTP/1.1",
        ))),
    }
}

/// Sends the upstream's answer to the client as the plan says.
async fn answer(
    app: &App,
    session: &mut Session,
    ctx: &mut Context,
    plan: &CallPlan,
    step_context: Arc<StepContext>,
    mut connection: Connection,
) -> Result<(), Failure> {
    let method = session.req_header().method.clone();
    let upstream = upstream_head(&connection.session)?;
    let status = upstream.status;
    ctx.upstream_status = Some(status.as_u16());
    let response = plan.response(status.as_u16());
    let reply = response::reply(
        &method,
        upstream,
        &response,
        &step_context,
        app.limits.rewrite(),
    );
    match reply {
        Ok(Reply::Known(known)) => {
            discard(app, &method, status, connection).await;
            send_known(app, session, known).await
        }
        Ok(Reply::Pass(head)) => {
            pass(app, session, head, &mut connection).await?;
            finish(app, connection).await;
            Ok(())
        }
        Ok(Reply::Rewrite(head, pipe)) => {
            rewrite(app, session, head, *pipe, &mut connection).await?;
            finish(app, connection).await;
            Ok(())
        }
        Err(failure) => {
            discard(app, &method, status, connection).await;
            Err(failure)
        }
    }
}

/// Keeps a connection whose answer was read to its end.
async fn finish(app: &App, mut connection: Connection) {
    if !connection.is_spent && connection.session.response_done() {
        app.upstream.release(connection).await;
    }
}

/// Reads and drops a body that nobody wants, if it is small and there at once; a connection is
/// not worth more.
async fn discard(app: &App, method: &Method, status: StatusCode, mut connection: Connection) {
    let mut read = 0;
    if !response::is_bodiless(method, status) {
        loop {
            match ready(read_piece(&mut connection.session)).await {
                Some(Ok(Some(piece))) if read < DISCARD => read += piece.len(),
                Some(Ok(None)) => break,
                _ => return,
            }
        }
    }
    finish(app, connection).await;
}

/// The outcome of an operation that need not wait; `None` when it would have to.
async fn ready<T>(operation: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        outcome = operation => Some(outcome),
        () = std::future::ready(()) => None,
    }
}

/// Whether the header of an answer has left already.
pub(crate) fn has_answered(session: &Session) -> bool {
    session
        .response_written()
        .is_some_and(|head| !head.status.is_informational())
}

/// Sends an answer of our own.
pub(crate) async fn send_known(
    app: &App,
    session: &mut Session,
    answer: Answer,
) -> Result<(), Failure> {
    let (head, body) = answer.into_parts().map_err(Failure::internal)?;
    send_whole(app, session, head, body.as_ref()).await
}

/// Sends a complete answer, its length being in the header.
async fn send_whole(
    app: &App,
    session: &mut Session,
    head: ResponseHeader,
    body: &[u8],
) -> Result<(), Failure> {
    let bodiless = response::is_bodiless(&session.req_header().method, head.status);
    send_head(app, session, head).await?;
    if !bodiless {
        write(session, body).await?;
    }
    end(session).await
}

async fn send_head(app: &App, session: &mut Session, head: ResponseHeader) -> Result<(), Failure> {
    if app.gate.is_stopping() {
        session.set_keepalive(None);
    }
    session
        .downstream_session
        .write_response_header(Box::new(head))
        .await
        .map_err(Failure::downstream)
}

/// Writes a piece of body, without a copy where the connection allows it.
async fn write(session: &mut Session, piece: &[u8]) -> Result<(), Failure> {
    if piece.is_empty() {
        return Ok(());
    }
    match &mut *session.downstream_session {
        ServerSession::H1(http1) => http1.write_body(piece).await.map(|_| ()),
        other => {
            other
                .write_response_body(Bytes::copy_from_slice(piece), false)
                .await
        }
    }
    .map_err(Failure::downstream)
}

async fn end(session: &mut Session) -> Result<(), Failure> {
    session
        .downstream_session
        .write_response_body(Bytes::new(), true)
        .await
        .map_err(Failure::downstream)
}

/// Frames an answer whose length is not known: chunks for HTTP/1.1, until the end of the
/// connection for HTTP/1.0, frames for HTTP/2.
fn frame_unknown_length(head: &mut ResponseHeader, client: Version) -> pingora::Result<()> {
    head.remove_header(&header::CONTENT_LENGTH);
    head.remove_header(&header::TRANSFER_ENCODING);
    if client == Version::HTTP_11 {
        head.insert_header(header::TRANSFER_ENCODING, "chunked")?;
    }
    Ok(())
}

/// Sends an answer whose body leaves as it comes.
async fn pass(
    app: &App,
    session: &mut Session,
    mut head: ResponseHeader,
    connection: &mut Connection,
) -> Result<(), Failure> {
    let client = session.req_header();
    let upstream = upstream_head(&connection.session)?;
    let bodiless = response::is_bodiless(&client.method, upstream.status);
    let version = client.version;
    if !bodiless && headers::content_length(&head.headers).is_none() {
        frame_unknown_length(&mut head, version).map_err(Failure::internal)?;
    }
    send_head(app, session, head).await?;
    if !bodiless {
        while let Some(piece) = read_piece(&mut connection.session).await? {
            write(session, piece).await?;
        }
    }
    end(session).await
}

/// Sends an answer whose body is rewritten while it arrives.
async fn rewrite(
    app: &App,
    session: &mut Session,
    mut head: ResponseHeader,
    mut pipe: BodyPipe,
    connection: &mut Connection,
) -> Result<(), Failure> {
    let client = session.req_header();
    let version = client.version;
    if app.gzip && response::accepts_gzip(&client.headers) {
        pipe.compress();
        head.insert_header(header::CONTENT_ENCODING, "gzip")
            .and_then(|()| {
                head.append_header(header::VARY, "Accept-Encoding")
                    .map(|_| ())
            })
            .map_err(Failure::internal)?;
    }
    // A small answer is worth waiting for: its header then tells the length.
    let upstream = upstream_head(&connection.session)?;
    let is_small = headers::content_length(&upstream.headers).is_some_and(|n| n <= HOLD as u64);
    // `Some` until the header is sent.
    let mut waiting = Some(head);
    loop {
        let piece = if pipe.ready() == 0 || is_small {
            Some(read_piece(&mut connection.session).await?)
        } else {
            ready(read_piece(&mut connection.session))
                .await
                .transpose()?
        };
        match piece {
            Some(Some(piece)) => {
                pipe.push(piece)?;
                let enough = if waiting.is_some() { HOLD } else { PIECE };
                if pipe.ready() < enough {
                    continue;
                }
            }
            Some(None) => break,
            // More is to come, but not at once: what there is leaves.
            None => {}
        }
        pipe.flush()?;
        if let Some(mut head) = waiting.take() {
            frame_unknown_length(&mut head, version).map_err(Failure::internal)?;
            send_head(app, session, head).await?;
        }
        write(session, pipe.out()).await?;
        pipe.out().clear();
    }
    pipe.finish()?;
    if let Some(mut head) = waiting {
        head.insert_header(header::CONTENT_LENGTH, pipe.out().len())
            .map_err(Failure::internal)?;
        return send_whole(app, session, head, pipe.out()).await;
    }
    write(session, pipe.out()).await?;
    end(session).await
}
