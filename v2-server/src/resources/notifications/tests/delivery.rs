//! Events are told: to whom, how often, and what happens when that fails.

use serde_json::json;
use tokio::net::TcpListener;

use super::super::deliver;
use super::super::delivery::{MOST_ATTEMPTS, WORTH};
use super::super::testing::{
    MailServer, Receiver, TYPES, add, body, configurations, happen, path_of, select_failures,
    selector,
};
use crate::params;
use crate::resources::events::catalogue::{
    FEEDS_SYNC_COMPLETED, USER_IMAGE_ANALYSIS_COMPLETED, USER_IMAGE_ANALYSIS_FAILED,
};
use crate::resources::system::servers::register;
use crate::testing::TestServer;

async fn run(server: &TestServer) {
    deliver(server.state.clone()).await.unwrap();
}

/// The things that the events which came are about.
fn resources(receiver: &Receiver) -> Vec<String> {
    let came = receiver.take();
    came.iter().map(|came| came.resource().to_owned()).collect()
}

async fn status(server: &TestServer, path: &str) -> String {
    let answer = server.get(&format!("{path}/status")).await;
    answer.body["status"].as_str().unwrap().to_owned()
}

async fn switch(server: &TestServer, kind: &str, enabled: bool) {
    let path = format!("/v2/notifications/endpoints/{kind}");
    let answer = server.put(&path).json(json!({ "enabled": enabled })).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn an_event_reaches_every_type() {
    let server = TestServer::start().await;
    let mails = MailServer::plain().await;
    let mut receivers = Vec::new();
    for kind in TYPES {
        let receiver = Receiver::start().await;
        let address = if kind == "smtp" {
            mails.address
        } else {
            receiver.address
        };
        let path = add(&server, kind, address).await;
        select_failures(&server, &path).await;
        receivers.push((kind, path, receiver));
    }
    happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, "a:1").await;
    run(&server).await;
    let record = server
        .get("/v2/events?event_type=user.image.analysis.failed")
        .await
        .body["results"][0]
        .clone();
    for (kind, path, receiver) in receivers {
        let told = if kind == "smtp" {
            mails.take()[0].text.clone()
        } else {
            let came = receiver.take();
            assert_eq!(came.len(), 1, "{kind}");
            if kind == "webhook" {
                assert_eq!(came[0].body, record);
            }
            if kind == "slack" {
                let text = came[0].body["text"].as_str().unwrap();
                assert!(text.contains("&lt;none&gt; &amp; more"), "{text}");
            }
            came[0].body.to_string()
        };
        for part in ["user.image.analysis.failed", "a:1"] {
            assert!(told.contains(part), "{kind}: {told}");
        }
        assert_eq!(status(&server, &path).await, "healthy", "{kind}");
    }
}

#[tokio::test]
async fn only_what_a_selector_wants_is_told_and_once() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    let path = add(&server, "webhook", receiver.address).await;
    run(&server).await;
    for wanted in [
        selector("account", "error", "*", "user.*"),
        selector("account", "*", "image_tag", "*.failed"),
        selector("account", "*", "feeds", "system.feeds.sync.completed"),
    ] {
        let list = format!("{path}/selectors");
        server.post(&list).json(wanted).await;
    }
    happen(&server, "admin", &USER_IMAGE_ANALYSIS_COMPLETED, "a:1").await;
    happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, "a:2").await;
    happen(&server, "acme", &USER_IMAGE_ANALYSIS_FAILED, "a:3").await;
    happen(&server, "admin", &FEEDS_SYNC_COMPLETED, "feeds").await;
    happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, "a:4").await;
    run(&server).await;
    assert_eq!(resources(&receiver), ["a:2", "feeds", "a:4"]);
    run(&server).await;
    assert_eq!(resources(&receiver), [""; 0]);
}

#[tokio::test]
async fn the_account_admin_can_be_told_of_all_accounts() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    let path = add(&server, "webhook", receiver.address).await;
    let wanted = selector("global", "*", "*", "user.image.*");
    server.post(&format!("{path}/selectors")).json(wanted).await;
    happen(&server, "acme", &USER_IMAGE_ANALYSIS_FAILED, "a:1").await;
    happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, "a:2").await;
    run(&server).await;
    assert_eq!(resources(&receiver), ["a:1", "a:2"]);
}

#[tokio::test]
async fn many_events_are_told_in_their_order() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    let path = add(&server, "webhook", receiver.address).await;
    select_failures(&server, &path).await;
    // An event that is deleted before anybody looks is not told; the others are, whatever becomes of their numbers.
    happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, "a:0").await;
    server.delete("/v2/events").await;
    let names = ["a:1", "a:2", "a:3", "a:4", "a:5", "a:6", "a:7", "a:8"];
    for name in names {
        happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, name).await;
    }
    run(&server).await;
    assert_eq!(resources(&receiver), names);
    server.delete("/v2/events").await;
    happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, "a:9").await;
    run(&server).await;
    assert_eq!(resources(&receiver), ["a:9"]);
}

#[tokio::test]
async fn what_fails_is_tried_again_later_and_later() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    let path = add(&server, "webhook", receiver.address).await;
    select_failures(&server, &path).await;
    receiver.answer(503, "");
    happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, "a:1").await;
    run(&server).await;
    assert_eq!(resources(&receiver), ["a:1"]);
    assert_eq!(status(&server, &path).await, "unhealthy");
    for pause in [60, 120, 240] {
        server.clock.advance(pause - 1);
        run(&server).await;
        assert_eq!(resources(&receiver), [""; 0], "{pause}");
        server.clock.advance(1);
        run(&server).await;
        assert_eq!(resources(&receiver), ["a:1"], "{pause}");
    }
    receiver.answer(200, "");
    // All that is known is in the database, so another server goes on with it.
    let other = server.another().await;
    server.clock.advance(480);
    run(&other).await;
    assert_eq!(resources(&receiver), ["a:1"]);
    assert_eq!(status(&server, &path).await, "healthy");
    server.clock.advance(WORTH);
    run(&server).await;
    assert_eq!(resources(&receiver), [""; 0]);
}

#[tokio::test]
async fn after_the_last_attempt_it_is_given_up() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    let path = add(&server, "webhook", receiver.address).await;
    select_failures(&server, &path).await;
    receiver.answer(503, "");
    happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, "a:1").await;
    let mut attempts = 0;
    for _ in 0..MOST_ATTEMPTS + 3 {
        run(&server).await;
        attempts += receiver.take().len();
        server.clock.advance(4000);
    }
    assert_eq!(attempts, usize::try_from(MOST_ATTEMPTS).unwrap());
    receiver.answer(200, "");
    happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, "a:2").await;
    run(&server).await;
    assert_eq!(resources(&receiver), ["a:2"]);
    let metrics = String::from_utf8(server.state.metrics.render(None)).unwrap();
    for (outcome, count) in [("failed", MOST_ATTEMPTS - 1), ("given_up", 1), ("sent", 1)] {
        let line = format!(
            "server_deliveries_total{{endpoint=\"webhook\",outcome=\"{outcome}\"}} {count}\n"
        );
        assert!(metrics.contains(&line), "{line} is not in\n{metrics}");
    }
}

#[tokio::test]
async fn what_waits_for_a_day_is_given_up() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    let path = add(&server, "webhook", receiver.address).await;
    select_failures(&server, &path).await;
    receiver.answer(503, "");
    happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, "a:1").await;
    run(&server).await;
    receiver.answer(200, "");
    server.clock.advance(WORTH + 1);
    run(&server).await;
    assert_eq!(resources(&receiver), ["a:1"]);
}

#[tokio::test]
async fn one_that_is_down_neither_loses_its_events_nor_keeps_others_waiting() {
    let server = TestServer::start().await;
    let (down, up) = (Receiver::start().await, Receiver::start().await);
    let mut paths = Vec::new();
    for receiver in [&down, &up] {
        let path = add(&server, "webhook", receiver.address).await;
        select_failures(&server, &path).await;
        paths.push(path);
    }
    down.answer(500, "");
    for name in ["a:1", "a:2", "a:3"] {
        happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, name).await;
    }
    run(&server).await;
    assert_eq!(resources(&up), ["a:1", "a:2", "a:3"]);
    assert_eq!(resources(&down), ["a:1"], "one attempt a round");
    down.answer(200, "");
    run(&server).await;
    assert_eq!(resources(&down), ["a:2", "a:3"]);
    server.clock.advance(60);
    run(&server).await;
    assert_eq!(resources(&down), ["a:1"]);
    assert_eq!(status(&server, &paths[0]).await, "healthy");
}

#[tokio::test]
async fn what_happens_while_a_type_is_disabled_is_not_told_later() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    let path = add(&server, "webhook", receiver.address).await;
    select_failures(&server, &path).await;
    receiver.answer(503, "");
    happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, "a:1").await;
    run(&server).await;
    assert_eq!(resources(&receiver), ["a:1"]);
    receiver.answer(200, "");
    // What waits is forgotten.
    switch(&server, "webhook", false).await;
    happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, "a:2").await;
    server.clock.advance(600);
    run(&server).await;
    happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, "a:3").await;
    server.clock.advance(5);
    // Nobody has looked at the last event yet.
    switch(&server, "webhook", true).await;
    run(&server).await;
    assert_eq!(resources(&receiver), [""; 0]);
    happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, "a:4").await;
    run(&server).await;
    assert_eq!(resources(&receiver), ["a:4"]);
}

#[tokio::test]
async fn a_disabled_account_is_told_nothing() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    let added = server
        .post(&configurations("webhook"))
        .as_user("alice")
        .json(body("webhook", receiver.address))
        .await;
    let list = format!("{}/selectors", path_of("webhook", &added));
    let wanted = selector("account", "*", "*", "user.image.*");
    server.post(&list).as_user("alice").json(wanted).await;
    let off = json!({ "state": "disabled" });
    server.put("/v2/accounts/acme/state").json(off).await;
    happen(&server, "acme", &USER_IMAGE_ANALYSIS_FAILED, "a:1").await;
    run(&server).await;
    let on = json!({ "state": "enabled" });
    server.put("/v2/accounts/acme/state").json(on).await;
    run(&server).await;
    assert_eq!(resources(&receiver), [""; 0]);
    happen(&server, "acme", &USER_IMAGE_ANALYSIS_FAILED, "a:2").await;
    run(&server).await;
    assert_eq!(resources(&receiver), ["a:2"]);
}

#[tokio::test]
async fn a_claim_keeps_others_away_until_it_runs_out() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    let path = add(&server, "webhook", receiver.address).await;
    select_failures(&server, &path).await;
    happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, "a:1").await;
    // As a server leaves it that is killed after sending and before it has noted that.
    let until = server.state.now().plus_seconds(60);
    let uuid = path.rsplit_once('/').unwrap().1.to_owned();
    server
        .state
        .write(move |tx| {
            Ok(tx.execute(
                "UPDATE notification_configurations SET claimed_until = $2 WHERE uuid = $1",
                params![uuid, until],
            )?)
        })
        .await
        .unwrap();
    run(&server).await;
    assert_eq!(resources(&receiver), [""; 0]);
    server.clock.advance(60);
    run(&server).await;
    assert_eq!(resources(&receiver), ["a:1"]);
}

#[tokio::test]
async fn what_a_killed_server_was_telling_is_told_as_soon_as_it_starts_again() {
    let server = TestServer::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let path = add(&server, "webhook", listener.local_addr().unwrap()).await;
    select_failures(&server, &path).await;
    happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, "a:1").await;
    for _ in 0..2 {
        register(&server.state).await.unwrap();
        let telling = tokio::spawn(deliver(server.state.clone()));
        // It waits for an answer when it is killed.
        let _connection = listener.accept().await.unwrap();
        telling.abort();
        assert!(telling.await.unwrap_err().is_cancelled());
        // Others leave it alone as long as it may be at work.
        run(&server).await;
    }
    assert_eq!(status(&server, &path).await, "unknown");
}

#[tokio::test]
async fn two_runs_at_once_tell_everything_once() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    let path = add(&server, "webhook", receiver.address).await;
    select_failures(&server, &path).await;
    let names = ["a:1", "a:2", "a:3", "a:4", "a:5", "a:6"];
    for name in names {
        happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, name).await;
    }
    tokio::join!(run(&server), run(&server));
    run(&server).await;
    assert_eq!(resources(&receiver), names);
}

#[tokio::test]
async fn servers_that_share_a_database_tell_everything_once() {
    let server = TestServer::start().await;
    if !server.state.store.is_shared() {
        println!(
            "skipped: WINDLASS_TEST_DATABASE is not set, and servers do not share an SQLite database"
        );
        return;
    }
    let (one, two) = (server.another().await, server.another().await);
    let mut receivers = Vec::new();
    for _ in 0..4 {
        let receiver = Receiver::start().await;
        let path = add(&server, "webhook", receiver.address).await;
        select_failures(&server, &path).await;
        receivers.push(receiver);
    }
    let names = ["a:1", "a:2", "a:3", "a:4", "a:5", "a:6"];
    for name in names {
        happen(&server, "admin", &USER_IMAGE_ANALYSIS_FAILED, name).await;
    }
    tokio::join!(run(&server), run(&one), run(&two));
    run(&server).await;
    for receiver in receivers {
        assert_eq!(resources(&receiver), names);
    }
}
