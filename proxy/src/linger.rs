//! Reads what a client still sends, so that it gets to read our answer.
//!
//! An answer may be ready before the request has been read. A connection that is closed while
//! the client still sends is reset, and the reset can overtake the answer. Some V1 clients send
//! a whole body before they look for the 401 that asks for their credentials.

use std::time::Duration;

use pingora::proxy::Session;

use crate::headers;
use crate::request::expects_invitation;

/// A body up to this size is read before the answer: the connection can then be kept.
const READ_BEFORE: u64 = 256 << 10;
/// How long that may take.
const BEFORE: Duration = Duration::from_secs(1);
/// What is read of a larger body after the answer, before the connection is closed.
const READ_AFTER: u64 = 64 << 20;
/// How long that may take.
const AFTER: Duration = Duration::from_secs(2);

/// Reads the rest of a small request body.
pub(crate) async fn before_answer(session: &mut Session) {
    if session.is_body_done() || expects_invitation(session) {
        return;
    }
    let declared = headers::content_length(&session.req_header().headers);
    if declared.is_none_or(|length| length <= READ_BEFORE) {
        read(session, READ_BEFORE, BEFORE).await;
    }
}

/// Reads on for a while after an answer that came before the end of the request.
pub(crate) async fn after_answer(session: &mut Session) {
    // In HTTP/2 a stream can end alone.
    if session.is_body_done() || session.is_http2() || expects_invitation(session) {
        return;
    }
    read(session, READ_AFTER, AFTER).await;
}

async fn read(session: &mut Session, most: u64, longest: Duration) {
    let mut left = most;
    let reading = async {
        while let Ok(Some(piece)) = session.downstream_session.read_request_body().await {
            left = left.saturating_sub(piece.len() as u64);
            if left == 0 {
                return;
            }
        }
    };
    // When time is up the connection is closed, as if nothing had been read.
    let _ = tokio::time::timeout(longest, reading).await;
}
