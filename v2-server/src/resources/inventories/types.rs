//! Inventories as agents report them, and as clients see them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::strict::nullable;
use crate::time::Timestamp;

/// Labels, annotations or tags.
pub(super) type Labels = BTreeMap<String, String>;

/// What kind of place an image runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InventoryType {
    /// Amazon ECS.
    Ecs,
    /// Kubernetes.
    Kubernetes,
}

impl InventoryType {
    /// The word clients and the database use.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::Kubernetes => "kubernetes",
        }
    }
}

/// Which images in use to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct InventoryQuery {
    /// Only images in this kind of place.
    #[param(inline)]
    pub(crate) inventory_type: Option<InventoryType>,
    /// Only this image.
    pub(crate) image_digest: Option<String>,
    /// Only images that run here: `cluster/namespace`, or the ARN of an ECS cluster.
    pub(crate) context: Option<String>,
}

/// Which images in use to forget.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteInventoryQuery {
    /// The kind of place.
    #[param(inline)]
    pub(crate) inventory_type: InventoryType,
    /// The place: `cluster/namespace`, or the ARN of an ECS cluster.
    pub(crate) context: String,
    /// Only this image. Default: all.
    pub(crate) image_digest: Option<String>,
}

/// Images in use.
#[derive(ToSchema)]
#[expect(dead_code, reason = "written piece by piece; only its schema is used")]
pub(crate) struct InventoryItems {
    /// The images, in the order they were first reported.
    items: Vec<InventoryItem>,
}

/// An image that runs somewhere.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InventoryItem {
    /// `ecs` or `kubernetes`.
    pub(crate) inventory_type: String,
    /// The place: `cluster/namespace`, or the ARN of an ECS cluster.
    pub(crate) context: String,
    /// What the container was started from.
    pub(crate) image_tag: String,
    /// Digest of the image; empty when it was not reported.
    pub(crate) image_digest: String,
    /// When it was first reported.
    pub(crate) created_at: Timestamp,
    /// When the record was last changed.
    pub(crate) last_updated: Timestamp,
    /// When it was last seen running.
    pub(crate) last_seen: Timestamp,
}

/// What runs in a part of a Kubernetes cluster.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct KubernetesInventory {
    /// Name of the cluster.
    pub(crate) cluster_name: String,
    /// When the agent looked.
    pub(crate) timestamp: Timestamp,
    /// Namespaces.
    pub(crate) namespaces: Option<Vec<ReportedNamespace>>,
    /// Nodes.
    pub(crate) nodes: Option<Vec<ReportedNode>>,
    /// Pods.
    pub(crate) pods: Option<Vec<ReportedPod>>,
    /// Containers.
    pub(crate) containers: Option<Vec<ReportedContainer>>,
}

/// A namespace.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ReportedNamespace {
    /// Id in the cluster, a UUID.
    pub(crate) uid: String,
    /// Its name.
    pub(crate) name: String,
    /// Its labels.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub(crate) labels: Option<Labels>,
    /// Its annotations.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub(crate) annotations: Option<Labels>,
}

/// A node. What is reported about its software is not kept.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ReportedNode {
    /// Id in the cluster, a UUID.
    pub(crate) uid: String,
    /// Its name.
    pub(crate) name: String,
    /// Its labels.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub(crate) labels: Option<Labels>,
    /// Its annotations.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub(crate) annotations: Option<Labels>,
}

/// A pod.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ReportedPod {
    /// Id in the cluster.
    pub(crate) uid: String,
    /// Its name.
    pub(crate) name: String,
    /// Id of its namespace.
    pub(crate) namespace_uid: String,
    /// Id of the node it runs on.
    pub(crate) node_uid: Option<String>,
    /// Its labels.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub(crate) labels: Option<Labels>,
    /// Its annotations.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub(crate) annotations: Option<Labels>,
}

/// A container.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ReportedContainer {
    /// Id in the cluster.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// What it was started from.
    pub(crate) image_tag: String,
    /// Digest of its image.
    pub(crate) image_digest: Option<String>,
    /// Id of its pod.
    pub(crate) pod_uid: String,
}

/// Namespaces.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "put together from stored texts; only its schema is used"
)]
pub(crate) struct KubernetesNamespaces {
    /// The namespaces, in the order they were first reported.
    namespaces: Vec<KubernetesNamespace>,
}

/// A namespace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KubernetesNamespace {
    /// Id in the cluster.
    pub(crate) uid: String,
    /// Its name.
    pub(crate) name: String,
    /// Its labels.
    #[schema(value_type = BTreeMap<String, String>)]
    pub(crate) labels: Labels,
    /// Its annotations.
    #[schema(value_type = BTreeMap<String, String>)]
    pub(crate) annotations: Labels,
    /// When it was last reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_seen: Option<String>,
}

/// Nodes.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "put together from stored texts; only its schema is used"
)]
pub(crate) struct KubernetesNodes {
    /// The nodes, in the order they were first reported; the published form has this name for them.
    namespaces: Vec<KubernetesNode>,
}

/// A node.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KubernetesNode {
    /// Id in the cluster.
    pub(crate) uid: String,
    /// Its name.
    pub(crate) name: String,
    /// Its labels.
    #[schema(value_type = BTreeMap<String, String>)]
    pub(crate) labels: Labels,
    /// Its annotations.
    #[schema(value_type = BTreeMap<String, String>)]
    pub(crate) annotations: Labels,
    /// When it was last reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_seen: Option<String>,
}

/// Pods.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "put together from stored texts; only its schema is used"
)]
pub(crate) struct KubernetesPods {
    /// The pods, in the order they were first reported; the published form has this name for them.
    namespaces: Vec<KubernetesPod>,
}

/// A pod.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KubernetesPod {
    /// Id in the cluster.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// The account that owns the record.
    pub(crate) account_name: String,
    /// Its labels.
    #[schema(value_type = BTreeMap<String, String>)]
    pub(crate) labels: Labels,
    /// Its annotations.
    #[schema(value_type = BTreeMap<String, String>)]
    pub(crate) annotations: Labels,
    /// Id of the node it runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) node_id: Option<String>,
    /// Id of its namespace.
    pub(crate) namespace_id: String,
    /// When it was last reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_seen: Option<String>,
}

/// Containers.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "put together from stored texts; only its schema is used"
)]
pub(crate) struct KubernetesContainers {
    /// The containers, in the order they were first reported.
    containers: Vec<KubernetesContainer>,
}

/// A container.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KubernetesContainer {
    /// Id in the cluster.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Id of its pod.
    pub(crate) pod_id: String,
    /// The account that owns the record.
    pub(crate) account_name: String,
    /// Where it runs: `cluster/namespace`.
    pub(crate) context: String,
    /// What it was started from.
    pub(crate) image_tag: String,
    /// Digest of its image; empty when it was not reported.
    pub(crate) image_digest: String,
}

/// What runs in an ECS cluster.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ECSInventory {
    /// ARN of the cluster.
    pub(crate) cluster_arn: String,
    /// When the agent looked.
    pub(crate) timestamp: Timestamp,
    /// Tasks.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(default = json!(null))]
    pub(crate) tasks: Option<Vec<ReportedTask>>,
    /// Containers.
    #[serde(default)]
    pub(crate) containers: Option<Vec<ReportedEcsContainer>>,
    /// Services.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(default = json!(null))]
    pub(crate) services: Option<Vec<ReportedService>>,
}

/// A task.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ReportedTask {
    /// Its ARN.
    pub(crate) arn: String,
    /// ARN of its service.
    pub(crate) service_arn: Option<String>,
    /// ARN of its definition.
    pub(crate) task_definition_arn: Option<String>,
    /// Its tags.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub(crate) tags: Option<Labels>,
}

/// A container.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ReportedEcsContainer {
    /// Its ARN.
    pub(crate) arn: String,
    /// ARN of its task.
    pub(crate) task_arn: Option<String>,
    /// What it was started from.
    pub(crate) image_tag: String,
    /// Digest of its image.
    pub(crate) image_digest: Option<String>,
}

/// A service.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ReportedService {
    /// Its ARN.
    pub(crate) arn: String,
    /// Its tags.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub(crate) tags: Option<Labels>,
}

/// Containers of ECS clusters.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "put together from stored texts; only its schema is used"
)]
pub(crate) struct ECSContainers {
    /// The containers, in the order they were first reported.
    containers: Vec<ECSContainer>,
}

/// A container of an ECS cluster. What was not reported is empty.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ECSContainer {
    /// Its ARN.
    pub(crate) arn: String,
    /// ARN of its task.
    pub(crate) task_arn: String,
    /// The account that owns the record.
    pub(crate) account_name: String,
    /// Where it runs: ARN of the cluster.
    pub(crate) context: String,
    /// What it was started from.
    pub(crate) image_tag: String,
    /// Digest of its image.
    pub(crate) image_digest: String,
}

/// Services of ECS clusters.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "put together from stored texts; only its schema is used"
)]
pub(crate) struct ECSServices {
    /// The services, in the order they were first reported.
    services: Vec<ECSService>,
}

/// A service of an ECS cluster.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ECSService {
    /// Its ARN.
    pub(crate) arn: String,
    /// ARN of the cluster.
    pub(crate) cluster_arn: String,
    /// Its tags.
    #[schema(value_type = BTreeMap<String, String>)]
    pub(crate) tags: Labels,
    /// The account that owns the record.
    pub(crate) account_name: String,
}

/// Tasks of ECS clusters.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "put together from stored texts; only its schema is used"
)]
pub(crate) struct ECSTasks {
    /// The tasks, in the order they were first reported.
    tasks: Vec<ECSTask>,
}

/// A task of an ECS cluster. What was not reported is empty.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ECSTask {
    /// Its ARN.
    pub(crate) arn: String,
    /// ARN of the cluster.
    pub(crate) cluster_arn: String,
    /// ARN of its service.
    pub(crate) service_arn: String,
    /// ARN of its definition.
    pub(crate) task_definition_arn: String,
    /// Its tags.
    #[schema(value_type = BTreeMap<String, String>)]
    pub(crate) tags: Labels,
    /// The account that owns the record.
    pub(crate) account_name: String,
}
