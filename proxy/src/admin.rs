//! The admin listener: metrics and probes, on an address of its own.

use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, Response, StatusCode, header};
use pingora::apps::http_app::ServeHttp;
use pingora::protocols::http::ServerSession;

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

    fn page(&self, method: &Method, path: &str) -> (StatusCode, &'static str, Vec<u8>) {
        const TEXT: &str = "text/plain; charset=utf-8";
        if !matches!(*method, Method::GET | Method::HEAD) {
            return (StatusCode::METHOD_NOT_ALLOWED, TEXT, b"GET only\n".to_vec());
        }
        match path {
            "/metrics" => {
                let under_way = self.app.gate.under_way();
                let text = self
                    .app
                    .metrics
                    .render(under_way, self.app.recorder.dropped());
                (StatusCode::OK, "text/plain; version=0.0.4", text)
            }
            "/livez" => (StatusCode::OK, TEXT, b"alive\n".to_vec()),
            "/readyz" if self.app.gate.is_stopping() => (
                StatusCode::SERVICE_UNAVAILABLE,
                TEXT,
                b"stopping\n".to_vec(),
            ),
            "/readyz" => (StatusCode::OK, TEXT, b"ready\n".to_vec()),
            _ => (
                StatusCode::NOT_FOUND,
                TEXT,
                b"/metrics, /livez, /readyz\n".to_vec(),
            ),
        }
    }
}

#[async_trait]
impl ServeHttp for Admin {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let head = session.req_header();
        let (status, content_type, body) = self.page(&head.method, head.uri.path());
        Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, content_type)
            .header(header::CONTENT_LENGTH, body.len())
            .body(body)
            .expect("every part is known to be a valid header")
    }
}
