//! The operation on ancestors.

use axum::extract::State;

use super::store;
use super::types::ImageAncestor;
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiResult, Caller, Json, Path};
use crate::resources::images::record::find_analyzed;
use crate::resources::images::record::types::ImagePath;
use crate::state::AppState;

/// List the images an image is built on
#[utoipa::path(
    get, path = "/images/{image_digest}/ancestors", tag = "Images", params(ImagePath),
    extensions(("x-anchore-authz-action" = json!("getImage"))),
    responses(
        (status = 200, description = "Ancestors, those with the fewest layers first", body = [ImageAncestor]),
        (status = 404, description = "No such image, or it is not analysed", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn get_image_ancestors(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ImagePath>,
) -> ApiResult<Json<Vec<ImageAncestor>>> {
    let account = caller.account();
    let found = state
        .read(move |tx| {
            let image = find_analyzed(tx, &account, &path.image_digest)?;
            Ok(store::list(tx, &account, image.key)?)
        })
        .await?;
    Ok(Json(found))
}
