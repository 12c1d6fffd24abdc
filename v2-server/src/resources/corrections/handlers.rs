//! The operations on corrections.

use axum::extract::State;
use http::StatusCode;

use super::store;
use super::types::{Correction, CorrectionPath, CorrectionsQuery};
use crate::analysis::ecosystem::{CONTENT_TYPES, FILES, MALWARE};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Query};
use crate::state::AppState;

/// List corrections
#[utoipa::path(
    get, path = "/corrections", tag = "Corrections", params(CorrectionsQuery),
    extensions(("x-anchore-authz-action" = json!("getCorrection"))),
    responses((status = 200, description = "Corrections, oldest first", body = [Correction])),
)]
pub(super) async fn get_corrections(
    State(state): State<AppState>,
    caller: Caller,
    Query(_query): Query<CorrectionsQuery>,
) -> ApiResult<Json<Vec<Correction>>> {
    let account = caller.account();
    let found = state.read(move |tx| Ok(store::list(tx, &account)?)).await?;
    Ok(Json(found))
}

/// Add a correction
#[utoipa::path(
    post, path = "/corrections", tag = "Corrections",
    extensions(("x-anchore-authz-action" = json!("addCorrection"))),
    request_body = Correction,
    responses((status = 200, description = "The correction", body = Correction)),
)]
pub(super) async fn add_correction(
    State(state): State<AppState>,
    caller: Caller,
    Json(mut correction): Json<Correction>,
) -> ApiResult<Json<Correction>> {
    check(&correction)?;
    let now = state.now();
    correction.uuid = Some(state.uuid().to_string());
    correction.created_at = Some(now);
    correction.last_updated = Some(now);
    let account = caller.account();
    let made = state
        .write(move |tx| {
            store::insert(tx, &account, &correction)?;
            Ok(correction.clone())
        })
        .await?;
    Ok(Json(made))
}

/// Get a correction
#[utoipa::path(
    get, path = "/corrections/{uuid}", tag = "Corrections", params(CorrectionPath),
    extensions(("x-anchore-authz-action" = json!("getCorrection"))),
    responses(
        (status = 200, description = "The correction", body = Correction),
        (status = 404, description = "The account has no such correction", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_correction_by_uuid(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<CorrectionPath>,
) -> ApiResult<Json<Correction>> {
    let account = caller.account();
    state
        .peek(move |tx| Ok(store::get(tx, &account, &path.uuid)?))
        .await?
        .map(Json)
        .ok_or_else(unknown)
}

/// Replace a correction
#[utoipa::path(
    put, path = "/corrections/{uuid}", tag = "Corrections", params(CorrectionPath),
    extensions(("x-anchore-authz-action" = json!("updateCorrection"))),
    request_body = Correction,
    responses(
        (status = 200, description = "The correction", body = Correction),
        (status = 404, description = "The account has no such correction", body = ApiErrorResponse),
    ),
)]
pub(super) async fn update_correction_by_uuid(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<CorrectionPath>,
    Json(wanted): Json<Correction>,
) -> ApiResult<Json<Correction>> {
    check(&wanted)?;
    let account = caller.account();
    let now = state.now();
    let changed = state
        .write(move |tx| {
            let stored = store::get(tx, &account, &path.uuid)?.ok_or_else(unknown)?;
            let correction = Correction {
                uuid: stored.uuid,
                created_at: stored.created_at,
                last_updated: Some(now),
                ..wanted.clone()
            };
            store::update(tx, &account, &correction)?;
            Ok(correction)
        })
        .await?;
    Ok(Json(changed))
}

/// Delete a correction
#[utoipa::path(
    delete, path = "/corrections/{uuid}", tag = "Corrections", params(CorrectionPath),
    extensions(("x-anchore-authz-action" = json!("deleteCorrection"))),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "The account has no such correction", body = ApiErrorResponse),
    ),
)]
pub(super) async fn delete_correction_by_uuid(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<CorrectionPath>,
) -> ApiResult<StatusCode> {
    let account = caller.account();
    let was_there = state
        .write(move |tx| Ok(store::delete(tx, &account, &path.uuid)?))
        .await?;
    if was_there {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(unknown())
    }
}

fn unknown() -> ApiError {
    ApiError::not_found("correction not found")
}

/// # Errors
/// 400 when the correction is for packages of a type that there is none of, or changes nothing.
fn check(correction: &Correction) -> ApiResult<()> {
    let kind = correction.matches.kind.as_str();
    if !CONTENT_TYPES.contains(&kind) || [FILES, MALWARE].contains(&kind) {
        return Err(ApiError::bad_request(format!(
            "`match.type`: expected a type of packages such as `os`, `npm` or `java`, got `{kind}`"
        )));
    }
    if correction.replace.is_empty() {
        return Err(ApiError::bad_request("`replace` must not be empty"));
    }
    let conditions = correction.matches.field_matches.iter().flatten();
    if conditions
        .chain(&correction.replace)
        .any(|field| field.field_name.trim().is_empty())
    {
        return Err(ApiError::bad_request("`field_name` must not be empty"));
    }
    Ok(())
}
