//! The worker: claims, failures, and what a server leaves behind that dies in the middle.

use std::pin::pin;
use std::time::Duration;

use serde_json::{Value, json};

use super::lease::CLAIM;
use super::{analyze_waiting, claim, finish, load};
use crate::params;
use crate::resources::images::testing::{ImageParts, analyze, digest};
use crate::resources::system::servers::register;
use crate::testing::TestServer;
use crate::time::Timestamp;

const TAG: &str = "docker.io/library/app-a:1.0";

async fn image(server: &TestServer) -> Value {
    server.get(&format!("/v2/images/{}", digest(1))).await.body
}

#[tokio::test]
async fn a_claimed_image_is_nobody_elses() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).add(&server).await;
    let claimed = claim(&server.state).await.unwrap();
    assert!(claimed.is_some());
    assert_eq!(image(&server).await["analysis_status"], "analyzing");
    assert!(claim(&server.state).await.unwrap().is_none());
    let refused = server
        .delete(&format!("/v2/images/{}", digest(1)))
        .await
        .body;
    assert_eq!(refused["status"], "delete_failed");
    assert_eq!(
        refused["detail"],
        "cannot delete image that is being analyzed"
    );
}

#[tokio::test]
async fn the_image_that_waits_longest_comes_first() {
    let server = TestServer::start().await;
    ImageParts::new(2, "a:2").add(&server).await;
    server.clock.advance(1);
    ImageParts::new(1, "a:1").add(&server).await;
    let first = claim(&server.state).await.unwrap().unwrap();
    assert_eq!(first.image_digest, digest(2));
}

#[tokio::test]
async fn the_image_of_a_worker_that_died_is_taken_up_again() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).add(&server).await;
    claim(&server.state).await.unwrap();
    server.clock.advance(CLAIM - 1);
    analyze(&server).await;
    assert_eq!(image(&server).await["analysis_status"], "analyzing");
    server.clock.advance(1);
    analyze(&server).await;
    let image = image(&server).await;
    assert_eq!(image["analysis_status"], "analyzed");
    let changes: Vec<_> = image["analysis_status_detail"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["to_status"])
        .collect();
    assert_eq!(
        changes,
        ["analyzing", "not_analyzed", "analyzing", "analyzed"]
    );
}

#[tokio::test]
async fn an_image_that_takes_long_is_not_begun_a_second_time() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).add(&server).await;
    let mut slow = claim(&server.state).await.unwrap().unwrap();
    let import = slow.import_uuid.clone();
    for _ in 0..3 {
        server.clock.advance(CLAIM - 1);
        slow.lease.renew(&server.state).await.unwrap();
        assert!(claim(&server.state).await.unwrap().is_none());
    }
    let (parts, analysis) = load(&server.state, import).await.unwrap().unwrap();
    finish(&server.state, slow, parts, analysis.unwrap())
        .await
        .unwrap();
    assert_eq!(image(&server).await["analysis_status"], "analyzed");
}

#[tokio::test]
async fn a_claim_is_renewed_while_the_work_goes_on() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).add(&server).await;
    let mut slow = claim(&server.state).await.unwrap().unwrap();
    let later = slow.lease.until().plus_seconds(1);
    server.clock.advance(1);
    let (state, row) = (server.state.clone(), slow.lease.row());
    // Work that goes on until the claim is a longer one.
    let work = async {
        let sql = "SELECT claimed_until FROM images WHERE id = $1";
        let claimed = async || {
            let read = state.read(move |tx| Ok(tx.query_value::<Timestamp>(sql, params![row])?));
            read.await.unwrap()
        };
        while claimed().await < later {
            tokio::task::yield_now().await;
        }
    };
    let period = Duration::from_millis(1);
    slow.lease
        .while_renewed_every(period, &server.state, pin!(work))
        .await;
    assert_eq!(slow.lease.until(), later);
}

#[tokio::test]
async fn a_claim_that_was_lost_is_not_renewed() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).add(&server).await;
    let mut slow = claim(&server.state).await.unwrap().unwrap();
    server.clock.advance(CLAIM);
    let other = claim(&server.state).await.unwrap().unwrap();
    let lost = slow.lease.clone();
    slow.lease.renew(&server.state).await.unwrap();
    assert_eq!(slow.lease, lost);
    let (parts, analysis) = load(&server.state, slow.import_uuid.clone())
        .await
        .unwrap()
        .unwrap();
    finish(&server.state, slow, parts, analysis.unwrap())
        .await
        .unwrap();
    assert_eq!(image(&server).await["analysis_status"], "analyzing");
    assert!(other.lease.until() > lost.until());
}

#[tokio::test]
async fn a_server_that_starts_again_does_not_wait_for_old_claims() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).add(&server).await;
    claim(&server.state).await.unwrap();
    register(&server.state).await.unwrap();
    analyze(&server).await;
    assert_eq!(image(&server).await["analysis_status"], "analyzed");
}

#[tokio::test]
async fn a_worker_that_comes_too_late_changes_nothing() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).add(&server).await;
    let slow = claim(&server.state).await.unwrap().unwrap();
    let (parts, analysis) = load(&server.state, slow.import_uuid.clone())
        .await
        .unwrap()
        .unwrap();
    server.clock.advance(601);
    let mut other = ImageParts::new(1, TAG);
    other.query = "force=true";
    other.packages["artifacts"] = json!([]);
    other.analyzed(&server).await;
    finish(&server.state, slow, parts, analysis.unwrap())
        .await
        .unwrap();
    let npm = server
        .get(&format!("/v2/images/{}/content/npm", digest(1)))
        .await;
    assert_eq!(npm.body["content"], json!([]), "the later analysis stands");
    assert_eq!(server.get("/v2/events").await.body["item_count"], 1);
}

#[tokio::test]
async fn an_image_deleted_under_analysis_stays_deleted() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).add(&server).await;
    let claimed = claim(&server.state).await.unwrap().unwrap();
    let (parts, analysis) = load(&server.state, claimed.import_uuid.clone())
        .await
        .unwrap()
        .unwrap();
    server
        .delete(&format!("/v2/images/{}?force=true", digest(1)))
        .await;
    finish(&server.state, claimed, parts, analysis.unwrap())
        .await
        .unwrap();
    let image = image(&server).await;
    assert_eq!(
        (&image["image_status"], &image["analysis_status"]),
        (&json!("deleting"), &json!("analyzing"))
    );
    assert_eq!(server.get("/v2/events").await.body["item_count"], 0);
}

#[tokio::test]
async fn an_image_whose_import_ran_out_fails() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).add(&server).await;
    server.clock.advance(86_400);
    crate::resources::imports::expire(server.state.clone())
        .await
        .unwrap();
    analyze(&server).await;
    assert_eq!(image(&server).await["analysis_status"], "analysis_failed");
    let event = server.get("/v2/events").await.body["results"][0]["event"].clone();
    assert_eq!(
        event["details"]["msg"],
        "the uploaded parts of the import are gone"
    );
}

#[tokio::test]
async fn one_image_that_fails_does_not_stop_the_others() {
    let server = TestServer::start().await;
    let mut broken = ImageParts::new(1, "a:1");
    broken.image_config = json!({ "history": 4 });
    broken.add(&server).await;
    ImageParts::new(2, "a:2").add(&server).await;
    analyze_waiting(&server.state).await.unwrap();
    assert_eq!(image(&server).await["analysis_status"], "analysis_failed");
    let other = server.get(&format!("/v2/images/{}", digest(2))).await.body;
    assert_eq!(other["analysis_status"], "analyzed");
}
