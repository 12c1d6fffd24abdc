//! Archive rules, called through the whole router.

use serde_json::{Value, json};

use super::apply_rules;
use crate::resources::images::testing::{ImageParts, digest};
use crate::testing::{TestServer, is_error, is_problem};

const PATH: &str = "/v2/archives/rules";
const DAY: i64 = 86_400;

async fn add(server: &TestServer, rule: Value) -> Value {
    let answer = server.post(PATH).json(rule).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body
}

fn selector(registry: &str, repository: &str, tag: &str) -> Value {
    json!({ "registry": registry, "repository": repository, "tag": tag })
}

/// Digests in the working set and in the archive, by number.
async fn places(server: &TestServer) -> (Vec<u32>, Vec<u32>) {
    let numbers = |list: &Value| {
        let mut numbers: Vec<u32> = list
            .as_array()
            .unwrap()
            .iter()
            .map(|image| {
                let digest = image["image_digest"].as_str().unwrap();
                digest
                    .trim_start_matches("sha256:")
                    .trim_start_matches('0')
                    .parse()
                    .unwrap()
            })
            .collect();
        numbers.sort_unstable();
        numbers
    };
    let images = server.get("/v2/images").await.body;
    let archived = server.get("/v2/archives/images").await.body;
    (numbers(&images["items"]), numbers(&archived))
}

#[tokio::test]
async fn a_rule_is_answered_with_every_default() {
    let server = TestServer::start().await;
    let made = add(
        &server,
        json!({ "transition": "archive", "selector": selector("docker.io", "library/*", "*") }),
    )
    .await;
    assert_eq!(
        made,
        json!({
            "selector": selector("docker.io", "library/*", "*"), "rule_id": made["rule_id"],
            "tag_versions_newer": -1, "analysis_age_days": -1, "transition": "archive", "system_global": false,
            "created_at": "2026-11-23T09:00:00Z", "last_updated": "2026-11-23T09:00:00Z",
            "exclude": { "selector": selector("", "", ""), "expiration_days": -1, "last_seen_in_days": -1 },
        })
    );
    let path = format!("{PATH}/{}", made["rule_id"].as_str().unwrap());
    assert_eq!(server.get(&path).await.body, made);
    assert_eq!(server.get(PATH).await.body, json!([made]));
    assert_eq!(
        server.get("/v2/archives").await.body["rules"],
        json!({ "count": 1, "last_updated": "2026-11-23T09:00:00Z" })
    );
    assert_eq!(server.delete(&path).await.status, 200);
    is_error(&server.get(&path).await, 404, "Rule not found");
    is_error(&server.delete(&path).await, 404, "Rule not found");
}

#[tokio::test]
async fn rules_whose_parts_do_not_go_together_are_refused() {
    let server = TestServer::start().await;
    let every = selector("*", "*", "*");
    for (rule, message) in [
        (
            json!({ "transition": "delete" }),
            "Selector fields cannot be empty",
        ),
        (
            json!({ "transition": "delete", "selector": { "registry": "*", "repository": "*" } }),
            "Selector fields cannot be empty",
        ),
        (
            json!({ "transition": "archive", "selector": every, "max_images_per_account": 10 }),
            "Cannot set max_images_per_account on a rule that isn't system_global",
        ),
        (
            json!({ "transition": "archive", "system_global": true, "max_images_per_account": 10,
                "selector": selector("docker.io", "*", "*") }),
            "Cannot set max_images_per_account on a rule with a selector",
        ),
        (
            json!({ "transition": "archive", "selector": every, "analysis_age_days": -2 }),
            "`analysis_age_days`: expected -1",
        ),
        (
            json!({ "transition": "archive", "selector": selector("regexp:(", "*", "*") }),
            "`(` is not a regular expression",
        ),
        (
            json!({ "transition": "archive", "selector": every, "exclude": { "selector": { "tag": "x" } } }),
            "`exclude.selector`",
        ),
    ] {
        is_error(&server.post(PATH).json(rule).await, 400, message);
    }
    is_problem(
        &server
            .post(PATH)
            .json(json!({ "transition": "nosuch" }))
            .await,
        400,
        "`transition`",
    );
    let limit =
        json!({ "transition": "archive", "system_global": true, "max_images_per_account": 10 });
    add(&server, limit.clone()).await;
    is_error(
        &server.post(PATH).json(limit).await,
        400,
        "A system_global rule with max_images_per_account already exists",
    );
    assert_eq!(server.get(PATH).await.body.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn global_rules_are_made_by_administrators_and_seen_by_all() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    let rule = json!({ "transition": "archive", "system_global": true, "selector": selector("*", "*", "*") });
    is_error(
        &server.post(PATH).as_user("alice").json(&rule).await,
        403,
        "Not authorized. Requires permissions: domain=system action=createArchiveTransitionRule target=*",
    );
    let made = add(&server, rule).await;
    let path = format!("{PATH}/{}", made["rule_id"].as_str().unwrap());
    assert_eq!(server.get(PATH).as_user("alice").await.body, json!([made]));
    assert_eq!(server.get(&path).as_user("alice").await.body, made);
    let own_only = server.get(&format!("{PATH}?system_global=false"));
    assert_eq!(own_only.as_user("alice").await.body, json!([]));
    is_error(
        &server.delete(&path).as_user("alice").await,
        404,
        "Rule not found",
    );
    let own = add(
        &server,
        json!({ "transition": "delete", "selector": selector("a", "b", "c") }),
    )
    .await;
    let path = format!("{PATH}/{}", own["rule_id"].as_str().unwrap());
    is_error(
        &server.get(&path).as_user("alice").await,
        404,
        "Rule not found",
    );
}

#[tokio::test]
async fn old_images_move_when_all_their_tags_are_matched() {
    let server = TestServer::start().await;
    ImageParts::new(1, "docker.io/library/app:1")
        .analyzed(&server)
        .await;
    let mut two = ImageParts::new(2, "docker.io/library/app:2");
    two.tags.push("quay.io/team/app:2".to_owned());
    two.analyzed(&server).await;
    server.clock.advance(11 * DAY);
    ImageParts::new(3, "docker.io/library/app:3")
        .analyzed(&server)
        .await;
    let rule = add(
        &server,
        json!({ "transition": "archive", "analysis_age_days": 10, "selector": selector("docker.io", "library/*", "*") }),
    )
    .await;
    apply_rules(server.state.clone()).await.unwrap();
    assert_eq!(places(&server).await, (vec![2, 3], vec![1]));
    let event = &server
        .get("/v2/events?event_type=system.analysis_archive.*")
        .await
        .body["results"][0];
    assert_eq!(
        event["event"]["details"]["msg"],
        format!("Archived by rule {}", rule["rule_id"].as_str().unwrap())
    );
    let other = json!({ "transition": "archive", "selector": selector("quay.io", "*", "*") });
    add(&server, other).await;
    apply_rules(server.state.clone()).await.unwrap();
    assert_eq!(places(&server).await, (vec![3], vec![1, 2]));
}

#[tokio::test]
async fn images_a_tag_has_moved_on_from_move() {
    let server = TestServer::start().await;
    for number in 1..=3 {
        ImageParts::new(number, "docker.io/library/app:1")
            .analyzed(&server)
            .await;
        server.clock.advance(1);
    }
    add(
        &server,
        json!({ "transition": "archive", "tag_versions_newer": 2, "selector": selector("*", "*", "*") }),
    )
    .await;
    apply_rules(server.state.clone()).await.unwrap();
    assert_eq!(places(&server).await, (vec![2, 3], vec![1]));
}

#[tokio::test]
async fn excluded_tags_stay_until_their_time_is_over() {
    let server = TestServer::start().await;
    ImageParts::new(1, "docker.io/library/app:keep")
        .analyzed(&server)
        .await;
    ImageParts::new(2, "docker.io/library/app:2")
        .analyzed(&server)
        .await;
    add(
        &server,
        json!({ "transition": "archive", "selector": selector("*", "*", "*"),
            "exclude": { "selector": selector("docker.io", "*", "keep"), "expiration_days": 30 } }),
    )
    .await;
    apply_rules(server.state.clone()).await.unwrap();
    assert_eq!(places(&server).await, (vec![1], vec![2]));
    server.clock.advance(30 * DAY);
    apply_rules(server.state.clone()).await.unwrap();
    assert_eq!(places(&server).await, (vec![], vec![1, 2]));
}

#[tokio::test]
async fn the_oldest_images_beyond_the_limit_move() {
    let server = TestServer::start().await;
    for number in 1..=3 {
        ImageParts::new(number, &format!("docker.io/library/app:{number}"))
            .analyzed(&server)
            .await;
        server.clock.advance(1);
    }
    add(
        &server,
        json!({ "transition": "archive", "system_global": true, "max_images_per_account": 1 }),
    )
    .await;
    apply_rules(server.state.clone()).await.unwrap();
    assert_eq!(places(&server).await, (vec![3], vec![1, 2]));
}

#[tokio::test]
async fn archived_analyses_are_deleted_by_the_age_of_their_record() {
    let server = TestServer::start().await;
    for number in 1..=2 {
        ImageParts::new(number, &format!("docker.io/library/app:{number}"))
            .analyzed(&server)
            .await;
    }
    server.post("/v2/archives/images").json([digest(1)]).await;
    server.clock.advance(6 * DAY);
    server.post("/v2/archives/images").json([digest(2)]).await;
    add(
        &server,
        json!({ "transition": "delete", "analysis_age_days": 5, "selector": selector("*", "*", "*") }),
    )
    .await;
    apply_rules(server.state.clone()).await.unwrap();
    assert_eq!(places(&server).await, (vec![1, 2], vec![2]));
}

#[tokio::test]
async fn rules_of_one_account_leave_others_alone_unless_they_are_global() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "read-write")
        .await;
    ImageParts::new(1, "docker.io/library/app:1")
        .analyzed(&server)
        .await;
    let rule = json!({ "transition": "archive", "selector": selector("*", "*", "*") });
    assert_eq!(
        server.post(PATH).as_user("alice").json(&rule).await.status,
        200
    );
    apply_rules(server.state.clone()).await.unwrap();
    assert_eq!(places(&server).await, (vec![1], vec![]));
    let mut foreign = ImageParts::new(2, "docker.io/library/app:1");
    foreign.user = "alice";
    foreign.analyzed(&server).await;
    let mut global = rule;
    global["system_global"] = json!(true);
    add(&server, global).await;
    apply_rules(server.state.clone()).await.unwrap();
    assert_eq!(places(&server).await, (vec![], vec![1]));
    let archived = server
        .get("/v2/archives/images")
        .as_user("alice")
        .await
        .body;
    assert_eq!(archived[0]["image_digest"], digest(2));
}

#[tokio::test]
async fn images_that_ran_lately_stay() {
    let server = TestServer::start().await;
    for number in 1..=2 {
        ImageParts::new(number, &format!("docker.io/library/app:{number}"))
            .analyzed(&server)
            .await;
    }
    let report = json!({
        "cluster_arn": "arn:c", "timestamp": "2026-11-23T09:00:00Z",
        "containers": [{ "arn": "arn:1", "image_tag": "app:1", "image_digest": digest(1) }],
    });
    assert_eq!(
        server.post("/v2/ecs-inventory").json(report).await.status,
        204
    );
    let rule = json!({
        "transition": "archive", "selector": selector("*", "*", "*"), "exclude": { "last_seen_in_days": 3 },
    });
    add(&server, rule).await;
    apply_rules(server.state.clone()).await.unwrap();
    assert_eq!(places(&server).await, (vec![1], vec![2]));
    server.clock.advance(3 * DAY);
    apply_rules(server.state.clone()).await.unwrap();
    assert_eq!(places(&server).await, (vec![], vec![1, 2]));
}
