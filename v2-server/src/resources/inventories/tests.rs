//! Inventories, called through the whole router.

use serde_json::{Value, json};

use super::{InventorySettings, forget_unseen};
use crate::resources::images::testing::digest;
use crate::testing::{TestServer, is_error, is_problem};

const DAY: i64 = 86_400;

fn uuid(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// A namespace with a node, a pod and two containers.
fn report(cluster: &str, namespace: u32, name: &str) -> Value {
    json!({
        "cluster_name": cluster, "timestamp": "2026-11-23T09:00:00Z",
        "serverVersionMetadata": { "major": "1" },
        "namespaces": [{ "uid": uuid(namespace), "name": name, "labels": { "team": "a" } }],
        "nodes": [{ "uid": uuid(50), "name": "node-1", "arch": "amd64", "annotations": { "x": "y" } }],
        "pods": [{ "uid": uuid(namespace + 1), "name": "pod-1", "namespace_uid": uuid(namespace), "node_uid": uuid(50) }],
        "containers": [
            { "id": format!("containerd://{namespace}a"), "name": "app", "image_tag": "docker.io/library/app:1",
                "image_digest": digest(1), "pod_uid": uuid(namespace + 1) },
            { "id": format!("containerd://{namespace}b"), "name": "side", "image_tag": "docker.io/library/side:1",
                "pod_uid": uuid(namespace + 1) },
        ],
    })
}

async fn send(server: &TestServer, report: &Value) {
    let answer = server.post("/v2/kubernetes-inventory").json(report).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
}

async fn list(server: &TestServer, path: &str) -> Value {
    let answer = server.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.body
}

async fn contexts(server: &TestServer) -> Vec<String> {
    let items = list(server, "/v2/inventories").await;
    let items = items["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["context"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn what_a_cluster_reports_is_listed() {
    let server = TestServer::start().await;
    send(&server, &report("prod", 1, "shop")).await;
    let time = "2026-11-23T09:00:00Z";
    let namespace = json!({
        "uid": uuid(1), "name": "shop", "labels": { "team": "a" }, "annotations": {}, "last_seen": time,
    });
    let node = json!({
        "uid": uuid(50), "name": "node-1", "labels": {}, "annotations": { "x": "y" }, "last_seen": time,
    });
    let pod = json!({
        "id": uuid(2), "name": "pod-1", "account_name": "admin", "labels": {}, "annotations": {},
        "node_id": uuid(50), "namespace_id": uuid(1), "last_seen": time,
    });
    assert_eq!(
        list(&server, "/v2/kubernetes-namespaces?page=1").await,
        json!({ "namespaces": [namespace] })
    );
    assert_eq!(
        list(&server, "/v2/kubernetes-nodes?page=1").await,
        json!({ "namespaces": [node] })
    );
    assert_eq!(
        list(&server, "/v2/kubernetes-pods?page=1").await,
        json!({ "namespaces": [pod] })
    );
    assert_eq!(
        list(&server, "/v2/kubernetes-containers?page=1").await,
        json!({ "containers": [
            { "id": "containerd://1a", "name": "app", "pod_id": uuid(2), "account_name": "admin",
                "context": "prod/shop", "image_tag": "docker.io/library/app:1", "image_digest": digest(1) },
            { "id": "containerd://1b", "name": "side", "pod_id": uuid(2), "account_name": "admin",
                "context": "prod/shop", "image_tag": "docker.io/library/side:1", "image_digest": "" },
        ] })
    );
    for (path, expected) in [
        (format!("/v2/kubernetes-namespaces/{}", uuid(1)), namespace),
        (format!("/v2/kubernetes-nodes/{}", uuid(50)), node),
        (format!("/v2/kubernetes-pods/{}", uuid(2)), pod),
    ] {
        assert_eq!(list(&server, &path).await, expected);
        let (path, _) = path.rsplit_once('/').unwrap();
        assert_eq!(server.get(&format!("{path}/nosuch")).await.status, 404);
    }
    assert_eq!(
        list(
            &server,
            &format!("/v2/inventories?image_digest={}", digest(1))
        )
        .await,
        json!({ "items": [{
            "inventory_type": "kubernetes", "context": "prod/shop", "image_tag": "docker.io/library/app:1",
            "image_digest": digest(1), "created_at": time, "last_updated": time, "last_seen": time,
        }] })
    );
}

#[tokio::test]
async fn pages_are_asked_for_by_number() {
    let server = TestServer::start().await;
    for number in 0..3 {
        send(
            &server,
            &report("prod", 1 + 2 * number, &format!("n{number}")),
        )
        .await;
    }
    let names = async |query: &str| -> Vec<String> {
        let page = list(&server, &format!("/v2/kubernetes-namespaces?{query}")).await;
        let page = page["namespaces"].as_array().unwrap().clone();
        page.iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("page=1&page_size=2").await, ["n0", "n1"]);
    assert_eq!(names("page=2&page_size=2").await, ["n2"]);
    assert_eq!(names("page=3&page_size=2").await, [""; 0]);
    for path in [
        "kubernetes-namespaces",
        "kubernetes-nodes",
        "kubernetes-pods",
        "kubernetes-containers",
        "ecs-services",
        "ecs-tasks",
        "ecs-containers",
    ] {
        let path = format!("/v2/{path}");
        is_problem(
            &server.get(&path).await,
            400,
            "missing query parameter `page`",
        );
        is_problem(
            &server.get(&format!("{path}?page=0")).await,
            400,
            "query parameter `page`",
        );
        let none = format!("{path}?page=1&page_size=0");
        is_problem(&server.get(&none).await, 400, "query parameter `page_size`");
    }
}

#[tokio::test]
async fn what_is_reported_again_is_seen_again() {
    let server = TestServer::start().await;
    let mut body = report("prod", 1, "shop");
    send(&server, &body).await;
    server.clock.advance(DAY);
    body["timestamp"] = json!("2026-11-24T08:00:00Z");
    body["namespaces"][0]["labels"] = json!({ "team": "b" });
    send(&server, &body).await;
    let path = format!("/v2/kubernetes-namespaces/{}", uuid(1));
    let seen = list(&server, &path).await;
    assert_eq!(
        (&seen["labels"]["team"], &seen["last_seen"]),
        (&json!("b"), &json!("2026-11-24T08:00:00Z"))
    );
    let items = list(&server, "/v2/inventories").await;
    assert_eq!(items["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        (
            &items["items"][0]["created_at"],
            &items["items"][0]["last_seen"]
        ),
        (
            &json!("2026-11-23T09:00:00Z"),
            &json!("2026-11-24T08:00:00Z")
        )
    );
    body["timestamp"] = json!("2020-01-01T00:00:00Z");
    body["namespaces"][0]["labels"] = json!({});
    send(&server, &body).await;
    assert_eq!(
        list(&server, &path).await,
        seen,
        "an old report changes nothing"
    );
    body["timestamp"] = json!("2099-01-01T00:00:00Z");
    send(&server, &body).await;
    assert_eq!(
        list(&server, &path).await["last_seen"],
        "2026-11-24T09:00:00Z"
    );
}

#[tokio::test]
async fn what_is_not_reported_for_long_disappears() {
    let server = TestServer::start_with(|builder| {
        builder.inventory(InventorySettings {
            ttl_days: 2,
            ..InventorySettings::default()
        })
    })
    .await;
    send(&server, &report("prod", 1, "shop")).await;
    server.clock.advance(2 * DAY);
    forget_unseen(server.state.clone()).await.unwrap();
    assert_eq!(contexts(&server).await, ["prod/shop"; 2]);
    server.clock.advance(1);
    forget_unseen(server.state.clone()).await.unwrap();
    assert_eq!(contexts(&server).await, [""; 0]);
    let pods = list(&server, "/v2/kubernetes-pods?page=1").await;
    assert_eq!(pods, json!({ "namespaces": [] }));
}

#[tokio::test]
async fn a_time_to_live_of_zero_is_forever() {
    let server = TestServer::start_with(|builder| {
        builder.inventory(InventorySettings {
            ttl_days: 0,
            ..InventorySettings::default()
        })
    })
    .await;
    send(&server, &report("prod", 1, "shop")).await;
    server.clock.advance(100_000 * DAY);
    forget_unseen(server.state.clone()).await.unwrap();
    assert_eq!(contexts(&server).await.len(), 2);
}

#[tokio::test]
async fn a_report_can_replace_what_is_known_of_its_namespaces() {
    let server = TestServer::start_with(|builder| {
        builder.inventory(InventorySettings {
            ingest_overwrite: true,
            ..InventorySettings::default()
        })
    })
    .await;
    send(&server, &report("prod", 1, "shop")).await;
    send(&server, &report("prod", 3, "other")).await;
    let mut body = report("prod", 1, "shop");
    body["containers"].as_array_mut().unwrap().truncate(1);
    send(&server, &body).await;
    assert_eq!(
        contexts(&server).await,
        ["prod/other", "prod/other", "prod/shop"]
    );
    let ecs = |containers: Value| {
        json!({ "cluster_arn": "arn:c", "timestamp": "2026-11-23T09:00:00Z", "containers": containers,
            "services": [{ "arn": "arn:s" }] })
    };
    let container = json!({ "arn": "arn:1", "image_tag": "a:1" });
    for containers in [json!([container]), json!([])] {
        let answer = server.post("/v2/ecs-inventory").json(ecs(containers)).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
    }
    let listed = list(&server, "/v2/ecs-containers?page=1").await;
    assert_eq!(listed, json!({ "containers": [] }));
}

#[tokio::test]
async fn reports_that_do_not_hold_together_are_refused_as_a_whole() {
    let server = TestServer::start().await;
    let good = report("prod", 1, "shop");
    for (pointer, value, detail) in [
        (
            "/namespaces/0/uid",
            json!("x"),
            "`namespaces[0].uid`: expected a UUID, got `x`",
        ),
        (
            "/nodes/0/uid",
            json!(uuid(1).to_uppercase().replace('0', "A")),
            "`nodes[0].uid`",
        ),
        (
            "/pods/0/namespace_uid",
            json!(""),
            "`pods[0].namespace_uid`",
        ),
        (
            "/containers/1/image_tag",
            json!(" "),
            "`containers[1].image_tag`",
        ),
        ("/timestamp", json!("yesterday"), "timestamp"),
        ("/cluster_name", json!(null), "cluster_name"),
        ("/namespaces/0/labels", json!({ "a": 1 }), "labels"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        is_problem(
            &server.post("/v2/kubernetes-inventory").json(bad).await,
            400,
            detail,
        );
    }
    let mut lost = good.clone();
    lost["pods"] = json!([]);
    is_error(
        &server.post("/v2/kubernetes-inventory").json(lost).await,
        400,
        "container `containerd://1a`: its pod",
    );
    assert_eq!(contexts(&server).await, [""; 0]);
    let namespaces = list(&server, "/v2/kubernetes-namespaces?page=1").await;
    assert_eq!(namespaces, json!({ "namespaces": [] }));
    send(&server, &good).await;
    let mut later = good;
    later["pods"] = json!([]);
    later["namespaces"] = json!([]);
    send(&server, &later).await;
    assert_eq!(
        contexts(&server).await.len(),
        2,
        "pods of earlier reports are known"
    );
}

#[tokio::test]
async fn an_ecs_cluster_is_listed() {
    let server = TestServer::start().await;
    let answer = server
        .post("/v2/ecs-inventory")
        .json(json!({
            "cluster_arn": "arn:c", "timestamp": "2026-11-23T09:00:00Z",
            "containers": [{ "arn": "arn:1", "image_tag": "a:1", "image_digest": digest(1), "task_arn": "arn:t" }],
            "tasks": [{ "arn": "arn:t", "service_arn": "arn:s", "tags": { "a": "b" } }],
            "services": null,
        }))
        .await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    assert_eq!(
        list(&server, "/v2/ecs-containers?page=1").await,
        json!({ "containers": [{ "arn": "arn:1", "task_arn": "arn:t", "account_name": "admin", "context": "arn:c",
            "image_tag": "a:1", "image_digest": digest(1) }] })
    );
    assert_eq!(
        list(&server, "/v2/ecs-tasks?page=1").await,
        json!({ "tasks": [{ "arn": "arn:t", "cluster_arn": "arn:c", "service_arn": "arn:s",
            "task_definition_arn": "", "tags": { "a": "b" }, "account_name": "admin" }] })
    );
    assert_eq!(
        list(&server, "/v2/ecs-services?page=1").await,
        json!({ "services": [] })
    );
    let ecs = list(&server, "/v2/inventories?inventory_type=ecs&context=arn:c").await;
    assert_eq!(ecs["items"][0]["inventory_type"], "ecs");
    let none = list(&server, "/v2/inventories?inventory_type=kubernetes").await;
    assert_eq!(none, json!({ "items": [] }));
    is_problem(
        &server.get("/v2/inventories?inventory_type=nosuch").await,
        400,
        "query parameter `inventory_type`",
    );
}

#[tokio::test]
async fn inventories_are_forgotten_when_asked() {
    let server = TestServer::start().await;
    send(&server, &report("prod", 1, "shop")).await;
    send(&server, &report("prod", 3, "other")).await;
    let path = format!(
        "/v2/inventories?inventory_type=kubernetes&context=prod/shop&image_digest={}",
        digest(1)
    );
    assert_eq!(server.delete(&path).await.status, 204);
    is_error(&server.delete(&path).await, 404, "inventory not found");
    assert_eq!(contexts(&server).await.len(), 3);
    let containers = list(&server, "/v2/kubernetes-containers?page=1").await;
    assert_eq!(containers["containers"].as_array().unwrap().len(), 3);
    is_problem(
        &server.delete("/v2/inventories?context=x").await,
        400,
        "missing query parameter `inventory_type`",
    );
    send(&server, &report("test", 1, "shop")).await;
    assert_eq!(
        server
            .delete("/v2/kubernetes-namespaces?cluster_name=prod")
            .await
            .status,
        204
    );
    assert_eq!(contexts(&server).await, ["test/shop"; 2]);
    let pods = list(&server, "/v2/kubernetes-pods?page=1").await;
    assert_eq!(pods["namespaces"].as_array().unwrap().len(), 1);
    assert_eq!(server.delete("/v2/kubernetes-namespaces").await.status, 204);
    assert_eq!(contexts(&server).await, [""; 0]);
}

#[tokio::test]
async fn agents_report_and_do_no_more_than_that() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "agent", "inventory-agent")
        .await;
    let answer = server
        .post("/v2/kubernetes-inventory")
        .as_user("agent")
        .json(report("prod", 1, "shop"))
        .await;
    assert_eq!(answer.status, 204);
    assert_eq!(
        contexts(&server).await,
        [""; 0],
        "accounts have inventories of their own"
    );
    let own = server.get("/v2/inventories").as_user("agent").await;
    assert_eq!(own.body["items"].as_array().unwrap().len(), 2);
    assert_eq!(server.get("/v2/images").as_user("agent").await.status, 403);
}
