//! A V2 request that has no body and asks nothing of the proxy: it passes as it is.
//!
//! pingora's own forwarding does the same for every request, upgrades and bodies included, with
//! two tasks and a channel between them. Most requests need none of that, and an answer then
//! leaves from the buffer it was read into.

use http::{Method, StatusCode, Version, header};
use pingora::http::RequestHeader;
use pingora::protocols::http::v1::client::HttpSession;
use pingora::proxy::Session;
use pingora::{Error, ErrorType};

use super::call::{finish, is_closed, read_piece, upstream_head};
use super::downstream::{end, frame_unknown_length, send_head, write};
use super::has_answered;
use crate::app::App;
use crate::context::Context;
use crate::error::Failure;
use crate::upstream::Connection;
use crate::{headers, response};

/// Whether a request can pass here.
pub(crate) fn is_plain(session: &mut Session) -> bool {
    session.downstream_session.as_http1().is_some()
        && session.downstream_session.is_body_empty()
        && headers::is_plain(session.req_header())
        && session.req_header().method != Method::CONNECT
}

/// Passes a request for which [`is_plain`] holds, and its answer.
///
/// An error is answered by the caller if nothing was sent yet; otherwise the connection must
/// be closed, so that the client can tell.
pub(crate) async fn pass(
    app: &App,
    session: &mut Session,
    ctx: &mut Context,
) -> Result<(), Failure> {
    let mut connection = ask(app, session).await?;
    let upstream = upstream_head(&connection.session)?;
    ctx.upstream_status = Some(upstream.status.as_u16());
    let client = session.req_header();
    let bodiless = response::is_bodiless(&client.method, upstream.status);
    let version = client.version;
    let mut head = upstream.clone();
    let is_framed = head.headers.contains_key(header::CONTENT_LENGTH)
        || head.headers.contains_key(header::TRANSFER_ENCODING);
    if !bodiless && !is_framed {
        head.set_version(Version::HTTP_11);
        frame_unknown_length(&mut head, version).map_err(Failure::internal)?;
    }
    headers::frame_passed_response(session, &mut head);
    send_head(app, session, head).await?;
    if !bodiless {
        while let Some(piece) = read_piece(&mut connection.session).await? {
            write(session, piece).await?;
        }
    }
    end(session).await?;
    finish(app, connection).await;
    Ok(())
}

/// Sends the request; returns when the header of its answer has arrived.
async fn ask(app: &App, session: &mut Session) -> Result<Connection, Failure> {
    loop {
        let head = head(session)?;
        let may_repeat = head.method.is_idempotent();
        let mut connection = app.upstream.connect().await?;
        match try_ask(session, &mut connection.session, head).await? {
            Ok(()) => return Ok(connection),
            Err(error)
                if connection.is_reused
                    && may_repeat
                    && is_closed(error.etype())
                    && !has_answered(session) =>
            {
                tracing::debug!("a kept upstream connection was closed, trying another");
            }
            Err(error) => return Err(Failure::upstream(error)),
        }
    }
}

/// The client's header, with what belongs to its connection taken out.
fn head(session: &Session) -> Result<RequestHeader, Failure> {
    let mut head = session.req_header().clone();
    head.set_version(Version::HTTP_11);
    head.remove_header(&header::CONNECTION);
    headers::forwarded(&mut head, session).map_err(Failure::internal)?;
    Ok(head)
}

/// The inner error is the upstream's. A client that goes away meanwhile ends the request.
async fn try_ask(
    session: &mut Session,
    upstream: &mut HttpSession,
    head: RequestHeader,
) -> Result<pingora::Result<()>, Failure> {
    if let Err(error) = upstream.write_request_header(Box::new(head)).await {
        return Ok(Err(error));
    }
    loop {
        tokio::select! {
            biased;
            answered = upstream.read_response() => if let Err(error) = answered {
                return Ok(Err(error));
            },
            gone = session.downstream_session.read_body_or_idle(true) => {
                let error = gone.err().unwrap_or_else(|| {
                    Error::explain(ErrorType::ConnectionClosed, "a body after the request")
                });
                return Err(Failure::downstream(error));
            }
        }
        let head = upstream_head(upstream)?;
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(Error::e_explain(
                ErrorType::InvalidHTTPHeader,
                "the upstream switched protocols, which nobody asked for",
            ));
        }
        if !head.status.is_informational() {
            return Ok(Ok(()));
        }
        // Clients of HTTP/1.0 know only final answers.
        if session.req_header().version == Version::HTTP_11 {
            let interim = Box::new(head.clone());
            session
                .downstream_session
                .write_response_header(interim)
                .await
                .map_err(Failure::downstream)?;
        }
    }
}
