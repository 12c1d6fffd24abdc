//! The contents page: one line per resource. The folder under `resources/` is the first segment of
//! the path; everything else is below.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::http::{Problem, guard, uri};
use crate::openapi;
use crate::resources::{event_types, events, registries};
use crate::state::AppState;

/// All operations, with the document they make together. Paths are without the `/v2` in front.
fn operations() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::base())
        .merge(event_types::router())
        .merge(events::router())
        .merge(registries::router())
}

/// The document of all operations, with paths as the router has them.
pub(crate) fn document() -> OpenApi {
    OpenApiRouter::<AppState>::new()
        .nest("/v2", operations())
        .into_openapi()
}

/// The whole server, ready to answer requests.
pub(crate) fn router(state: &AppState) -> Router {
    let (operations, _) = operations().split_for_parts();
    let guarded = operations.route_layer(from_fn_with_state(state.clone(), guard::guard));
    let open = Router::new().route("/openapi.json", get(openapi::document));
    Router::new()
        .nest("/v2", guarded.merge(open))
        .fallback(async || Problem::unknown_path())
        .method_not_allowed_fallback(async || Problem::wrong_method().into_response())
        .layer(DefaultBodyLimit::max(state.limits.body_bytes))
        .layer(from_fn(uri::check_encoding))
        .with_state(state.clone())
}
