//! The contents page: one line per resource. The folder under `resources/` is the first segment of
//! the path; everything else is below.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::http::{Problem, drain, guard, limits, measure, uri};
use crate::openapi;
use crate::resources::{
    account, accounts, actions, alerts, applications, archives, artifact_relationships,
    corrections, event_types, events, images, imports, inventories, notifications, oauth, policies,
    probes, query, rbac_manager, registries, reporting, repositories, sources, subscriptions,
    summaries, system, user, vulnerability_scan,
};
use crate::state::AppState;

/// All operations, with the document they make together. Paths are without the `/v2` in front.
fn operations() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::base())
        // Who is there, and who may do what.
        .merge(account::router())
        .merge(accounts::router())
        .merge(user::router())
        .merge(rbac_manager::router())
        .merge(oauth::router())
        // Where images come from.
        .merge(registries::router())
        .merge(repositories::router())
        .merge(imports::router())
        // Images and what is in them.
        .merge(images::router())
        .merge(summaries::router())
        .merge(subscriptions::router())
        .merge(query::router())
        .merge(vulnerability_scan::router())
        .merge(archives::router())
        // Where images come from, and what is made of them.
        .merge(sources::router())
        .merge(applications::router())
        .merge(artifact_relationships::router())
        // What images are checked for.
        .merge(policies::router())
        .merge(corrections::router())
        .merge(alerts::router())
        .merge(reporting::router())
        // What runs where.
        .merge(inventories::router())
        // What has happened.
        .merge(event_types::router())
        .merge(events::router())
        // Who is told.
        .merge(notifications::router())
        .merge(actions::router())
        // The system itself.
        .merge(probes::router())
        .merge(system::router())
}

/// The document of all operations, with paths as the router has them.
pub(crate) fn document() -> OpenApi {
    OpenApiRouter::<AppState>::with_openapi(openapi::base())
        .nest("/v2", operations())
        .into_openapi()
}

/// The whole server, ready to answer requests.
pub(crate) fn router(state: &AppState) -> Router {
    let (operations, _) = operations().split_for_parts();
    let guarded = operations.route_layer(from_fn_with_state(state.clone(), guard::guard));
    let open = Router::new()
        .route("/openapi.json", get(openapi::serve))
        .route("/openapi.yaml", get(openapi::serve_yaml))
        .route("/ui", get(openapi::browse));
    Router::new()
        .nest("/v2", guarded.merge(open))
        // Clients that do not know the API generation yet ask these, without a version in front.
        .route("/health", get(probes::handlers::health_check))
        .route("/version", get(probes::handlers::version_check))
        .fallback(async || Problem::unknown_path())
        .method_not_allowed_fallback(async || Problem::wrong_method().into_response())
        .layer(from_fn(uri::check_encoding))
        .layer(from_fn(drain::drain))
        .layer(from_fn_with_state(state.clone(), limits::time_limit))
        .layer(from_fn(limits::request_id))
        .layer(from_fn_with_state(state.clone(), measure::measure))
        .with_state(state.clone())
}
