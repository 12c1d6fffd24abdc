//! What runs where, as agents report it and clients see it, over both versions.

use serde_json::{Value, json};
use windlass_tests::facts::each;
use windlass_tests::story::Story;
use windlass_tests::world::{Answer, World};

const NAMESPACE: &str = "00000000-0000-4000-8000-000000000001";
const NODE: &str = "00000000-0000-4000-8000-000000000002";
const POD: &str = "00000000-0000-4000-8000-000000000003";

pub(crate) static STORY: Story = Story::new(|world| {
    Box::pin(async {
        a_kubernetes_cluster_is_reported(world).await;
        an_ecs_cluster_is_reported(world).await;
        inventories_are_forgotten(world).await;
    })
});

#[tokio::test]
async fn agents_report_what_runs_over_both_versions() {
    STORY.told().await;
}

fn digest() -> String {
    format!("sha256:{}", "ab".repeat(32))
}

async fn a_kubernetes_cluster_is_reported(world: &World) {
    let (v1, v2) = world.admin();
    let report = json!({
        "cluster_name": "prod", "timestamp": "2026-01-02T03:04:05Z",
        "namespaces": [{"uid": NAMESPACE, "name": "shop"}],
        "nodes": [{"uid": NODE, "name": "node-1"}],
        "pods": [{"uid": POD, "name": "pod-1", "namespace_uid": NAMESPACE, "node_uid": NODE}],
        "containers": [{
            "id": "containerd://1", "name": "app", "image_tag": "docker.io/library/shop:1.0", "image_digest": digest(),
            "pod_uid": POD,
        }],
    });
    v2.post("/kubernetes-inventory", &report).await.empty(204);
    done(&v1.post("/enterprise/kubernetes-inventory", &report).await);
    for (list, member, name) in [
        ("kubernetes-namespaces", "namespaces", "shop"),
        ("kubernetes-nodes", "namespaces", "node-1"),
        ("kubernetes-pods", "namespaces", "pod-1"),
        ("kubernetes-containers", "containers", "app"),
    ] {
        let page = v2.get(&format!("/{list}?page=1&page_size=10")).await.ok();
        assert_eq!(each(&page[member], "name"), [name], "{list}");
    }
    for (path, name) in [
        (format!("/kubernetes-namespaces/{NAMESPACE}"), "shop"),
        (format!("/kubernetes-nodes/{NODE}"), "node-1"),
        (format!("/kubernetes-pods/{POD}"), "pod-1"),
    ] {
        assert_eq!(v2.get(&path).await.ok()["name"], name);
        assert_eq!(
            v1.get(&format!("/enterprise{path}")).await.ok()["name"],
            name
        );
    }
    v2.get("/kubernetes-pods").await.with(400);
    for list in ["namespaces", "nodes", "pods", "containers"] {
        v1.get(&format!("/enterprise/kubernetes-{list}")).await.ok();
    }
}

async fn an_ecs_cluster_is_reported(world: &World) {
    let (v1, v2) = world.admin();
    let report = json!({
        "cluster_arn": "arn:cluster", "timestamp": "2026-01-02T03:04:05Z",
        "containers": [{"arn": "arn:container", "image_tag": "shop:1.0", "image_digest": digest(), "task_arn": "arn:task"}],
        "tasks": [{"arn": "arn:task", "service_arn": "arn:service", "tags": {"a": "b"}}],
        "services": [{"arn": "arn:service"}],
    });
    v2.post("/ecs-inventory", &report).await.empty(204);
    done(&v1.post("/enterprise/ecs-inventory", &report).await);
    for (list, arn) in [
        ("containers", "arn:container"),
        ("tasks", "arn:task"),
        ("services", "arn:service"),
    ] {
        let page = v2.get(&format!("/ecs-{list}?page=1")).await.ok();
        assert_eq!(each(&page[list], "arn"), [arn]);
        v1.get(&format!("/enterprise/ecs-{list}")).await.ok();
    }
}

async fn inventories_are_forgotten(world: &World) {
    let (v1, v2) = world.admin();
    let contexts = |items: &Value| -> Vec<String> {
        each(&items["items"], "context")
            .into_iter()
            .map(str::to_owned)
            .collect()
    };
    let all = v2
        .get(&format!("/inventories?image_digest={}", digest()))
        .await
        .ok();
    assert_eq!(contexts(&all), ["prod/shop", "arn:cluster"]);
    let old = v1.get("/enterprise/inventories").await.ok();
    assert!(old.to_string().contains("prod/shop"), "{old}");
    let path = "/inventories?inventory_type=kubernetes&context=prod/shop";
    done(&v1.delete(&format!("/enterprise{path}")).await);
    v2.delete(path).await.with(404);
    let path = "/inventories?inventory_type=ecs&context=arn:cluster";
    v2.delete(path).await.empty(204);
    let path = "/kubernetes-namespaces?cluster_name=prod";
    done(&v1.delete(&format!("/enterprise{path}")).await);
    v2.delete(path).await.empty(204);
    assert_eq!(v2.get("/inventories").await.ok(), json!({"items": []}));
}

/// Expects success, whatever the status and the body are in V1.
#[track_caller]
fn done(answer: &Answer) {
    assert!((200..300).contains(&answer.status), "{}", answer.text());
}
