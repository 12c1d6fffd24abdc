//! The pages of a V2 list on their way to becoming one V1 list.
//!
//! Two things happen at a time: pages are fetched and rewritten, and what is rewritten is sent.
//! The next page is asked for as soon as one was read, however slowly the client takes the
//! rows; what waits between the two is bounded. Nothing tells a client that its list is
//! complete unless the last page was read to its end.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, StatusCode, header};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::Session;
use tokio::sync::mpsc;
use windlass_transforms::plan::call::{CallPlan, UpstreamCall};
use windlass_transforms::plan::pages::PagesPlan;
use windlass_transforms::rewrite::{After, PageJoin, PagesError};
use windlass_transforms::step::StepContext;

use super::call::{discard, exchange, finish, read_piece, ready, upstream_head};
use super::downstream::{end, frame_unknown_length, send_head, send_whole, write};
use super::reply::{Kept, answer};
use crate::app::App;
use crate::calling::Calling;
use crate::context::Context;
use crate::error::Failure;
use crate::headers;
use crate::request::{self, Outgoing};
use crate::response::{self, BodyPipe, JsonBody};
use crate::upstream::Connection;

/// An answer up to this size is held until it is complete.
const HOLD: usize = 64 << 10;
/// Rows leave in pieces of about this size.
const PIECE: usize = 32 << 10;
/// How many pieces may wait for the client.
const AHEAD: usize = 8;

/// What the fetching side has for the sending side.
enum Part {
    /// Rewritten bytes.
    Rows(Vec<u8>),
    /// The list is complete.
    End,
}

/// Answers with all pages of a list. `call` is the call of the operation, without a page.
pub(super) async fn answer_pages(
    app: &App,
    session: &mut Session,
    ctx: &mut Context,
    plan: &CallPlan,
    pages: &Arc<PagesPlan>,
    call: &UpstreamCall,
    step_context: Arc<StepContext>,
) -> Result<(), Failure> {
    ctx.begin(Calling::Page(1));
    let first = pages.call(call, 1);
    let head = || request::head(session, &first, &Outgoing::None, app.upstream.url());
    let connection = exchange(app, head, &Outgoing::None).await?;
    let upstream = upstream_head(&connection.session)?;
    let status = upstream.status;
    if status != StatusCode::OK || session.req_header().method == Method::HEAD {
        if status.is_success() && status != StatusCode::OK {
            return Err(not_a_page(status));
        }
        // What the first page was refused, the list is refused.
        let kept = Kept::default();
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
    ctx.upstream_status = Some(status.as_u16());
    let gzip = app.gzip && response::accepts_gzip(&session.req_header().headers);
    let mut head = response::v1_head(upstream, &plan.response(status.as_u16()))?;
    headers::clean_rewritten_response(&mut head);
    let mut fetching = Fetching {
        app,
        head: request::head(session, &first, &Outgoing::None, app.upstream.url())?,
        pages,
        call,
        join: PageJoin::new(Arc::clone(pages), step_context, app.limits.rewrite()),
    };
    let (rows, waiting) = mpsc::channel(AHEAD);
    tokio::try_join!(
        fetching.run(ctx, connection, rows),
        deliver(app, session, head, gzip, waiting),
    )
    .map(|_| ())
}

/// The side that fetches pages.
struct Fetching<'a> {
    app: &'a App,
    /// The header of every page's request, but for its target.
    head: RequestHeader,
    pages: &'a PagesPlan,
    call: &'a UpstreamCall,
    join: PageJoin,
}

impl Fetching<'_> {
    /// Reads page after page, beginning with one whose header has arrived.
    async fn run(
        &mut self,
        ctx: &mut Context,
        first: Connection,
        rows: mpsc::Sender<Part>,
    ) -> Result<(), Failure> {
        let mut connection = first;
        let mut page = 1;
        loop {
            let after = self.read(&mut connection, &rows).await?;
            finish(self.app, connection).await;
            if after == After::Nothing {
                return send(&rows, Part::End).await;
            }
            page += 1;
            ctx.begin(Calling::Page(page));
            self.app.limits.check_calls(ctx.upstream_calls)?;
            connection = self.fetch(page).await?;
        }
    }

    /// Asks for a page behind the first.
    async fn fetch(&self, page: u64) -> Result<Connection, Failure> {
        let call = self.pages.call(self.call, page);
        let head = || request::retarget(&self.head, &call);
        let connection = exchange(self.app, head, &Outgoing::None).await?;
        let status = upstream_head(&connection.session)?.status;
        if status != StatusCode::OK {
            discard(self.app, &Method::GET, status, connection).await;
            return Err(not_a_page(status));
        }
        Ok(connection)
    }

    /// Reads a page to its end.
    async fn read(
        &mut self,
        connection: &mut Connection,
        rows: &mpsc::Sender<Part>,
    ) -> Result<After, Failure> {
        let mut body = JsonBody::of(upstream_head(&connection.session)?)?;
        let mut out = Vec::new();
        loop {
            let piece = if out.is_empty() {
                Some(read_piece(&mut connection.session).await?)
            } else {
                ready(read_piece(&mut connection.session))
                    .await
                    .transpose()?
            };
            match piece {
                Some(Some(piece)) => {
                    for slice in body.slices(piece) {
                        self.push(&body.decode(slice)?, &mut out)?;
                        if out.len() >= PIECE {
                            send(rows, Part::Rows(std::mem::take(&mut out))).await?;
                        }
                    }
                }
                Some(None) => break,
                // More is to come, but not at once: what there is leaves.
                None => send(rows, Part::Rows(std::mem::take(&mut out))).await?,
            }
        }
        self.push(&body.finish()?, &mut out)?;
        let after = self.join.end_page(&mut out).map_err(|e| not_joined(&e))?;
        send(rows, Part::Rows(out)).await?;
        Ok(after)
    }

    fn push(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        self.join
            .push(plain, out)
            .map_err(|error| not_joined(&error))
    }
}

/// Hands something to the sending side, waiting for room.
async fn send(rows: &mpsc::Sender<Part>, part: Part) -> Result<(), Failure> {
    rows.send(part).await.map_err(|_| Failure::client_gone())
}

/// The side that sends rows to the client.
async fn deliver(
    app: &App,
    session: &mut Session,
    mut head: ResponseHeader,
    gzip: bool,
    mut rows: mpsc::Receiver<Part>,
) -> Result<(), Failure> {
    let version = session.req_header().version;
    let mut pipe = BodyPipe::plain();
    if gzip {
        pipe.compress();
        response::note_gzip(&mut head)?;
    }
    // `Some` until the header is sent.
    let mut waiting = Some(head);
    loop {
        match rows.recv().await {
            Some(Part::Rows(piece)) => pipe.push(&piece)?,
            Some(Part::End) => break,
            // The other side has failed, and says why.
            None => return std::future::pending().await,
        }
        if waiting.is_some() && pipe.ready() < HOLD {
            continue;
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
    let rest = Bytes::from(std::mem::take(pipe.out()));
    if let Some(mut head) = waiting {
        head.insert_header(header::CONTENT_LENGTH, rest.len())
            .map_err(Failure::internal)?;
        return send_whole(app, session, head, &rest).await;
    }
    write(session, &rest).await?;
    end(session).await
}

fn not_a_page(status: StatusCode) -> Failure {
    Failure::wrong_answer(format!(
        "the upstream answered {} in place of a page",
        status.as_u16()
    ))
}

fn not_joined(error: &PagesError) -> Failure {
    Failure::wrong_answer(format!(
        "a page of the upstream's list cannot be used: {error}"
    ))
}
