//! Requests of our own to the upstream, and reading what it answers.

use std::time::Duration;

use http::{Method, StatusCode};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::http::v1::client::HttpSession;
use pingora::proxy::Session;
use pingora::{Error, ErrorType};
use windlass_transforms::plan::call::UpstreamCall;

use crate::app::App;
use crate::context::Context;
use crate::error::Failure;
use crate::request::{self, Outgoing};
use crate::response;
use crate::upstream::Connection;

/// An upstream body that nobody wants is read up to this size, to keep the connection.
const DISCARD: usize = 64 << 10;
/// How long that may take.
const DISCARD_TIME: Duration = Duration::from_millis(50);

/// Sends the call; returns when the header of its answer has arrived.
pub(super) async fn send(
    app: &App,
    session: &mut Session,
    ctx: &mut Context,
    call: &UpstreamCall,
    outgoing: &Outgoing,
) -> Result<Connection, Failure> {
    let head = || request::head(session, call, outgoing, app.upstream.url());
    if matches!(outgoing, Outgoing::Stream) {
        let head = head()?;
        stream(app, session, ctx, head).await
    } else {
        exchange(app, head, outgoing).await
    }
}

/// Sends a request that can be repeated, and waits for the header of its answer.
///
/// A kept connection may be closed by the upstream at any moment. Then, and if the method
/// allows it, the request is sent again on a new one, for which its header is made again.
pub(super) async fn exchange(
    app: &App,
    head: impl Fn() -> Result<RequestHeader, Failure>,
    outgoing: &Outgoing,
) -> Result<Connection, Failure> {
    loop {
        let head = head()?;
        let may_repeat = head.method.is_idempotent();
        let mut connection = app.upstream.connect().await?;
        match try_exchange(&mut connection.session, head, outgoing).await {
            Ok(()) => return Ok(connection),
            Err(error) if connection.is_reused && may_repeat && is_closed(error.etype()) => {
                tracing::debug!("a kept upstream connection was closed, trying another");
            }
            Err(error) => return Err(Failure::upstream(error)),
        }
    }
}

async fn try_exchange(
    upstream: &mut HttpSession,
    head: RequestHeader,
    outgoing: &Outgoing,
) -> pingora::Result<()> {
    upstream.write_request_header(Box::new(head)).await?;
    if let Outgoing::Whole(body) = outgoing
        && !body.is_empty()
    {
        upstream.write_body(body).await?;
    }
    upstream.finish_body().await?;
    read_head(upstream).await
}

/// Whether the other side closed the connection.
pub(super) fn is_closed(kind: &ErrorType) -> bool {
    matches!(
        kind,
        ErrorType::ConnectionClosed | ErrorType::ReadError | ErrorType::WriteError
    )
}

/// Reads answers until one is final. Interim ones (`100`, `103`) are ours to swallow: the
/// client was told to go on already.
async fn read_head(upstream: &mut HttpSession) -> pingora::Result<()> {
    loop {
        upstream.read_response().await?;
        let status = upstream.resp_header().map(|head| head.status);
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
                    upstream.finish_body().await.map_err(Failure::upstream)?;
                    break;
                };
                ctx.request_bytes += piece.len() as u64;
                if ctx.request_bytes > app.limits.max_body_bytes as u64 {
                    return Err(app.limits.body_too_large());
                }
                if piece.is_empty() {
                    continue;
                }
                if let Err(error) = upstream.write_body(&piece).await {
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

/// The header of the answer, once [`send`] or [`exchange`] has returned.
pub(super) fn upstream_head(upstream: &HttpSession) -> Result<&ResponseHeader, Failure> {
    upstream.resp_header().ok_or_else(|| {
        Failure::internal(Error::explain(
            ErrorType::InternalError,
            "the header of the upstream's answer was not kept",
        ))
    })
}

/// The next piece of an upstream body; `None` at its end.
pub(super) async fn read_piece(upstream: &mut HttpSession) -> Result<Option<&[u8]>, Failure> {
    upstream.read_body_ref().await.map_err(Failure::upstream)
}

/// Keeps a connection whose answer was read to its end.
pub(super) async fn finish(app: &App, mut connection: Connection) {
    if !connection.is_spent && connection.session.is_body_done() {
        app.upstream.release(connection).await;
    }
}

/// Reads and drops a body that nobody wants, if it is small and comes soon; a connection is not
/// worth more.
pub(super) async fn discard(
    app: &App,
    method: &Method,
    status: StatusCode,
    mut connection: Connection,
) {
    if !response::is_bodiless(method, status) {
        let mut left = DISCARD;
        let reading = async {
            while let Ok(Some(piece)) = read_piece(&mut connection.session).await {
                left = left.saturating_sub(piece.len());
                if left == 0 {
                    return;
                }
            }
        };
        if tokio::time::timeout(DISCARD_TIME, reading).await.is_err() {
            return;
        }
    }
    finish(app, connection).await;
}

/// The outcome of an operation that need not wait; `None` when it would have to.
pub(super) async fn ready<T>(operation: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        outcome = operation => Some(outcome),
        () = std::future::ready(()) => None,
    }
}
