//! The operations on Kubernetes inventories.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::paging::{PageQuery, page};
use super::store::{self, Kind, Object};
use super::types::{
    InventoryType, KubernetesContainer, KubernetesContainers, KubernetesInventory,
    KubernetesNamespace, KubernetesNamespaces, KubernetesNode, KubernetesNodes, KubernetesPod,
    KubernetesPods,
};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, JsonText, Path, Problem, Query};
use crate::state::AppState;
use crate::store::Transaction;
use crate::time::Timestamp;

/// Report what runs in a Kubernetes cluster
///
/// A report may be about some namespaces only; others are left alone.
#[utoipa::path(
    post, path = "/kubernetes-inventory", tag = "Inventories",
    extensions(("x-anchore-authz-action" = json!("syncInventory"))),
    request_body = KubernetesInventory,
    responses((status = 204, description = "It is kept")),
)]
pub(super) async fn post_kubernetes_inventory(
    State(state): State<AppState>,
    caller: Caller,
    Json(report): Json<KubernetesInventory>,
) -> ApiResult<StatusCode> {
    check(&report)?;
    let account = caller.account();
    let now = state.now();
    let overwrite = state.inventory.ingest_overwrite;
    state
        .write(move |tx| keep(tx, &account, &report, overwrite, now))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Checks what the schema demands of ids and tags.
fn check(report: &KubernetesInventory) -> Result<(), Problem> {
    let place = |list: &str, at: usize, member: &str| format!("{list}[{at}].{member}");
    let mut uuids: Vec<(String, &str)> = Vec::new();
    for (at, namespace) in report.namespaces.iter().flatten().enumerate() {
        uuids.push((place("namespaces", at, "uid"), &namespace.uid));
    }
    for (at, node) in report.nodes.iter().flatten().enumerate() {
        uuids.push((place("nodes", at, "uid"), &node.uid));
    }
    for (at, pod) in report.pods.iter().flatten().enumerate() {
        uuids.push((place("pods", at, "namespace_uid"), &pod.namespace_uid));
        if let Some(node) = &pod.node_uid {
            uuids.push((place("pods", at, "node_uid"), node));
        }
    }
    for (at, container) in report.containers.iter().flatten().enumerate() {
        uuids.push((place("containers", at, "pod_uid"), &container.pod_uid));
        if container.image_tag.trim().is_empty() {
            return Err(Problem::bad_request(format!(
                "Request body, `{}`: expected a text that is not blank",
                place("containers", at, "image_tag")
            )));
        }
    }
    match uuids.into_iter().find(|(_, text)| !is_uuid(text)) {
        Some((place, text)) => Err(Problem::bad_request(format!(
            "Request body, `{place}`: expected a UUID, got `{text}`"
        ))),
        None => Ok(()),
    }
}

/// Whether the text is a UUID as clusters write it: in lower case, with hyphens.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}

fn keep(
    tx: &mut Transaction<'_>,
    account: &str,
    report: &KubernetesInventory,
    overwrite: bool,
    now: Timestamp,
) -> ApiResult<()> {
    let cluster = report.cluster_name.as_str();
    let seen = report.timestamp.min(now);
    let mut objects = Objects {
        tx,
        account,
        seen,
        now,
    };
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    for namespace in report.namespaces.iter().flatten() {
        if overwrite {
            let (uid, name) = (&namespace.uid, &namespace.name);
            store::empty_namespace(objects.tx, account, cluster, uid, name)?;
        }
        let shown = KubernetesNamespace {
            uid: namespace.uid.clone(),
            name: namespace.name.clone(),
            labels: namespace.labels.clone().unwrap_or_default(),
            annotations: namespace.annotations.clone().unwrap_or_default(),
            last_seen: None,
        };
        let uid = &namespace.uid;
        let name = Some(namespace.name.as_str());
        objects.keep(Kind::Namespace, cluster, uid, name, None, &shown)?;
        names.insert(uid, namespace.name.clone());
    }
    for node in report.nodes.iter().flatten() {
        let shown = KubernetesNode {
            uid: node.uid.clone(),
            name: node.name.clone(),
            labels: node.labels.clone().unwrap_or_default(),
            annotations: node.annotations.clone().unwrap_or_default(),
            last_seen: None,
        };
        objects.keep(Kind::Node, cluster, &node.uid, None, None, &shown)?;
    }
    let mut namespaces: BTreeMap<&str, String> = BTreeMap::new();
    for pod in report.pods.iter().flatten() {
        let shown = KubernetesPod {
            id: pod.uid.clone(),
            name: pod.name.clone(),
            account_name: account.to_owned(),
            labels: pod.labels.clone().unwrap_or_default(),
            annotations: pod.annotations.clone().unwrap_or_default(),
            node_id: pod.node_uid.clone(),
            namespace_id: pod.namespace_uid.clone(),
            last_seen: None,
        };
        let namespace = Some(pod.namespace_uid.as_str());
        objects.keep(Kind::Pod, cluster, &pod.uid, namespace, None, &shown)?;
        namespaces.insert(&pod.uid, pod.namespace_uid.clone());
    }
    for container in report.containers.iter().flatten() {
        let pod = container.pod_uid.as_str();
        let namespace = match namespaces.get(pod) {
            Some(uid) => uid.clone(),
            None => store::namespace_of(objects.tx, account, Kind::Pod, cluster, pod)?
                .ok_or_else(|| missing("container", &container.id, "pod", pod))?,
        };
        let name = match names.get(namespace.as_str()) {
            Some(name) => name.clone(),
            None => store::namespace_of(objects.tx, account, Kind::Namespace, cluster, &namespace)?
                .ok_or_else(|| missing("pod", pod, "namespace", &namespace))?,
        };
        let context = format!("{cluster}/{name}");
        let digest = container.image_digest.clone().unwrap_or_default();
        let shown = KubernetesContainer {
            id: container.id.clone(),
            name: container.name.clone(),
            pod_id: container.pod_uid.clone(),
            account_name: account.to_owned(),
            context: context.clone(),
            image_tag: container.image_tag.clone(),
            image_digest: digest.clone(),
        };
        let place = Some((context.as_str(), digest.as_str()));
        objects.keep(Kind::Container, cluster, &container.id, None, place, &shown)?;
        let image = (container.image_tag.as_str(), digest.as_str());
        let kind = InventoryType::Kubernetes;
        store::keep_image(objects.tx, account, kind, &context, image, seen, now)?;
    }
    Ok(())
}

fn missing(what: &str, id: &str, part_of: &str, of: &str) -> ApiError {
    ApiError::bad_request(format!(
        "{what} `{id}`: its {part_of} `{of}` is neither in the report nor known of the cluster"
    ))
}

/// Keeps objects of one report.
pub(super) struct Objects<'t, 'c, 'a> {
    pub(super) tx: &'t mut Transaction<'c>,
    pub(super) account: &'a str,
    pub(super) seen: Timestamp,
    pub(super) now: Timestamp,
}

impl Objects<'_, '_, '_> {
    /// Keeps one object; `place` is the context and the image digest of a container.
    pub(super) fn keep(
        &mut self,
        kind: Kind,
        cluster: &str,
        uid: &str,
        namespace: Option<&str>,
        place: Option<(&str, &str)>,
        shown: &impl Serialize,
    ) -> ApiResult<()> {
        let object = Object {
            kind,
            cluster,
            uid,
            namespace,
            context: place.map(|(context, _)| context),
            image_digest: place.map(|(_, digest)| digest),
            shown: serde_json::to_string(shown).map_err(ApiError::internal)?,
        };
        Ok(store::keep(
            self.tx,
            self.account,
            &object,
            self.seen,
            self.now,
        )?)
    }
}

/// List containers of Kubernetes clusters
#[utoipa::path(
    get, path = "/kubernetes-containers", tag = "Inventories", params(PageQuery),
    extensions(("x-anchore-authz-action" = json!("getKubernetesContainers"))),
    responses((status = 200, description = "A page of containers", body = KubernetesContainers)),
)]
pub(super) async fn get_kubernetes_containers(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> ApiResult<Response> {
    page(state, caller, query, Kind::Container, "containers", false).await
}

/// List namespaces of Kubernetes clusters
#[utoipa::path(
    get, path = "/kubernetes-namespaces", tag = "Inventories", params(PageQuery),
    extensions(("x-anchore-authz-action" = json!("getKubernetesNamespaces"))),
    responses((status = 200, description = "A page of namespaces", body = KubernetesNamespaces)),
)]
pub(super) async fn get_kubernetes_namespaces(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> ApiResult<Response> {
    page(state, caller, query, Kind::Namespace, "namespaces", true).await
}

/// Which namespaces to forget.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ClusterQuery {
    /// Only those of this cluster. Default: all.
    cluster_name: Option<String>,
}

/// Forget namespaces, and what runs in them
///
/// What is there still is reported again.
#[utoipa::path(
    delete, path = "/kubernetes-namespaces", tag = "Inventories", params(ClusterQuery),
    extensions(("x-anchore-authz-action" = json!("deleteKubernetesNamespaces"))),
    responses((status = 204, description = "They are forgotten")),
)]
pub(super) async fn delete_kubernetes_namespaces(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ClusterQuery>,
) -> ApiResult<StatusCode> {
    let account = caller.account();
    state
        .write(move |tx| {
            let cluster = query.cluster_name.as_deref();
            for (cluster, uid, name) in store::namespaces(tx, &account, cluster)? {
                store::empty_namespace(tx, &account, &cluster, &uid, &name)?;
                store::delete_namespace(tx, &account, &cluster, &uid)?;
            }
            Ok(())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Answers one object.
async fn one(
    state: AppState,
    caller: Caller,
    kind: Kind,
    what: &str,
    uid: String,
) -> ApiResult<Response> {
    let account = caller.account();
    let wanted = uid.clone();
    let row = state
        .peek(move |tx| Ok(store::get(tx, &account, kind, &wanted)?))
        .await?
        .ok_or_else(|| ApiError::not_found(format!("{what} `{uid}` not found")))?;
    Ok(JsonText(row.with_time()).into_response())
}

/// Get a namespace of a Kubernetes cluster
#[utoipa::path(
    get, path = "/kubernetes-namespaces/{namespace_id}", tag = "Inventories",
    params(("namespace_id" = String, Path, description = "Id of the namespace")),
    extensions(("x-anchore-authz-action" = json!("getKubernetesNamespaces"))),
    responses(
        (status = 200, description = "The namespace", body = KubernetesNamespace),
        (status = 404, description = "The account has no such namespace", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_kubernetes_namespace(
    State(state): State<AppState>,
    caller: Caller,
    Path(namespace_id): Path<String>,
) -> ApiResult<Response> {
    one(state, caller, Kind::Namespace, "namespace", namespace_id).await
}

/// List nodes of Kubernetes clusters
#[utoipa::path(
    get, path = "/kubernetes-nodes", tag = "Inventories", params(PageQuery),
    extensions(("x-anchore-authz-action" = json!("getKubernetesNodes"))),
    responses((status = 200, description = "A page of nodes", body = KubernetesNodes)),
)]
pub(super) async fn get_kubernetes_nodes(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> ApiResult<Response> {
    page(state, caller, query, Kind::Node, "namespaces", true).await
}

/// Get a node of a Kubernetes cluster
#[utoipa::path(
    get, path = "/kubernetes-nodes/{node_id}", tag = "Inventories",
    params(("node_id" = String, Path, description = "Id of the node")),
    extensions(("x-anchore-authz-action" = json!("getKubernetesNodes"))),
    responses(
        (status = 200, description = "The node", body = KubernetesNode),
        (status = 404, description = "The account has no such node", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_kubernetes_node(
    State(state): State<AppState>,
    caller: Caller,
    Path(node_id): Path<String>,
) -> ApiResult<Response> {
    one(state, caller, Kind::Node, "node", node_id).await
}

/// List pods of Kubernetes clusters
#[utoipa::path(
    get, path = "/kubernetes-pods", tag = "Inventories", params(PageQuery),
    extensions(("x-anchore-authz-action" = json!("getKubernetesPods"))),
    responses((status = 200, description = "A page of pods", body = KubernetesPods)),
)]
pub(super) async fn get_kubernetes_pods(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> ApiResult<Response> {
    page(state, caller, query, Kind::Pod, "namespaces", true).await
}

/// Get a pod of a Kubernetes cluster
#[utoipa::path(
    get, path = "/kubernetes-pods/{pod_id}", tag = "Inventories",
    params(("pod_id" = String, Path, description = "Id of the pod")),
    extensions(("x-anchore-authz-action" = json!("getKubernetesPods"))),
    responses(
        (status = 200, description = "The pod", body = KubernetesPod),
        (status = 404, description = "The account has no such pod", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_kubernetes_pod(
    State(state): State<AppState>,
    caller: Caller,
    Path(pod_id): Path<String>,
) -> ApiResult<Response> {
    one(state, caller, Kind::Pod, "pod", pod_id).await
}
