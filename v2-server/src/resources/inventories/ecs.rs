//! The operations on ECS inventories.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::kubernetes::Objects;
use super::paging::{PageQuery, page};
use super::store::{self, Kind};
use super::types::{
    ECSContainer, ECSContainers, ECSInventory, ECSService, ECSServices, ECSTask, ECSTasks,
    InventoryType,
};
use crate::http::{ApiResult, Caller, Json, Query};
use crate::state::AppState;
use crate::store::Transaction;
use crate::time::Timestamp;

/// Report what runs in an ECS cluster
#[utoipa::path(
    post, path = "/ecs-inventory", tag = "Inventories",
    extensions(("x-anchore-authz-action" = json!("syncInventory"))),
    request_body = ECSInventory,
    responses((status = 204, description = "It is kept")),
)]
pub(super) async fn post_ecs_inventory(
    State(state): State<AppState>,
    caller: Caller,
    Json(report): Json<ECSInventory>,
) -> ApiResult<StatusCode> {
    let account = caller.account();
    let now = state.now();
    let overwrite = state.inventory.ingest_overwrite;
    state
        .write(move |tx| keep(tx, &account, &report, overwrite, now))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn keep(
    tx: &mut Transaction<'_>,
    account: &str,
    report: &ECSInventory,
    overwrite: bool,
    now: Timestamp,
) -> ApiResult<()> {
    let cluster = report.cluster_arn.as_str();
    let seen = report.timestamp.min(now);
    if overwrite {
        store::empty_ecs_cluster(tx, account, cluster)?;
    }
    let mut objects = Objects {
        tx,
        account,
        seen,
        now,
    };
    for service in report.services.iter().flatten() {
        let shown = ECSService {
            arn: service.arn.clone(),
            cluster_arn: cluster.to_owned(),
            tags: service.tags.clone().unwrap_or_default(),
            account_name: account.to_owned(),
        };
        objects.keep(Kind::EcsService, cluster, &service.arn, None, None, &shown)?;
    }
    for task in report.tasks.iter().flatten() {
        let shown = ECSTask {
            arn: task.arn.clone(),
            cluster_arn: cluster.to_owned(),
            service_arn: task.service_arn.clone().unwrap_or_default(),
            task_definition_arn: task.task_definition_arn.clone().unwrap_or_default(),
            tags: task.tags.clone().unwrap_or_default(),
            account_name: account.to_owned(),
        };
        objects.keep(Kind::EcsTask, cluster, &task.arn, None, None, &shown)?;
    }
    for container in report.containers.iter().flatten() {
        let digest = container.image_digest.clone().unwrap_or_default();
        let shown = ECSContainer {
            arn: container.arn.clone(),
            task_arn: container.task_arn.clone().unwrap_or_default(),
            account_name: account.to_owned(),
            context: cluster.to_owned(),
            image_tag: container.image_tag.clone(),
            image_digest: digest.clone(),
        };
        let place = Some((cluster, digest.as_str()));
        objects.keep(
            Kind::EcsContainer,
            cluster,
            &container.arn,
            None,
            place,
            &shown,
        )?;
        let image = (container.image_tag.as_str(), digest.as_str());
        let kind = InventoryType::Ecs;
        store::keep_image(objects.tx, account, kind, cluster, image, seen, now)?;
    }
    Ok(())
}

/// List containers of ECS clusters
#[utoipa::path(
    get, path = "/ecs-containers", tag = "Inventories", params(PageQuery),
    extensions(("x-anchore-authz-action" = json!("getECSContainers"))),
    responses((status = 200, description = "A page of containers", body = ECSContainers)),
)]
pub(super) async fn get_ecs_containers(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> ApiResult<Response> {
    page(
        state,
        caller,
        query,
        Kind::EcsContainer,
        "containers",
        false,
    )
    .await
}

/// List services of ECS clusters
#[utoipa::path(
    get, path = "/ecs-services", tag = "Inventories", params(PageQuery),
    extensions(("x-anchore-authz-action" = json!("getECSServices"))),
    responses((status = 200, description = "A page of services", body = ECSServices)),
)]
pub(super) async fn get_ecs_services(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> ApiResult<Response> {
    page(state, caller, query, Kind::EcsService, "services", false).await
}

/// List tasks of ECS clusters
#[utoipa::path(
    get, path = "/ecs-tasks", tag = "Inventories", params(PageQuery),
    extensions(("x-anchore-authz-action" = json!("getECSTasks"))),
    responses((status = 200, description = "A page of tasks", body = ECSTasks)),
)]
pub(super) async fn get_ecs_tasks(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> ApiResult<Response> {
    page(state, caller, query, Kind::EcsTask, "tasks", false).await
}
