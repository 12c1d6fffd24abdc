//! Events, called through the whole router.

use serde_json::{Value, json};

use super::catalogue::{
    EventType, REGISTRY_LOOKUP_FAILED, USER_IMAGE_ANALYSIS_COMPLETED, USER_IMAGE_ANALYSIS_FAILED,
};
use super::{NewEvent, Origin, store};
use crate::testing::{TestServer, is_error, is_problem};

/// Records one event of `account` about `resource`, now.
async fn record(server: &TestServer, account: &str, kind: &'static EventType, resource: &str) {
    let origin = Origin::of(&server.state, "catalog");
    let (account, resource) = (account.to_owned(), resource.to_owned());
    server
        .state
        .write(move |tx| {
            let event = NewEvent {
                kind,
                account: &account,
                resource_id: Some(&resource),
                details: json!("because"),
                origin: &origin,
            };
            Ok(store::record(tx, &event)?)
        })
        .await
        .unwrap();
}

/// Three events of `admin`, a minute apart: failed for `a`, completed for `b`, look-up failed for `c`.
async fn with_three_events() -> TestServer {
    let server = TestServer::start().await;
    record(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, "a").await;
    server.clock.advance(60);
    record(&server, "admin", &USER_IMAGE_ANALYSIS_COMPLETED, "b").await;
    server.clock.advance(60);
    record(&server, "admin", &REGISTRY_LOOKUP_FAILED, "c").await;
    server
}

fn resources(body: &Value) -> Vec<&str> {
    let results = body["results"].as_array().unwrap();
    results
        .iter()
        .map(|result| result["event"]["resource"]["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn an_event_is_shown_with_its_source_and_resource() {
    let server = TestServer::start().await;
    record(
        &server,
        "admin",
        &USER_IMAGE_ANALYSIS_FAILED,
        "docker.io/a:1",
    )
    .await;
    let list = server.get("/v2/events").await;
    let event_id = list.body["results"][0]["event_id"].as_str().unwrap();
    let expected = json!({
        "event_id": event_id,
        "created_at": "2026-11-23T09:00:00Z",
        "event": {
            "source": {
                "service_name": "catalog", "host_id": "windlass",
                "base_url": "http://127.0.0.1:8228",
            },
            "resource": { "account_name": "admin", "id": "docker.io/a:1", "type": "image_tag" },
            "type": "user.image.analysis.failed",
            "category": "user",
            "level": "error",
            "message": "Failed to analyze image",
            "details": { "msg": "because" },
            "timestamp": "2026-11-23T09:00:00Z",
        },
    });
    assert_eq!(
        list.body,
        json!({ "results": [expected], "next_page": false, "item_count": 1, "page": 1 })
    );
    let one = server.get(&format!("/v2/events/{event_id}")).await;
    assert_eq!(one.body, expected);
}

#[tokio::test]
async fn the_newest_event_comes_first_and_pages_follow() {
    let server = with_three_events().await;
    assert_eq!(
        resources(&server.get("/v2/events").await.body),
        ["c", "b", "a"]
    );
    let page = server.get("/v2/events?limit=2").await.body;
    assert_eq!(resources(&page), ["c", "b"]);
    assert_eq!(page["next_page"], true);
    let page = server.get("/v2/events?limit=2&page=2").await.body;
    assert_eq!(resources(&page), ["a"]);
    assert_eq!(
        (&page["next_page"], &page["item_count"], &page["page"]),
        (&json!(false), &json!(1), &json!(2))
    );
    let page = server.get("/v2/events?page=99").await;
    assert_eq!((page.status, &page.body["results"]), (200, &json!([])));
}

#[tokio::test]
async fn events_of_one_second_keep_their_order() {
    let server = TestServer::start().await;
    for resource in ["a", "b", "c"] {
        record(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, resource).await;
    }
    assert_eq!(
        resources(&server.get("/v2/events").await.body),
        ["c", "b", "a"]
    );
}

#[tokio::test]
async fn filters_choose_events() {
    let server = with_three_events().await;
    for (query, expected) in [
        ("level=error", vec!["c", "a"]),
        ("level=ERROR", vec![]),
        ("level=nosuch", vec![]),
        ("event_type=user.image.analysis.failed", vec!["a"]),
        ("event_type=USER.image.*", vec!["b", "a"]),
        ("event_type=*.registry_lookup_failed", vec!["c"]),
        ("event_type=*.registryxlookup_failed", vec![]),
        ("event_type=user.image", vec![]),
        ("resource_type=image_reference", vec!["c"]),
        ("resource_id=b", vec!["b"]),
        ("source_service_name=catalog&limit=1", vec!["c"]),
        ("source_service_name=nosuch", vec![]),
        ("source_host_id=windlass", vec!["c", "b", "a"]),
        ("since=2026-11-23T09:01:00Z", vec!["c", "b"]),
        ("before=2026-11-23T09:01:00", vec!["a"]),
        (
            "since=2026-11-23T10:01:00%2B01:00&before=2026-11-23T09:02:00Z",
            vec!["b"],
        ),
        ("since=2100-01-01T00:00:00", vec![]),
        ("unknown=1&resource_id=b", vec!["b"]),
    ] {
        let answer = server.get(&format!("/v2/events?{query}")).await;
        assert_eq!(answer.status, 200, "{query}");
        assert_eq!(resources(&answer.body), expected, "{query}");
    }
}

#[tokio::test]
async fn filters_that_make_no_sense_are_refused() {
    let server = TestServer::start().await;
    for (query, message) in [
        (
            "limit=0",
            "`limit` must be a whole number between 1 and 1000",
        ),
        ("limit=1001", "`limit` must be"),
        ("page=0", "`page` must be"),
        ("page=-4", "`page` must be"),
        ("page=99999999999", "`page` must be"),
        (
            "since=yesterday",
            "query parameter `since`: expected a time",
        ),
        (
            "before=yesterday",
            "query parameter `before`: expected a time",
        ),
        (
            "since=2026-01-02&before=2026-01-02",
            "`since` must be earlier",
        ),
    ] {
        is_error(
            &server.get(&format!("/v2/events?{query}")).await,
            400,
            message,
        );
    }
    is_error(
        &server.delete("/v2/events?before=yesterday").await,
        400,
        "query parameter `before`",
    );
    is_problem(
        &server.get("/v2/events?page=x").await,
        400,
        "query parameter `page`: expected an integer",
    );
    is_problem(
        &server.get("/v2/events?event_type=a%25b").await,
        400,
        "query parameter `event_type`",
    );
    is_problem(
        &server.get("/v2/events?event_type=").await,
        400,
        "query parameter `event_type`",
    );
}

#[tokio::test]
async fn a_deleted_event_is_gone() {
    let server = with_three_events().await;
    let list = server.get("/v2/events").await.body;
    let path = format!(
        "/v2/events/{}",
        list["results"][0]["event_id"].as_str().unwrap()
    );
    assert_eq!(server.delete(&path).await.status, 200);
    is_error(&server.get(&path).await, 404, "Event not found");
    is_error(&server.delete(&path).await, 404, "Event not found");
    is_error(
        &server.get("/v2/events/nosuch").await,
        404,
        "Event not found",
    );
}

#[tokio::test]
async fn events_are_deleted_by_time_and_level() {
    let server = with_three_events().await;
    let none = server.delete("/v2/events?before=2001-01-01T00:00:00").await;
    assert_eq!((none.status, none.body), (200, json!([])));
    let errors = server
        .delete("/v2/events?level=error&since=2026-11-23T09:01:00Z")
        .await;
    assert_eq!(errors.body.as_array().unwrap().len(), 1);
    assert_eq!(resources(&server.get("/v2/events").await.body), ["b", "a"]);
    let rest = server.delete("/v2/events").await;
    assert_eq!(rest.body.as_array().unwrap().len(), 2);
    assert_eq!(server.get("/v2/events").await.body["results"], json!([]));
}

#[tokio::test]
async fn accounts_do_not_see_each_others_events() {
    let server = with_three_events().await;
    server
        .account_with_user("acme", "alice", "read-write")
        .await;
    record(&server, "acme", &USER_IMAGE_ANALYSIS_COMPLETED, "hers").await;
    let hers = server.get("/v2/events").as_user("alice").await.body;
    assert_eq!(resources(&hers), ["hers"]);
    let his = server.get("/v2/events").await.body;
    let path = format!(
        "/v2/events/{}",
        his["results"][0]["event_id"].as_str().unwrap()
    );
    is_error(
        &server.get(&path).as_user("alice").await,
        404,
        "Event not found",
    );
    is_error(
        &server.delete(&path).as_user("alice").await,
        404,
        "Event not found",
    );
    server.delete("/v2/events").as_user("alice").await;
    assert_eq!(
        resources(&server.get("/v2/events").await.body),
        ["c", "b", "a"]
    );
}

#[tokio::test]
async fn reading_does_not_permit_deleting_all() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "bob", "read-only").await;
    assert_eq!(server.get("/v2/events").as_user("bob").await.status, 200);
    is_error(
        &server.delete("/v2/events").as_user("bob").await,
        403,
        "Not authorized",
    );
}

#[tokio::test]
async fn events_are_forgotten_after_half_a_year() {
    let server = with_three_events().await;
    server.clock.advance(180 * 86_400 - 60);
    super::forget_old(server.state.clone()).await.unwrap();
    assert_eq!(resources(&server.get("/v2/events").await.body), ["c", "b"]);
}

#[tokio::test]
async fn an_event_names_the_request_that_caused_it() {
    let server = TestServer::start().await;
    let answer = server
        .post("/v2/repositories?repository=127.0.0.1:1/none")
        .header("x-request-id", "req-1")
        .await;
    assert_eq!(answer.status, 404);
    let event = server.get("/v2/events").await.body["results"][0]["event"].clone();
    assert_eq!(event["source"]["request_id"], "req-1");
}
