//! `/accounts/{account_name}/users/{username}/credentials`: passwords. The caller's own are under
//! `/user/credentials`.

mod handlers;
pub(super) mod store;
pub(crate) mod types;

#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) use handlers::{masked_credentials, replace_password};

/// The operations of this resource.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(
        handlers::list_user_credentials,
        handlers::create_user_credential,
        handlers::delete_user_credential
    ))
}
