//! `/rbac-manager`: roles, who holds them, and where; identity providers.

mod handlers;
pub(crate) mod saml;
mod store;
mod types;

#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The operations of this resource.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::list_roles))
        .routes(routes!(handlers::get_role))
        .routes(routes!(
            handlers::list_role_members,
            handlers::add_role_user,
            handlers::delete_role_user
        ))
        .routes(routes!(handlers::my_roles))
        .routes(routes!(handlers::list_user_roles))
        .merge(saml::router())
}
