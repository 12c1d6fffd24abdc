//! The system itself: services, feeds, gates, versions, probes.

use reqwest::Method;
use serde_json::{Value, json};
use windlass_tests::facts::{each, names, told_as};
use windlass_tests::story::Story;
use windlass_tests::world::World;

/// V1 names of what V2 says about one service.
const SERVICE: &[(&str, &str)] = &[("service_name", "servicename"), ("host_id", "hostid")];

pub(crate) static STORY: Story = Story::in_world(
    || World::builder().with_webhook(),
    |world| {
        Box::pin(async {
            probes_answer_anybody(world).await;
            the_document_is_served(world).await;
            services_are_listed_by_name_and_host(world).await;
            a_running_service_stays(world).await;
            a_service_that_is_gone_is_forgotten(world).await;
            gates_go_by_the_words_of_each_version(world).await;
            feeds_and_error_codes_are_the_same(world).await;
            feeds_are_switched_read_and_deleted(world).await;
            webhooks_are_tested(world).await;
        })
    },
);

#[tokio::test]
async fn the_system_describes_itself_over_both_versions() {
    STORY.told().await;
}

/// What arrives has V2 names in both cases: it does not come through the proxy.
async fn webhooks_are_tested(world: &World) {
    let (v1, v2) = world.admin();
    let tested = v1
        .post_empty("/system/webhooks/general/test?notification_type=policy_eval")
        .await;
    assert_eq!(tested.ok(), json!({}));
    v2.post_empty("/system/webhooks/general/test")
        .await
        .empty(200);
    let taken = world.webhook().taken();
    assert_eq!(
        each(&json!(taken), "queue_id"),
        ["policy_eval", "tag_update"]
    );
    for notification in &taken {
        assert_eq!(notification["account_name"], "admin", "{notification}");
    }
    for answer in [
        v1.post_empty("/system/webhooks/vuln_update/test").await,
        v2.post_empty("/system/webhooks/vuln_update/test").await,
    ] {
        let message = answer.with(400)["message"].to_string();
        assert!(message.contains("`webhook_vuln_update_url`"), "{message}");
    }
}

async fn feeds_are_switched_read_and_deleted(world: &World) {
    let (v1, v2) = world.admin();
    let none: Value = json!([]);
    let read = v1
        .post_empty("/system/feeds?sync=true&flush=false")
        .await
        .ok();
    assert_eq!(
        (&read, &v2.post_empty("/system/feeds").await.ok()),
        (&none, &none)
    );
    for (switching, other) in [(&v1, &v2), (&v2, &v1)] {
        for enabled in ["true", "false"] {
            let path = format!("/system/feeds/packages?enabled={enabled}");
            let feed = switching.call(Method::PUT, &path, None).await.ok();
            assert_eq!(feed["enabled"].to_string(), enabled);
            let refused = other.delete("/system/feeds/packages").await;
            let status = if enabled == "true" { 409 } else { 200 };
            assert_eq!(refused.status, status, "{}", refused.text());
        }
    }
    let unknown = "/system/feeds/nosuch?enabled=true";
    assert!(v1.call(Method::PUT, unknown, None).await.status >= 400);
}

async fn probes_answer_anybody(world: &World) {
    let (v1, v2) = (
        format!("{}/v1", world.proxy_url()),
        format!("{}/v2", world.server_url()),
    );
    assert_eq!(world.anonymous(&v1).await.ok(), json!("v1"));
    assert_eq!(
        world.anonymous(&format!("{v1}/health")).await.ok(),
        json!("ok")
    );
    assert_eq!(world.anonymous(&format!("{v2}/health")).await.status, 200);
    let version = world.anonymous(&format!("{v2}/version")).await.ok();
    assert_eq!(names(&version), ["api", "db", "service"]);
    assert_eq!(version["api"]["version"], "2");
    assert_eq!(
        world.anonymous(&format!("{v1}/version")).await.ok(),
        told_as(&version, &[("api/version", "-")])
    );
    let (admin_v1, admin_v2) = world.admin();
    let status = admin_v2.get("/status").await.ok();
    assert_eq!(
        (&status["up"], &status["available"], &status["busy"]),
        (&json!(true), &json!(true), &json!(false))
    );
    assert_eq!(admin_v1.get("/status").await.ok(), status);
}

async fn the_document_is_served(world: &World) {
    let served = world
        .anonymous(&format!("{}/v2/openapi.json", world.server_url()))
        .await;
    assert_eq!(
        served.text(),
        windlass_v2_server::document(),
        "the tests hold answers against it"
    );
    let old = world
        .anonymous(&format!("{}/v1/swagger.json", world.proxy_url()))
        .await
        .ok();
    assert_eq!(
        (&old["swagger"], &old["basePath"]),
        (&json!("2.0"), &json!("/v1"))
    );
    // Derived from V2's document: paths, parameters and members have their V1 names.
    let image = &old["paths"]["/images/{imageDigest}"]["get"];
    assert_eq!(image["operationId"], "get_image");
    assert_eq!(
        image["responses"]["200"]["schema"]["items"]["$ref"],
        "#/definitions/AnchoreImage"
    );
    assert!(old["definitions"]["AnchoreImage"]["properties"]["imageDigest"].is_object());
    for path in ["/swagger.json", "/openapi.json", "/v1/openapi.json"] {
        let url = format!("{}{path}", world.proxy_url());
        let other = world.anonymous(&url).await.ok();
        assert_eq!(other["info"]["version"], "0.7.0", "{path}");
        let names = |document: &Value| {
            let paths = document["paths"].as_object().expect("paths");
            paths.keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(names(&other), names(&old), "{path}");
    }
}

/// Services as V1 tells them.
fn told_in_v1(services: &Value) -> Value {
    told_as(services, SERVICE)
}

async fn services_are_listed_by_name_and_host(world: &World) {
    let (v1, v2) = world.admin();
    let services = v2.get("/system/services").await.ok();
    let hosts = world.hosts();
    let of_each = [
        "apiext",
        "catalog",
        "policy_engine",
        "simplequeue",
        "analyzer",
    ];
    assert_eq!(each(&services, "service_name"), of_each.repeat(hosts.len()));
    assert_eq!(v1.get("/system/services").await.ok(), told_in_v1(&services));
    assert_eq!(v2.get("/system").await.ok()["service_states"], services);
    assert_eq!(
        v1.get("/system").await.ok(),
        json!({"service_states": told_in_v1(&services)})
    );

    let catalog = v2.get("/system/services/catalog").await.ok();
    assert_eq!(
        each(&catalog, "service_name"),
        ["catalog"].repeat(hosts.len())
    );
    assert_eq!(each(&catalog, "host_id"), hosts);
    assert_eq!(
        v1.get("/system/services/catalog").await.ok(),
        told_in_v1(&catalog)
    );
    assert_eq!(v1.get("/system/services/none-such").await.ok(), json!([]));

    let path = format!(
        "/system/services/catalog/{}",
        catalog[0]["host_id"].as_str().expect("a host")
    );
    let first = json!([catalog[0]]);
    assert_eq!(v2.get(&path).await.ok(), first);
    assert_eq!(v1.get(&path).await.ok(), told_in_v1(&first));
    v1.get("/system/services/catalog/none-such").await.with(404);
    v2.get("/system/services/catalog/none-such").await.with(404);
}

async fn a_running_service_stays(world: &World) {
    let (v1, v2) = world.admin();
    let catalog = v2.get("/system/services/catalog").await.ok();
    let path = format!(
        "/system/services/catalog/{}",
        catalog[0]["host_id"].as_str().expect("a host")
    );
    assert_eq!(
        v1.delete(&path).await.with(409),
        json!({"message": "cannot delete an active service", "httpcode": 409, "detail": {"error_codes": []}})
    );
    assert_eq!(
        v2.delete(&path).await.with(409)["message"],
        "cannot delete an active service"
    );
    v1.delete("/system/services/catalog/none-such")
        .await
        .with(404);
    assert_eq!(v2.get("/system/services/catalog").await.ok(), catalog);
}

/// There was a server of another name on the database, which has stopped.
async fn a_service_that_is_gone_is_forgotten(world: &World) {
    world.visit("former").await;
    let (v1, v2) = world.admin();
    let listed = v2.get("/system/services/catalog").await.ok();
    let mut hosts = [world.hosts(), &["former"]].concat();
    hosts.sort_unstable();
    assert_eq!(each(&listed, "host_id"), hosts);
    let services = listed.as_array().expect("services").iter();
    let down: Vec<_> = services.filter(|one| one["status"] != true).collect();
    assert_eq!(down.len(), 1, "{listed}");
    assert_eq!(
        (&down[0]["host_id"], &down[0]["status_message"]),
        (&json!("former"), &json!("down"))
    );
    assert_eq!(
        v1.get("/system/services/catalog").await.ok(),
        told_in_v1(&listed)
    );
    for (caller, other, name) in [(&v1, &v2, "catalog"), (&v2, &v1, "analyzer")] {
        let path = format!("/system/services/{name}/former");
        let gone = caller.delete(&path).await;
        assert_eq!(gone.status, 200, "{}", gone.text());
        other.get(&path).await.with(404);
        other.delete(&path).await.with(404);
    }
    let left = v2.get("/system/services").await.ok();
    let mut former = each(&left, "host_id");
    former.retain(|host| *host == "former");
    assert_eq!(former.len(), 3);
}

async fn gates_go_by_the_words_of_each_version(world: &World) {
    let (v1, v2) = world.admin();
    let (over_v1, over_v2) = (
        v1.get("/system/policy_spec").await.ok(),
        v2.get("/system/policy-spec").await.ok(),
    );
    let gates: Vec<_> = each(&over_v2, "name")
        .into_iter()
        .map(|gate| gate.replace("denylist", "blacklist"))
        .collect();
    assert_eq!(each(&over_v1, "name"), gates);
    let packages = |gates: &Value| -> Vec<String> {
        let gates = gates.as_array().expect("gates").clone();
        let gate = gates
            .into_iter()
            .find(|gate| gate["name"] == "packages")
            .expect("the gate");
        each(&gate["triggers"], "name")
            .into_iter()
            .map(str::to_owned)
            .collect()
    };
    assert!(
        packages(&over_v1).contains(&"blacklist".to_owned()),
        "{:?}",
        packages(&over_v1)
    );
    assert!(
        packages(&over_v2).contains(&"denylist".to_owned()),
        "{:?}",
        packages(&over_v2)
    );
    for (gates, word) in [(&over_v1, "superceded_by"), (&over_v2, "superseded_by")] {
        let triggers = gates[0]["triggers"].as_array().expect("triggers");
        assert!(
            gates[0].get(word).is_some() || triggers[0].get(word).is_some(),
            "{}",
            gates[0]
        );
    }
}

async fn feeds_and_error_codes_are_the_same(world: &World) {
    let (v1, v2) = world.admin();
    assert_eq!(
        v1.get("/system/feeds").await.ok(),
        v2.get("/system/feeds").await.ok()
    );
    let codes = v2.get("/system/error-codes").await.ok();
    assert!(
        each(&codes, "name").contains(&"REGISTRY_IMAGE_NOT_FOUND"),
        "{codes}"
    );
    assert_eq!(names(&codes[0]), ["description", "name"]);
    assert_eq!(v1.get("/system/error_codes").await.ok(), codes);
}
