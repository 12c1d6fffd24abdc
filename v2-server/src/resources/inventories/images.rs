//! The operations on images in use.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::store::{self, Filter};
use super::types::{DeleteInventoryQuery, InventoryItems, InventoryQuery};
use crate::http::error::ApiErrorResponse;
use crate::http::stream::{self, Batches};
use crate::http::{ApiError, ApiResult, Caller, Query};
use crate::state::AppState;

/// Rows read at a time.
const BATCH: i64 = 500;

/// List images in use
#[utoipa::path(
    get, path = "/inventories", tag = "Inventories", params(InventoryQuery),
    extensions(("x-anchore-authz-action" = json!("listRuntimeInventories"))),
    responses((status = 200, description = "Images and where they run", body = InventoryItems)),
)]
pub(super) async fn get_image_inventory(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<InventoryQuery>,
) -> ApiResult<Response> {
    let account = caller.account();
    let filter = Filter {
        inventory_type: query.inventory_type,
        image_digest: query.image_digest,
        context: query.context,
    };
    let rows = Batches::new(state, BATCH, move |tx, after: Option<&i64>, limit| {
        let rows = store::images(tx, &account, &filter, after, limit)?;
        rows.into_iter()
            .map(|(id, item)| {
                Ok((
                    id,
                    serde_json::to_string(&item).map_err(ApiError::internal)?,
                ))
            })
            .collect()
    });
    stream::list("{\"items\":", rows, "}").await
}

/// Forget that images run somewhere
///
/// What runs there still is reported again.
#[utoipa::path(
    delete, path = "/inventories", tag = "Inventories", params(DeleteInventoryQuery),
    extensions(("x-anchore-authz-action" = json!("deleteInventory"))),
    responses(
        (status = 204, description = "It is forgotten"),
        (status = 404, description = "No such image runs there", body = ApiErrorResponse),
    ),
)]
pub(super) async fn delete_inventory(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<DeleteInventoryQuery>,
) -> ApiResult<StatusCode> {
    let account = caller.account();
    let count = state
        .write(move |tx| {
            Ok(store::forget_images(
                tx,
                &account,
                query.inventory_type,
                &query.context,
                query.image_digest.as_deref(),
            )?)
        })
        .await?;
    if count > 0 {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found("inventory not found"))
    }
}
