//! `/inventories`, `/kubernetes-…` and `/ecs-…`: what runs where, as agents report it.
//!
//! One report is one transaction. What is reported again is seen again and keeps its age; what is not reported for
//! `inventory_ttl_days` disappears. With `inventory_ingest_overwrite` a report replaces what is known of its
//! namespaces, or of its ECS cluster.
//!
//! - Objects are known by the ids their clusters give them: they are unique, and agents know no others.
//! - A container belongs to a pod, and a pod to a namespace, of the same report or of an earlier one of the cluster; a
//!   report that names others is refused as a whole.
//! - A time in the future counts as now, one earlier than known changes nothing.
//! - Containers without a digest are kept, with an empty one.
//! - Deleting an inventory takes the containers there along; deleting namespaces takes their pods, containers and
//!   images along.

mod ecs;
mod images;
mod kubernetes;
mod paging;
pub(crate) mod store;
mod types;

#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::ApiResult;
use crate::state::AppState;

/// How long what is reported is kept, and what a report does to what is there.
#[derive(Debug, Clone)]
pub struct InventorySettings {
    /// Days that something is kept that is not reported again; 0 is forever.
    pub ttl_days: u32,
    /// A report replaces what is known of its namespaces, or of its ECS cluster.
    pub ingest_overwrite: bool,
}

impl Default for InventorySettings {
    fn default() -> Self {
        Self {
            ttl_days: 120,
            ingest_overwrite: false,
        }
    }
}

/// The operations of this resource.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            images::get_image_inventory,
            images::delete_inventory
        ))
        .routes(routes!(kubernetes::post_kubernetes_inventory))
        .routes(routes!(kubernetes::get_kubernetes_containers))
        .routes(routes!(
            kubernetes::get_kubernetes_namespaces,
            kubernetes::delete_kubernetes_namespaces
        ))
        .routes(routes!(kubernetes::get_kubernetes_namespace))
        .routes(routes!(kubernetes::get_kubernetes_nodes))
        .routes(routes!(kubernetes::get_kubernetes_node))
        .routes(routes!(kubernetes::get_kubernetes_pods))
        .routes(routes!(kubernetes::get_kubernetes_pod))
        .routes(routes!(ecs::post_ecs_inventory))
        .routes(routes!(ecs::get_ecs_containers))
        .routes(routes!(ecs::get_ecs_services))
        .routes(routes!(ecs::get_ecs_tasks))
}

/// Forgets what was not reported for too long.
///
/// # Errors
/// Those of the database.
pub(crate) async fn forget_unseen(state: AppState) -> ApiResult<()> {
    let days = i64::from(state.inventory.ttl_days);
    if days == 0 {
        return Ok(());
    }
    let moment = state.now().plus_seconds(-days * 86_400);
    state
        .write(move |tx| Ok(store::forget_before(tx, moment)?))
        .await
}
