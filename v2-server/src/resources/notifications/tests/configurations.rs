//! Endpoints, configurations and selectors.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::super::testing::{TYPES, add, body, configurations, path_of, selector};
use crate::resources::accounts;
use crate::testing::{TestServer, is_error, is_problem};

/// Where nobody is told anything in these tests.
fn nowhere() -> SocketAddr {
    ([127, 0, 0, 1], 9).into()
}

#[tokio::test]
async fn what_is_added_is_listed_without_its_secret() {
    let server = TestServer::start().await;
    for kind in TYPES {
        let mut sent = body(kind, nowhere());
        sent["description"] = json!("those on call");
        let added = server.post(&configurations(kind)).json(&sent).await;
        let path = path_of(kind, &added);
        assert!(!added.text.contains("_secret"), "{}", added.text);
        let found = server.get(&path).await;
        assert_eq!(found.body, added.body, "{kind}");
        let list = server.get(&configurations(kind)).await;
        assert_eq!(list.body, json!([added.body]), "{kind}");
        for (name, value) in sent.as_object().unwrap() {
            let is_secret = ["password", "access_token"].contains(&name.as_str());
            let expected = if is_secret { &Value::Null } else { value };
            assert_eq!(&added.body[name], expected, "{kind} {name}");
        }
        assert_eq!(added.body["verify_tls"], true, "{kind}");
        assert_eq!(added.body["created_at"], "2026-11-23T09:00:00Z");
        let other = if kind == "slack" { "teams" } else { "slack" };
        let elsewhere = path.replace(&format!("/{kind}/"), &format!("/{other}/"));
        is_error(
            &server.get(&elsewhere).await,
            404,
            &format!("{other} configuration not found"),
        );
    }
}

#[tokio::test]
async fn a_put_replaces_everything_but_a_secret_that_is_left_out() {
    let server = TestServer::start().await;
    for kind in TYPES {
        let path = add(&server, kind, nowhere()).await;
        let mut wanted = server.get(&path).await.body;
        server.clock.advance(5);
        wanted["description"] = json!("changed");
        wanted["verify_tls"] = json!(false);
        if kind == "webhook" {
            wanted["verify_ssl"] = json!(false);
        }
        let changed = server.put(&path).json(&wanted).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        assert_eq!(changed.body["description"], "changed");
        assert_eq!(changed.body["verify_tls"], false);
        assert_eq!(changed.body["uuid"], wanted["uuid"]);
        assert_eq!(changed.body["created_at"], wanted["created_at"]);
        assert_ne!(changed.body["last_updated"], wanted["last_updated"]);
        assert_eq!(server.get(&path).await.body, changed.body);
        wanted.as_object_mut().unwrap().remove("description");
        let changed = server.put(&path).json(&wanted).await;
        assert_eq!(changed.body["description"], Value::Null, "{kind}");
        is_error(
            &server.put(&format!("{path}x")).json(&wanted).await,
            404,
            &format!("{kind} configuration not found"),
        );
    }
}

#[tokio::test]
async fn what_is_deleted_is_gone_with_its_selectors() {
    let server = TestServer::start().await;
    for kind in TYPES {
        let path = add(&server, kind, nowhere()).await;
        let wanted = selector("account", "*", "*", "*");
        let added = server
            .post(&format!("{path}/selectors"))
            .json(&wanted)
            .await;
        let uuid = added.body["uuid"].as_str().unwrap();
        let of_selector = format!("{path}/selectors/{uuid}");
        assert_eq!(server.get(&of_selector).await.status, 200);
        let gone = server.delete(&path).await;
        assert_eq!((gone.status, gone.text.as_str()), (200, ""));
        for call in [
            server.get(&path),
            server.delete(&path),
            server.get(&of_selector),
            server.delete(&of_selector),
            server.put(&of_selector).json(&wanted),
            server.get(&format!("{path}/selectors")),
            server.post(&format!("{path}/selectors")).json(&wanted),
            server.get(&format!("{path}/status")),
            server.get(&format!("{path}/test")),
        ] {
            is_error(&call.await, 404, &format!("{kind} configuration not found"));
        }
        assert_eq!(server.get(&configurations(kind)).await.body, json!([]));
    }
}

#[tokio::test]
async fn selectors_are_added_changed_and_deleted() {
    let server = TestServer::start().await;
    for kind in TYPES {
        let path = add(&server, kind, nowhere()).await;
        let list = format!("{path}/selectors");
        let first = server
            .post(&list)
            .json(selector("account", "error", "image_tag", "user.*"))
            .await;
        assert_eq!(first.status, 200, "{}", first.text);
        assert_eq!(first.body["scope"], "account");
        assert_eq!(
            first.body["event"],
            json!({ "level": "error", "resource_type": "image_tag", "type": "user.*" })
        );
        assert!(path.ends_with(first.body["configuration_uuid"].as_str().unwrap()));
        let of_first = format!("{list}/{}", first.body["uuid"].as_str().unwrap());
        assert_eq!(server.get(&of_first).await.body, first.body);
        assert_eq!(server.get(&list).await.body, json!([first.body]));
        let found = server.get(&path).await.body;
        assert_eq!(found["selectors"], json!([first.body]));
        let changed = server.put(&path).json(body(kind, nowhere())).await.body;
        assert_eq!(changed["selectors"], json!([first.body]));
        let mut wanted = first.body.clone();
        wanted["scope"] = json!("global");
        wanted["uuid"] = json!("another");
        wanted["event"]["type"] = json!("*");
        let changed = server.put(&of_first).json(&wanted).await;
        wanted["uuid"] = first.body["uuid"].clone();
        assert_eq!(changed.body, wanted);
        assert_eq!(server.get(&list).await.body, json!([wanted]));
        let gone = server.delete(&of_first).await;
        assert_eq!((gone.status, gone.text.as_str()), (200, ""));
        is_error(&server.get(&of_first).await, 404, "selector not found");
        is_error(&server.delete(&of_first).await, 404, "selector not found");
    }
}

#[tokio::test]
async fn only_the_account_admin_selects_the_events_of_all_accounts() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    let added = server
        .post(&configurations("slack"))
        .as_user("alice")
        .json(body("slack", nowhere()))
        .await;
    let list = format!("{}/selectors", path_of("slack", &added));
    let global = selector("global", "*", "*", "*");
    let refused = server.post(&list).as_user("alice").json(&global).await;
    is_error(
        &refused,
        403,
        "Not authorized. Selectors with scope `global`",
    );
    // Nor does an administrator for another account.
    let refused = server
        .post(&list)
        .header("x-anchore-account", "acme")
        .json(&global)
        .await;
    assert_eq!(refused.status, 403);
    let own = selector("account", "*", "*", "*");
    let added = server.post(&list).as_user("alice").json(&own).await;
    let of_selector = format!("{list}/{}", added.body["uuid"].as_str().unwrap());
    let refused = server
        .put(&of_selector)
        .as_user("alice")
        .json(&global)
        .await;
    assert_eq!(refused.status, 403);
    let kept = server.get(&list).as_user("alice").await.body;
    assert_eq!(kept, json!([added.body]));
}

#[tokio::test]
async fn selectors_that_fit_no_event_are_refused() {
    let server = TestServer::start().await;
    let list = format!("{}/selectors", add(&server, "slack", nowhere()).await);
    for (wanted, told) in [
        (
            selector("all", "*", "*", "*"),
            "Request body, `scope`: unknown variant `all`, expected `account` or `global`",
        ),
        (
            selector("account", "warn", "*", "*"),
            "Request body, `event.level`: unknown variant `warn`",
        ),
        (
            selector("account", "*", "*", "User.*"),
            "Request body, `event.type`: expected small letters, digits and `-_.*`, got `User.*`",
        ),
        (
            selector("account", "*", "*", ""),
            "Request body, `event.type`: expected small letters",
        ),
        (
            selector("account", "*", " ", "*"),
            "Request body, `event.resource_type`: expected `*` or a kind of thing, got ` `",
        ),
        (json!({ "scope": "account" }), "missing field `event`"),
        (
            json!({ "event": { "level": "*", "resource_type": "*", "type": "*" } }),
            "missing field `scope`",
        ),
    ] {
        is_problem(&server.post(&list).json(&wanted).await, 400, told);
    }
    assert_eq!(server.get(&list).await.body, json!([]));
}

#[tokio::test]
async fn selectors_are_offered() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "alice", "read-only").await;
    let offered = server.get("/v2/notifications/selectors").await.body;
    let mine = server
        .get("/v2/notifications/selectors")
        .as_user("alice")
        .await
        .body;
    let (offered, mine) = (offered.as_array().unwrap(), mine.as_array().unwrap());
    assert_eq!(mine, &offered[..8]);
    assert_eq!(offered.len(), 9);
    assert_eq!(offered[0], selector("account", "*", "*", "user.checks.*"));
    assert_eq!(offered[8], selector("global", "*", "*", "*"));
    // Each can be used as it is.
    let list = format!("{}/selectors", add(&server, "slack", nowhere()).await);
    for wanted in offered {
        assert_eq!(server.post(&list).json(wanted).await.status, 200);
    }
}

#[tokio::test]
async fn nobody_sees_the_configurations_of_others() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    for kind in TYPES {
        let path = add(&server, kind, nowhere()).await;
        let list = server.get(&configurations(kind)).as_user("alice").await;
        assert_eq!(list.body, json!([]));
        for call in [
            server.get(&path),
            server.delete(&path),
            server.put(&path).json(body(kind, nowhere())),
            server.get(&format!("{path}/status")),
            server.get(&format!("{path}/test")),
            server.get(&format!("{path}/selectors")),
        ] {
            assert_eq!(call.as_user("alice").await.status, 404);
        }
        assert_eq!(server.get(&path).await.status, 200);
    }
}

#[tokio::test]
async fn only_administrators_switch_endpoints() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    let list = server.get("/v2/notifications/endpoints").as_user("alice");
    let list = list.await.body;
    let names: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["name"])
        .collect();
    assert_eq!(names, TYPES);
    assert!(
        list.as_array()
            .unwrap()
            .iter()
            .all(|e| e["enabled"] == true)
    );

    let path = "/v2/notifications/endpoints/slack";
    let off = json!({ "enabled": false });
    let refused = server.put(path).as_user("alice").json(&off).await;
    is_error(&refused, 403, "Not authorized. Requires permissions");
    server.clock.advance(5);
    let expected = json!({ "enabled": false, "last_updated": "2026-11-23T09:00:05Z" });
    assert_eq!(server.put(path).json(&off).await.body, expected);
    server.clock.advance(5);
    // It was off already.
    assert_eq!(server.put(path).json(&off).await.body, expected);
    let list = server.get("/v2/notifications/endpoints").await.body;
    assert_eq!(list[2]["enabled"], false);
    assert_eq!(list[3]["enabled"], true);

    is_error(
        &server
            .put("/v2/notifications/endpoints/pager")
            .json(&off)
            .await,
        404,
        "there is no notification endpoint `pager`; there are `github`",
    );
    is_problem(
        &server.put(path).json(json!({ "enabled": "no" })).await,
        400,
        "Request body, `enabled`: invalid type: string \"no\", expected a boolean",
    );
}

#[tokio::test]
async fn a_deleted_account_takes_its_configurations_along() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    for kind in TYPES {
        let added = server
            .post(&configurations(kind))
            .as_user("alice")
            .json(body(kind, nowhere()))
            .await;
        let path = path_of(kind, &added);
        server
            .post(&format!("{path}/selectors"))
            .as_user("alice")
            .json(selector("account", "*", "*", "*"))
            .await;
    }
    let off = json!({ "state": "disabled" });
    server.put("/v2/accounts/acme/state").json(off).await;
    server.delete("/v2/accounts/acme").await;
    accounts::remove_deleted(server.state.clone())
        .await
        .unwrap();
    server
        .account_with_user("acme", "ada", "full-control")
        .await;
    for kind in TYPES {
        let list = server.get(&configurations(kind)).as_user("ada").await;
        assert_eq!(list.body, json!([]), "{kind}");
    }
}
