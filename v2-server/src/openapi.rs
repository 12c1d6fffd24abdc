//! The document: what the annotations of the handlers say, and what holds for all of them.

use axum::extract::State;
use axum::response::IntoResponse;
use http::{HeaderValue, header};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, OpenApi, OpenApiBuilder, SecurityRequirement};

use crate::state::AppState;

/// The version of the API.
pub(crate) const API_VERSION: &str = "2.0.0";

/// The document before any operation is in it.
pub(crate) fn base() -> OpenApi {
    let mut components = Components::new();
    components.add_security_scheme(
        "basic",
        SecurityScheme::Http(Http::new(HttpAuthScheme::Basic)),
    );
    components.add_security_scheme(
        "bearer",
        SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
    );
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Windlass V2 API")
                .description(Some(
                    "The V2 API for container image analysis, policies and accounts.",
                ))
                .version(API_VERSION),
        )
        .components(Some(components))
        .security(Some(vec![
            SecurityRequirement::new("basic", [""; 0]),
            SecurityRequirement::new("bearer", [""; 0]),
        ]))
        .build()
}

/// `GET /v2/openapi.json`
pub(crate) async fn document(State(state): State<AppState>) -> impl IntoResponse {
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], state.document.clone())
}

/// The document as clients get it: paths without the `/v2` that `servers` already says, and path
/// parameters without the router's own marks.
pub(crate) fn finish(document: OpenApi) -> String {
    let mut document = document;
    let paths = std::mem::take(&mut document.paths.paths);
    for (path, item) in paths {
        let path = path.strip_prefix("/v2").unwrap_or(&path).replace("{*", "{");
        let path = if path.is_empty() {
            "/".to_owned()
        } else {
            path
        };
        document.paths.paths.insert(path, item);
    }
    document.servers = Some(vec![utoipa::openapi::Server::new("/v2")]);
    document
        .to_pretty_json()
        .expect("the document is made of texts, numbers, lists and maps with text keys")
}
