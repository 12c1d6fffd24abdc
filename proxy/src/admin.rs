//! The admin listener: metrics and probes, on an address of its own.

use std::sync::Arc;

use async_trait::async_trait;
use http::{Response, header};
use pingora::apps::http_app::ServeHttp;
use pingora::protocols::http::ServerSession;

use windlass_v2_server::admin::Page;

use crate::app::App;

/// `/metrics`, `/livez` and `/readyz`.
pub(crate) struct Admin {
    app: Arc<App>,
}

impl Admin {
    /// The admin pages of a proxy.
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

#[async_trait]
impl ServeHttp for Admin {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let head = session.req_header();
        let gate = &self.app.gate;
        let not_ready = gate.is_stopping().then_some("stopping");
        let page = Page::answer(&head.method, head.uri.path(), not_ready, || {
            let dropped = self.app.recorder.dropped();
            self.app.metrics.render(gate.under_way(), dropped)
        });
        Response::builder()
            .status(page.status)
            .header(header::CONTENT_TYPE, page.content_type)
            .header(header::CONTENT_LENGTH, page.body.len())
            .body(page.body)
            .expect("every part is known to be a valid header")
    }
}
