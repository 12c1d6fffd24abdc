//! The document: what the annotations of the handlers say, and what holds for all operations.
//!
//! utoipa collects the operations; [`shared`] adds what every one of them has in common, and
//! [`portable`] writes it as OpenAPI 3.0, which every tool reads.

mod portable;
mod shared;
mod yaml;

use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::{HeaderValue, header};
use utoipa::openapi::OpenApi;

use crate::http::JsonText;
use crate::state::AppState;

pub(crate) use shared::base;

/// The document as it is committed, which is the one that [`document`] makes.
pub const DOCUMENT: &str = include_str!("../../openapi/v2.json");

/// The document of this server, as `GET /v2/openapi.json` serves it.
pub fn document() -> String {
    finish(crate::router::document())
}

/// The document as clients get it, from the one the router made.
pub(crate) fn finish(mut document: OpenApi) -> String {
    shared::add_to_all(&mut document);
    let document = portable::to_3_0(&document);
    let mut text = serde_json::to_string_pretty(&document)
        .expect("the document is made of texts, numbers, lists and maps with text keys");
    text.push('\n');
    text
}

/// `GET /v2/openapi.json`
pub(crate) async fn serve(State(state): State<AppState>) -> impl IntoResponse {
    JsonText(state.document.clone())
}

/// `GET /v2/openapi.yaml`: made when somebody asks for it.
pub(crate) async fn serve_yaml(State(state): State<AppState>) -> impl IntoResponse {
    let kind = HeaderValue::from_static("application/yaml");
    let document = state
        .document_yaml
        .get_or_init(|| yaml::from_json(&state.document));
    ([(header::CONTENT_TYPE, kind)], document.clone())
}

/// `GET /v2/ui/`: a page to read the document with. It loads nothing from elsewhere.
pub(crate) async fn browse() -> impl IntoResponse {
    let policy = HeaderValue::from_static(
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'",
    );
    (
        [(header::CONTENT_SECURITY_POLICY, policy)],
        Html(include_str!("browse.html")),
    )
}
