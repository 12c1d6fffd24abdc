//! The life of a request, phase by phase, in the order in which pingora calls them.
//!
//! ```text
//! early_request_filter     limits and timeouts of the connection
//! request_filter           routing: V1 requests and plain V2 requests are answered here, by
//!   │                      the relay
//!   └─ V2 requests with a body, an upgrade or over HTTP/2 go on
//! upstream_peer            where the V2 server is
//! fail_to_connect          whether it is anywhere else
//! upstream_request_filter  what it is told about the client
//! request_body_filter      the limit on bodies
//! response_filter          framing for old clients, and for a proxy that stops
//! fail_to_proxy            an error in the form that the client reads
//! logging                  one record
//! ```
//!
//! Nothing is decided here: every phase is a few calls into the other modules.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, Result};
use windlass_transforms::exchange::Outcome;

use crate::app::App;
use crate::context::Context;
use crate::error::Failure;
use crate::routing::Destination;
use crate::{headers, linger, observe, relay, routing};

/// The proxy as pingora sees it.
#[derive(Debug)]
pub(crate) struct Phases {
    app: Arc<App>,
    /// The V1 service that this port has alone.
    service: Option<Box<str>>,
}

impl Phases {
    /// The phases of a proxy's port: of the main one, or of one for a service.
    pub(crate) fn new(app: Arc<App>, service: Option<&str>) -> Self {
        Self {
            app,
            service: service.map(Into::into),
        }
    }

    /// Answers a request that does not go on.
    async fn answer(
        &self,
        session: &mut Session,
        ctx: &mut Context,
        destination: Destination,
    ) -> std::result::Result<(), Failure> {
        let app = &self.app;
        match destination {
            Destination::Rewrite(v1) => {
                ctx.operation = Some(Arc::clone(&v1.operation));
                ctx.outcome = Outcome::Rewritten;
                relay::relay(app, session, ctx, &v1).await
            }
            Destination::Answer(operation, answer) => {
                ctx.operation = Some(operation);
                ctx.outcome = Outcome::Rewritten;
                linger::before_answer(session).await;
                relay::send_known(app, session, answer).await
            }
            Destination::Options(answer) => {
                ctx.outcome = Outcome::Rewritten;
                linger::before_answer(session).await;
                relay::send_known(app, session, answer).await
            }
            Destination::Refuse(failure, operation) => {
                ctx.operation = operation;
                Err(failure)
            }
            Destination::PassThrough => relay::pass(app, session, ctx).await,
        }
    }

    /// Answers a failure, if the client can still be answered. Otherwise the error closes the
    /// connection.
    async fn fail(&self, session: &mut Session, ctx: &mut Context, failure: Failure) -> Result<()> {
        let failure = failure.or_challenge(ctx.generation, session.req_header());
        observe::failed(ctx, &failure);
        let operation = ctx.operation.as_ref().map(|o| o.id.as_str());
        let answer = failure
            .answer(ctx.generation, operation)
            .filter(|_| !relay::has_answered(session));
        let Some(answer) = answer else {
            return Err(failure.into_cause());
        };
        linger::before_answer(session).await;
        relay::send_known(&self.app, session, answer)
            .await
            .map_err(Failure::into_cause)
    }
}

#[async_trait]
impl ProxyHttp for Phases {
    type CTX = Context;

    fn new_ctx(&self) -> Context {
        Context::new(self.app.gate.enter())
    }

    fn init_downstream_modules(&self, _modules: &mut HttpModules) {
        // None: each would cost every request.
    }

    async fn early_request_filter(&self, session: &mut Session, _ctx: &mut Context) -> Result<()> {
        self.app.timeouts.apply(session);
        Ok(())
    }

    async fn request_filter(&self, session: &mut Session, ctx: &mut Context) -> Result<bool> {
        let destination = routing::route(&self.app, self.service.as_deref(), session, ctx);
        if matches!(destination, Destination::PassThrough) && !relay::is_plain(session) {
            return Ok(false);
        }
        if let Err(failure) = self.answer(session, ctx, destination).await {
            self.fail(session, ctx, failure).await?;
        }
        linger::after_answer(session).await;
        Ok(true)
    }

    async fn upstream_peer(
        &self,
        _session: &mut Session,
        _ctx: &mut Context,
    ) -> Result<Box<HttpPeer>> {
        let peer = self.app.upstream.peer().map_err(Failure::into_cause)?;
        Ok(Box::new(HttpPeer::clone(&peer)))
    }

    fn fail_to_connect(
        &self,
        _session: &mut Session,
        peer: &HttpPeer,
        _ctx: &mut Context,
        mut error: Box<Error>,
    ) -> Box<Error> {
        error.set_retry(self.app.upstream.leave(peer));
        error
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        head: &mut RequestHeader,
        ctx: &mut Context,
    ) -> Result<()> {
        // A second try sends the body again.
        ctx.request_bytes = 0;
        headers::forwarded(head, session)
    }

    async fn request_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        _end_of_stream: bool,
        ctx: &mut Context,
    ) -> Result<()> {
        ctx.request_bytes += body.as_ref().map_or(0, |piece| piece.len() as u64);
        self.app.limits.check_passed_body(ctx.request_bytes)
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        head: &mut ResponseHeader,
        ctx: &mut Context,
    ) -> Result<()> {
        ctx.upstream_status = Some(head.status.as_u16());
        if self.app.gate.is_stopping() {
            session.set_keepalive(None);
        }
        headers::frame_passed_response(session, head);
        Ok(())
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        ctx: &mut Context,
    ) -> FailToProxy {
        session.set_keepalive(None);
        if ctx.reason.is_none() {
            let failure = Failure::proxied(error, &self.app.limits);
            // Whoever cannot be answered sees the connection close.
            let _ = self.fail(session, ctx, failure).await;
            linger::after_answer(session).await;
        }
        FailToProxy {
            error_code: session
                .response_written()
                .map_or(0, |head| head.status.as_u16()),
            can_reuse_downstream: false,
        }
    }

    fn suppress_error_log(&self, _session: &Session, _ctx: &Context, _error: &Error) -> bool {
        // Failures are logged where they are answered, without what the client sent.
        true
    }

    async fn logging(&self, session: &mut Session, _error: Option<&Error>, ctx: &mut Context) {
        observe::ended(&self.app, session, ctx);
    }
}
