//! Writing to the client.

use bytes::Bytes;
use http::{Version, header};
use pingora::http::ResponseHeader;
use pingora::protocols::http::ServerSession;
use pingora::proxy::Session;

use crate::app::App;
use crate::error::{Answer, Failure};
use crate::response;

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
pub(super) async fn send_whole(
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

/// Sends the header of an answer.
pub(super) async fn send_head(
    app: &App,
    session: &mut Session,
    head: ResponseHeader,
) -> Result<(), Failure> {
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
pub(super) async fn write(session: &mut Session, piece: &[u8]) -> Result<(), Failure> {
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

/// Ends an answer.
pub(super) async fn end(session: &mut Session) -> Result<(), Failure> {
    session
        .downstream_session
        .write_response_body(Bytes::new(), true)
        .await
        .map_err(Failure::downstream)
}

/// Frames an answer whose length is not known: chunks for HTTP/1.1, until the end of the
/// connection for HTTP/1.0, frames for HTTP/2.
pub(super) fn frame_unknown_length(
    head: &mut ResponseHeader,
    client: Version,
) -> pingora::Result<()> {
    head.remove_header(&header::CONTENT_LENGTH);
    head.remove_header(&header::TRANSFER_ENCODING);
    if client == Version::HTTP_11 {
        head.insert_header(header::TRANSFER_ENCODING, "chunked")?;
    }
    Ok(())
}
