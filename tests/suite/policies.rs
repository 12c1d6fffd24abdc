//! Policies: kept in one document, with other words in V1.

use serde_json::{Value, json};
use windlass_tests::facts::{assert_same, each, names, told_as};
use windlass_tests::story::Story;
use windlass_tests::world::World;

pub(crate) static STORY: Story = Story::new(|world| {
    Box::pin(async {
        a_v1_document_is_stored_in_the_words_of_v2(world).await;
        a_v2_document_is_told_in_the_words_of_v1(world).await;
        lists_carry_documents_when_asked(world).await;
        one_policy_is_active(world).await;
        policies_are_changed(world).await;
        policies_end(world).await;
    })
});

#[tokio::test]
async fn policies_are_managed_over_both_versions() {
    STORY.told().await;
}

/// A policy in V1's words.
pub(crate) fn v1_document(id: &str) -> Value {
    json!({
        "id": id, "name": "Shop", "version": "1_0", "comment": "what the shop accepts",
        "policies": [{"id": "base", "name": "Base", "version": "1_0", "comment": "for all", "rules": [
            {"id": "r1", "gate": "packages", "trigger": "blacklist", "action": "STOP", "params": [{"name": "name", "value": "curl"}]},
            {"id": "r2", "gate": "dockerfile", "trigger": "exposed_ports", "action": "WARN",
             "params": [{"name": "ports", "value": "22"}, {"name": "type", "value": "blacklist"}]},
        ]}],
        "whitelists": [{"id": "known", "name": "Known", "version": "1_0", "items": [
            {"id": "i1", "gate": "vulnerabilities", "trigger_id": "CVE-2024-0001+*"}]}],
        "mappings": [{"id": "m1", "name": "all", "registry": "*", "repository": "*", "image": {"type": "tag", "value": "*"},
                      "policy_ids": ["base"], "whitelist_ids": ["known"]}],
        "whitelisted_images": [],
        "blacklisted_images": [{"id": "b1", "name": "old", "registry": "registry.example.com", "repository": "team/old",
                                "image": {"type": "tag", "value": "*"}}],
    })
}

/// The same in V2's words.
pub(crate) fn v2_document(id: &str) -> Value {
    json!({
        "id": id, "name": "Shop", "version": "2", "description": "what the shop accepts",
        "rule_sets": [{"id": "base", "name": "Base", "version": "2", "description": "for all", "rules": [
            {"id": "r1", "gate": "packages", "trigger": "denylist", "action": "STOP", "params": [{"name": "name", "value": "curl"}]},
            {"id": "r2", "gate": "dockerfile", "trigger": "exposed_ports", "action": "WARN",
             "params": [{"name": "ports", "value": "22"}, {"name": "type", "value": "denylist"}]},
        ]}],
        "allowlists": [{"id": "known", "name": "Known", "version": "2", "items": [
            {"id": "i1", "gate": "vulnerabilities", "trigger_id": "CVE-2024-0001+*"}]}],
        "mappings": [{"id": "m1", "name": "all", "registry": "*", "repository": "*", "image": {"type": "tag", "value": "*"},
                      "rule_set_ids": ["base"], "allowlist_ids": ["known"]}],
        "source_mappings": [],
        "allowlisted_images": [],
        "denylisted_images": [{"id": "b1", "name": "old", "registry": "registry.example.com", "repository": "team/old",
                               "image": {"type": "tag", "value": "*"}}],
    })
}

async fn a_v1_document_is_stored_in_the_words_of_v2(world: &World) {
    let (v1, v2) = world.admin();
    let added = v1.post("/policies", &v1_document("from-v1")).await.ok();
    assert_eq!(
        (&added["policyId"], &added["active"], &added["userId"]),
        (&json!("from-v1"), &json!(false), &json!("admin"))
    );
    assert_eq!(added["policy_source"], "local");
    let stored = v2.get("/policies/from-v1").await.ok();
    assert_same(&stored["policy"], &v2_document("from-v1"));
    assert_eq!(
        (&stored["name"], &stored["description"]),
        (&json!("Shop"), &json!("what the shop accepts"))
    );
}

async fn a_v2_document_is_told_in_the_words_of_v1(world: &World) {
    let (v1, v2) = world.admin();
    v2.post("/policies", &v2_document("from-v2")).await.ok();
    let told = v1.get("/policies/from-v2").await.ok();
    assert_eq!(
        told.as_array().map(Vec::len),
        Some(1),
        "V1 answered an array of one"
    );
    for (sent, expected) in v1_document("from-v2").as_object().expect("an object") {
        let got = &told[0]["policybundle"][sent];
        match sent.as_str() {
            // V1 servers gave the first policy of a mapping on its own, too.
            "mappings" => assert_same(&told_as(got, &[("policy_id", "-")]), expected),
            _ => assert_same(got, expected),
        }
    }
    assert_eq!(told[0]["policybundlemeta"], json!({}));
}

async fn lists_carry_documents_when_asked(world: &World) {
    let (v1, v2) = world.admin();
    let plain = v1.get("/policies").await.ok();
    assert!(each(&plain, "policyId").contains(&"from-v1"), "{plain}");
    assert_eq!(
        plain[1]["policybundle"],
        json!({}),
        "without documents, V1 servers sent an empty one"
    );
    assert_eq!(
        each(&v2.get("/policies").await.ok(), "policy_id"),
        each(&plain, "policyId")
    );
    let whole = v1.get("/policies?detail=True").await.ok();
    assert!(
        names(&whole[0]["policybundle"]).contains(&"policies"),
        "{whole}"
    );
    let whole = v2.get("/policies?detail=true").await.ok();
    assert!(names(&whole[0]["policy"]).contains(&"rule_sets"), "{whole}");
    assert_eq!(
        v2.get("/policies?detail=false").await.ok()[0].get("policy"),
        None
    );
    assert_eq!(
        v1.get("/policies/none-such").await.with(404)["message"],
        v2.get("/policies/none-such").await.with(404)["message"]
    );
}

fn active(policies: &Value, id: &str) -> Vec<String> {
    let policies = policies.as_array().expect("policies").iter();
    policies
        .filter(|policy| policy["active"] == true)
        .map(|policy| policy[id].as_str().expect("an id").to_owned())
        .collect()
}

async fn one_policy_is_active(world: &World) {
    let (v1, v2) = world.admin();
    // As anchore-cli does: read, set `active`, put all of it back.
    let mut record = v1.get("/policies/from-v2").await.ok()[0].clone();
    record["active"] = json!(true);
    let put = v1.put("/policies/from-v2?active=true", &record).await.ok();
    assert_eq!(
        (&put[0]["policyId"], &put[0]["active"]),
        (&json!("from-v2"), &json!(true))
    );
    assert_eq!(
        active(&v2.get("/policies").await.ok(), "policy_id"),
        ["from-v2"]
    );
    assert_same(
        &v2.get("/policies/from-v2").await.ok()["policy"],
        &v2_document("from-v2"),
    );

    let mut record = v2.get("/policies/from-v1").await.ok();
    record["active"] = json!(true);
    let changed = v2.put("/policies/from-v1?active=true", &record).await;
    changed.ok();
    assert_eq!(
        active(&v1.get("/policies").await.ok(), "policyId"),
        ["from-v1"]
    );
    assert_eq!(
        v1.delete("/policies/from-v1").await.with(500)["httpcode"],
        500,
        "the active one stays"
    );
    v2.delete("/policies/from-v1").await.with(409);
}

async fn policies_are_changed(world: &World) {
    let (v1, v2) = world.admin();
    let mut record = v1.get("/policies/from-v2").await.ok()[0].clone();
    record["policybundle"]["policies"][0]["rules"][0]["params"][0]["value"] = json!("telnet");
    v1.put("/policies/from-v2", &record).await.ok();
    let stored = v2.get("/policies/from-v2").await.ok();
    assert_eq!(
        stored["policy"]["rule_sets"][0]["rules"][0]["params"][0]["value"],
        "telnet"
    );

    let mut document = v2_document("from-v2");
    document["rule_sets"][0]["rules"][0]["action"] = json!("WARN");
    let mut record = stored;
    record["policy"] = document;
    v2.put("/policies/from-v2", &record).await.ok();
    let told = v1.get("/policies/from-v2").await.ok();
    assert_eq!(
        told[0]["policybundle"]["policies"][0]["rules"][0]["action"],
        "WARN"
    );
}

async fn policies_end(world: &World) {
    let (v1, v2) = world.admin();
    v2.post("/policies", &v2_document("third")).await.ok();
    assert_eq!(v1.delete("/policies/from-v2").await.ok(), json!("deleted"));
    let gone = v2.delete("/policies/third").await;
    assert!((200..300).contains(&gone.status), "{}", gone.text());
    let left = v1.get("/policies").await.ok();
    assert!(
        !each(&left, "policyId")
            .iter()
            .any(|id| ["from-v2", "third"].contains(id)),
        "{left}"
    );
    v1.get("/policies/third").await.with(404);
}
