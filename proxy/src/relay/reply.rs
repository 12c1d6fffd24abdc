//! The upstream's answer on its way to the client.

use std::collections::HashMap;
use std::sync::Arc;

use http::header;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use windlass_transforms::plan::response::Responses;
use windlass_transforms::step::StepContext;

use super::call::{discard, finish, read_piece, ready, upstream_head};
use super::downstream::{end, frame_unknown_length, send_head, send_known, send_whole, write};
use crate::app::App;
use crate::context::Context;
use crate::error::Failure;
use crate::headers;
use crate::response::{self, BodyPipe, Reply};
use crate::upstream::Connection;

/// An answer up to this size is held until it is complete, if it comes at once.
const HOLD: usize = 64 << 10;
/// What is ready is sent when it reaches this size, even if more could be had at once.
const PIECE: usize = 256 << 10;

/// Answers of look-ups that a layout draws from, by name.
pub(super) type Kept = HashMap<Box<str>, Vec<u8>>;

/// Sends the upstream's answer to the client as the plan says.
pub(super) async fn answer(
    app: &App,
    session: &mut Session,
    ctx: &mut Context,
    responses: &Responses,
    step_context: Arc<StepContext>,
    kept: &Kept,
    mut connection: Connection,
) -> Result<(), Failure> {
    let method = session.req_header().method.clone();
    let upstream = upstream_head(&connection.session)?;
    let status = upstream.status;
    ctx.upstream_status = Some(status.as_u16());
    let response = responses.of(status.as_u16());
    let limits = app.limits.rewrite();
    let looked_up = response
        .looked_up
        .as_deref()
        .and_then(|name| kept.get(name));
    let reply = if let Some(body) = looked_up {
        response::looked_up(&response, body, step_context, limits)
    } else {
        response::reply(&method, upstream, &response, &step_context, limits)
    };
    match reply {
        Ok(Reply::Known(known)) => {
            send_known(app, session, known).await?;
            discard(app, &method, status, connection).await;
            Ok(())
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
    if app.gzip && !pipe.compresses() && response::accepts_gzip(&client.headers) {
        pipe.compress();
        response::note_gzip(&mut head)?;
    }
    // A small answer is worth waiting for: its header then tells the length.
    let upstream = upstream_head(&connection.session)?;
    let small = headers::content_length(&upstream.headers)
        .and_then(|length| usize::try_from(length).ok())
        .filter(|length| *length <= HOLD && !pipe.unpacks());
    if let Some(length) = small {
        pipe.expect(length);
    }
    // `Some` until the header is sent.
    let mut waiting = Some(head);
    loop {
        let piece = if pipe.ready() == 0 || small.is_some() {
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
                if small.is_some() || pipe.ready() < enough {
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
