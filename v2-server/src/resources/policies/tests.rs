//! Policies, called through the whole router.

use serde_json::{Value, json};

use crate::testing::{Answer, TestServer, is_error, is_problem};

const DEFAULT: &str = "2c53a13c-1765-11e8-82ef-23527761d060";

fn stop_all() -> Value {
    json!({
        "id": "stop-all", "name": "Stop all", "description": "d", "version": "2",
        "rule_sets": [{
            "id": "rs1", "name": "RS", "version": "2", "artifact_type": "image",
            "rules": [{
                "id": "r1", "gate": "always", "trigger": "always", "action": "stop", "params": [],
                "recommendation": "give up",
            }],
        }],
        "allowlists": [{
            "id": "al1", "name": "AL", "version": "2",
            "items": [{"id": "i1", "gate": "packages", "trigger_id": "*", "expires_on": "2030-01-01T00:00:00Z"}],
        }],
        "mappings": [{
            "id": "m1", "name": "default", "registry": "*", "repository": "*", "image": {"type": "tag", "value": "*"},
            "rule_set_ids": ["rs1"], "allowlist_ids": ["al1"],
        }],
    })
}

fn record(policy: &Value, active: bool) -> Value {
    json!({
        "policy_id": policy["id"], "active": active, "account_name": "admin", "name": policy["name"],
        "policy_source": "local", "policy": policy,
    })
}

async fn added(server: &TestServer, policy: Value) -> Answer {
    let answer = server.post("/v2/policies").json(policy).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}

async fn active_ids(server: &TestServer) -> Vec<Value> {
    let policies = server.get("/v2/policies").await.body;
    policies
        .as_array()
        .unwrap()
        .iter()
        .filter(|policy| policy["active"] == true)
        .map(|policy| policy["policy_id"].clone())
        .collect()
}

/// Types and details of the account's events about policies, oldest first.
async fn events(server: &TestServer) -> Vec<(Value, Value)> {
    let page = server.get("/v2/events?event_type=user.policy.*").await.body;
    let mut events: Vec<_> = page["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            (
                result["event"]["type"].clone(),
                result["event"]["details"].clone(),
            )
        })
        .collect();
    events.reverse();
    events
}

#[tokio::test]
async fn the_administrator_begins_with_the_default_policy() {
    let server = TestServer::start().await;
    let listed = server.get("/v2/policies").await;
    assert_eq!(
        listed.body,
        json!([{
            "created_at": "2026-11-23T09:00:00Z", "last_updated": "2026-11-23T09:00:00Z", "policy_id": DEFAULT,
            "active": true, "account_name": "admin", "policy_source": "local", "name": "Default policy",
            "description": "The policy that every account begins with",
        }])
    );
    let found = server.get(&format!("/v2/policies/{DEFAULT}")).await;
    let rules = &found.body["policy"]["rule_sets"][0]["rules"];
    let rules: Vec<_> = rules
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| {
            format!("{} {} {}", rule["gate"], rule["trigger"], rule["action"]).replace('"', "")
        })
        .collect();
    assert_eq!(
        rules,
        [
            "dockerfile exposed_ports STOP",
            "dockerfile instruction WARN",
            "vulnerabilities stale_feed_data WARN",
            "vulnerabilities vulnerability_data_unavailable WARN",
            "vulnerabilities package WARN",
            "vulnerabilities package STOP",
        ]
    );
    assert_eq!(events(&server).await, [], "nobody changed anything yet");
}

#[tokio::test]
async fn a_new_account_begins_with_the_default_policy() {
    let server = TestServer::start().await;
    let answer = server
        .post("/v2/accounts")
        .json(json!({"name": "acme", "email": "a@example.com"}))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let listed = server
        .get("/v2/policies")
        .header("x-anchore-account", "acme")
        .await;
    assert_eq!(listed.body[0]["policy_id"], DEFAULT);
    assert_eq!(listed.body[0]["active"], true);
    assert_eq!(listed.body[0]["account_name"], "acme");
    let told = server
        .get("/v2/events")
        .header("x-anchore-account", "acme")
        .await;
    assert_eq!(
        told.body["results"][0]["event"]["type"],
        "user.policy.active.updated"
    );
    assert_eq!(
        told.body["results"][0]["event"]["details"],
        json!({"last_policy_bundle_id": null, "current_policy_bundle_id": DEFAULT})
    );
}

#[tokio::test]
async fn what_is_added_comes_back_whole_and_not_active() {
    let server = TestServer::start().await;
    let answer = added(&server, stop_all()).await;
    let mut document = stop_all();
    document["rule_sets"][0]["rules"][0]["action"] = json!("STOP");
    for list in ["source_mappings", "allowlisted_images", "denylisted_images"] {
        document[list] = json!([]);
    }
    let expected = json!({
        "created_at": "2026-11-23T09:00:00Z", "last_updated": "2026-11-23T09:00:00Z", "policy_id": "stop-all",
        "active": false, "account_name": "admin", "policy_source": "local", "name": "Stop all", "description": "d",
        "policy": document,
    });
    assert_eq!(answer.body, expected);
    assert_eq!(server.get("/v2/policies/stop-all").await.body, expected);
    let listed = server.get("/v2/policies?detail=true").await;
    assert_eq!(listed.body[1], expected);
}

#[tokio::test]
async fn the_document_is_answered_only_where_it_is_wanted() {
    let server = TestServer::start().await;
    added(&server, stop_all()).await;
    let has_document = async |path: &str| server.get(path).await.body.get("policy").is_some();
    assert!(has_document("/v2/policies/stop-all").await);
    assert!(!has_document("/v2/policies/stop-all?detail=False").await);
    let listed = server.get("/v2/policies").await;
    assert!(listed.body[1].get("policy").is_none());
}

#[tokio::test]
async fn a_second_policy_of_the_same_id_replaces_the_first() {
    let server = TestServer::start().await;
    added(&server, stop_all()).await;
    server.clock.advance(60);
    let mut other = stop_all();
    other["name"] = json!("Other");
    let answer = added(&server, other).await;
    assert_eq!(answer.body["name"], "Other");
    assert_eq!(answer.body["created_at"], "2026-11-23T09:00:00Z");
    assert_eq!(answer.body["last_updated"], "2026-11-23T09:01:00Z");
    assert_eq!(
        server
            .get("/v2/policies")
            .await
            .body
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn exactly_one_policy_is_active() {
    let server = TestServer::start().await;
    added(&server, stop_all()).await;
    server.clock.advance(60);
    let answer = server
        .put("/v2/policies/stop-all?active=true")
        .json(record(&stop_all(), false))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.body["active"], true);
    assert_eq!(active_ids(&server).await, ["stop-all"]);
    let default = server.get(&format!("/v2/policies/{DEFAULT}")).await;
    assert_eq!(default.body["last_updated"], "2026-11-23T09:01:00Z");

    let again = server
        .put("/v2/policies/stop-all")
        .json(record(&stop_all(), true))
        .await;
    assert_eq!(again.status, 200);
    assert_eq!(
        events(&server).await,
        [(
            json!("user.policy.active.updated"),
            json!({"last_policy_bundle_id": DEFAULT, "current_policy_bundle_id": "stop-all"})
        )],
        "activating the active policy changes nothing"
    );
}

#[tokio::test]
async fn the_active_policy_can_neither_be_deactivated_nor_removed() {
    let server = TestServer::start().await;
    let found = server.get(&format!("/v2/policies/{DEFAULT}")).await.body;
    let mut inactive = found.clone();
    inactive["active"] = json!(false);
    is_error(
        &server
            .put(&format!("/v2/policies/{DEFAULT}"))
            .json(inactive)
            .await,
        409,
        "cannot deactivate an active policy - can only activate an inactive policy",
    );
    is_error(
        &server.delete(&format!("/v2/policies/{DEFAULT}")).await,
        409,
        "cannot delete an active policy - activate a different policy then delete this one",
    );
    assert_eq!(
        server.get(&format!("/v2/policies/{DEFAULT}")).await.body,
        found
    );
}

#[tokio::test]
async fn a_change_to_the_active_policy_is_told_with_both_digests() {
    let server = TestServer::start().await;
    added(&server, stop_all()).await;
    server
        .put("/v2/policies/stop-all")
        .json(record(&stop_all(), true))
        .await;
    let mut changed = stop_all();
    changed["description"] = json!("changed");
    server
        .put("/v2/policies/stop-all")
        .json(record(&changed, true))
        .await;
    server
        .put("/v2/policies/stop-all")
        .json(record(&changed, true))
        .await;
    let events = events(&server).await;
    assert_eq!(events.len(), 2, "{events:?}");
    let (kind, details) = &events[1];
    assert_eq!(kind, "user.policy.active.content_change");
    assert_eq!(details["policy_id"], "stop-all");
    assert_ne!(
        details["last_policy_bundle_digest"],
        details["current_policy_bundle_digest"]
    );
    assert_eq!(active_ids(&server).await, ["stop-all"]);
}

#[tokio::test]
async fn a_replaced_active_policy_stays_active() {
    let server = TestServer::start().await;
    added(&server, stop_all()).await;
    server
        .put("/v2/policies/stop-all")
        .json(record(&stop_all(), true))
        .await;
    let answer = added(&server, stop_all()).await;
    assert_eq!(answer.body["active"], true);
}

#[tokio::test]
async fn without_a_document_the_stored_one_is_kept() {
    let server = TestServer::start().await;
    let before = added(&server, stop_all()).await.body;
    let mut request = record(&stop_all(), true);
    request.as_object_mut().unwrap().remove("policy");
    let answer = server.put("/v2/policies/stop-all").json(request).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.body["policy"], before["policy"]);
    assert_eq!(answer.body["active"], true);
}

#[tokio::test]
async fn a_record_that_was_read_can_be_sent_back() {
    let server = TestServer::start().await;
    added(&server, stop_all()).await;
    let read = server.get("/v2/policies/stop-all").await.body;
    let answer = server.put("/v2/policies/stop-all").json(&read).await;
    assert_eq!(answer.body, read);
}

#[tokio::test]
async fn ids_must_agree() {
    let server = TestServer::start().await;
    added(&server, stop_all()).await;
    let mut request = record(&stop_all(), false);
    request["policy_id"] = json!("other");
    is_error(
        &server.put("/v2/policies/stop-all").json(request).await,
        400,
        "policy_id in route is different from policy_id in payload: stop-all != other",
    );
    let mut other = stop_all();
    other["id"] = json!("other");
    let mut request = record(&other, false);
    request["policy_id"] = json!("stop-all");
    is_error(
        &server.put("/v2/policies/stop-all").json(request).await,
        400,
        "policy_id in route is different from the id of the policy in payload: stop-all != other",
    );
}

#[tokio::test]
async fn unknown_policies_are_404() {
    let server = TestServer::start().await;
    let message = "Policy bundle nosuch not found in DB";
    is_error(&server.get("/v2/policies/nosuch").await, 404, message);
    is_error(&server.delete("/v2/policies/nosuch").await, 404, message);
    let answer = server
        .put("/v2/policies/nosuch")
        .json(record(&stop_all(), false))
        .await;
    is_error(&answer, 404, message);
}

#[tokio::test]
async fn what_is_removed_is_gone() {
    let server = TestServer::start().await;
    added(&server, stop_all()).await;
    let answer = server.delete("/v2/policies/stop-all").await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert_eq!(server.get("/v2/policies/stop-all").await.status, 404);
}

#[tokio::test]
async fn a_policy_with_problems_is_refused_with_all_of_them() {
    let server = TestServer::start().await;
    let mut bad = stop_all();
    bad["rule_sets"][0]["rules"] = json!([
        {"id": "a", "gate": "nosuch", "trigger": "x", "action": "STOP", "params": []},
        {"id": "b", "gate": "vulnerabilities", "trigger": "package", "action": "STOP",
         "params": [{"name": "severity", "value": "nosuch"}]},
    ]);
    bad["mappings"][0]["rule_set_ids"] = json!(["rs1", "gone"]);
    let answer = server.post("/v2/policies").json(&bad).await;
    is_error(&answer, 400, "Bundle failed validation");
    let problems = &answer.body["detail"]["validation_details"];
    let kinds: Vec<_> = problems
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["problem_type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "ReferencedObjectNotFoundError",
            "GateNotFoundError",
            "ParameterValueInvalidError",
            "RequiredParameterNotSetError",
        ]
    );
    assert_eq!(problems[0]["severity"], "error");
    assert_eq!(
        problems[0]["details"],
        "mapping `m1` refers to rule set `gone`, which the policy does not have"
    );
    assert_eq!(
        server.get("/v2/policies/stop-all").await.status,
        404,
        "nothing is stored"
    );

    added(&server, stop_all()).await;
    let answer = server
        .put("/v2/policies/stop-all")
        .json(record(&bad, true))
        .await;
    is_error(&answer, 400, "Bundle failed validation");
    assert_eq!(active_ids(&server).await, [DEFAULT], "nothing is changed");
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_a_problem_that_names_the_place() {
    let server = TestServer::start().await;
    let refused = async |body: Value, detail: &str| {
        is_problem(&server.post("/v2/policies").json(body).await, 400, detail);
    };
    refused(json!({"id": "bad", "name": "x"}), "`version`").await;
    refused(json!([]), "expected an object, Policy").await;
    let mut policy = stop_all();
    policy["rule_sets"][0]["rules"][0]["action"] = json!("MAYBE");
    refused(
        policy,
        "`rule_sets[0].rules[0].action`: unknown variant `MAYBE`",
    )
    .await;
    let mut policy = stop_all();
    policy["whatever"] = json!(1);
    refused(policy, "unknown field `whatever`").await;
    let mut policy = stop_all();
    policy["mappings"][0]["image"]["type"] = json!("name");
    refused(policy, "`mappings[0].image.type`: unknown variant `name`").await;
    let mut policy = stop_all();
    policy["allowlists"][0]["items"][0]["expires_on"] = json!("someday");
    refused(policy, "expected a time such as").await;

    let answer = server
        .post("/v2/policies")
        .body("application/json", "{")
        .await;
    is_problem(&answer, 400, "Request body is not valid JSON");
    let answer = server.post("/v2/policies").body("text/plain", "{}").await;
    is_problem(&answer, 415, "text/plain");
    let answer = server.get("/v2/policies?detail=perhaps").await;
    is_problem(&answer, 400, "query parameter `detail`");
    assert_eq!(
        server
            .get("/v2/policies")
            .await
            .body
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn roles_decide_what_may_be_done() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "reader", "read-only")
        .await;
    server
        .account_with_user("acme", "editor", "policy-editor")
        .await;
    let refused = server
        .post("/v2/policies")
        .as_user("reader")
        .json(stop_all())
        .await;
    is_error(
        &refused,
        403,
        "Not authorized. Requires permissions: domain=acme action=createPolicy target=*",
    );
    let answer = server
        .post("/v2/policies")
        .as_user("editor")
        .json(stop_all())
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.body["account_name"], "acme");
    assert_eq!(
        server
            .get("/v2/policies/stop-all")
            .as_user("reader")
            .await
            .status,
        200
    );
    assert_eq!(
        server.get("/v2/policies/stop-all").await.status,
        404,
        "not admin's"
    );
    let refused = server
        .delete("/v2/policies/stop-all")
        .as_user("reader")
        .await;
    is_error(&refused, 403, "Not authorized.");
}

#[tokio::test]
async fn the_language_is_told_in_full() {
    let server = TestServer::start().await;
    let answer = server.get("/v2/system/policy-spec").await;
    assert_eq!(answer.status, 200);
    let gates = answer.body.as_array().unwrap();
    let named = |name: &str| gates.iter().find(|gate| gate["name"] == name).unwrap();
    let states: Vec<_> = gates
        .iter()
        .map(|gate| gate["state"].as_str().unwrap())
        .collect();
    assert!(states.is_sorted(), "what is in use comes first");
    assert_eq!(named("pkgcheck")["superseded_by"], "packages");
    let stale = &named("vulnerabilities")["triggers"][1];
    assert_eq!(
        stale,
        &json!({
            "name": "stale_feed_data",
            "description": "Fires when the vulnerability data of the image's distribution is too old, or there is none.",
            "state": "active", "superseded_by": null,
            "parameters": [{
                "name": "max_days_since_sync", "description": "How many days old the data may be.", "example": "10",
                "state": "active", "superseded_by": null, "required": true,
                "validator": {
                    "type": "IntegerString", "description": "A whole number, as text",
                    "criteria": {"type": "string", "pattern": "^\\s*\\d+\\s*$"},
                },
            }],
        })
    );
}
