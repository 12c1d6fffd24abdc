//! Imports of sources, called through the whole router.

use serde_json::json;

use crate::resources::imports::expire;
use crate::resources::sources::testing::{SourceParts, sbom};
use crate::testing::{TestServer, is_error, is_problem};

const PATH: &str = "/v2/imports/sources";

async fn begin(server: &TestServer) -> String {
    let begun = server.post(PATH).await;
    assert_eq!(begun.status, 200, "{}", begun.text);
    format!("{PATH}/{}", begun.body["uuid"].as_str().unwrap())
}

fn metadata(digest: &str) -> serde_json::Value {
    json!({ "host": "github.com", "repository_name": "acme/shop", "revision": "1", "contents": { "sbom": digest } })
}

#[tokio::test]
async fn an_import_ends_with_the_analysis_of_its_source() {
    let server = TestServer::start().await;
    let made = SourceParts::new("abc").add(&server).await;
    assert_eq!(made["analysis_status"], "not_analyzed");
    let listed = server.get(PATH).await.body;
    assert_eq!(
        listed,
        json!([{
            "uuid": listed[0]["uuid"], "status": "processing", "expires_at": "2026-11-24T09:00:00Z",
            "created_at": "2026-11-23T09:00:00Z", "last_updated": "2026-11-23T09:00:00Z",
        }])
    );
    crate::resources::sources::analysis::analyze_waiting(&server.state)
        .await
        .unwrap();
    let path = format!("{PATH}/{}", listed[0]["uuid"].as_str().unwrap());
    assert_eq!(server.get(&path).await.body["status"], "complete");
    let late = server.post(&format!("{path}/sbom")).json(sbom()).await;
    is_error(
        &late,
        409,
        "nothing can be uploaded to an import that has come to an end",
    );
}

#[tokio::test]
async fn the_last_upload_is_shown_and_any_can_be_chosen() {
    let server = TestServer::start().await;
    let path = begin(&server).await;
    let sbom_path = format!("{path}/sbom");
    is_error(&server.get(&sbom_path).await, 404, "nothing was uploaded");
    let first = server.post(&sbom_path).json(sbom()).await.body;
    assert_eq!(first["digest"].as_str().unwrap().len(), 64);
    server.clock.advance(5);
    assert_eq!(server.post(&sbom_path).json(sbom()).await.body, first);
    let mut other = sbom();
    other["artifacts"] = json!([]);
    let second = server.post(&sbom_path).json(other).await.body;
    assert_eq!(server.get(&sbom_path).await.body, second);
    let finalize = format!("{path}/finalize");
    let unknown = server.post(&finalize).json(metadata("nosuch")).await;
    is_error(
        &unknown,
        400,
        "One or more referenced content digests not found",
    );
    assert_eq!(unknown.body["detail"]["digest"], "nosuch");
    let digest = first["digest"].as_str().unwrap();
    assert_eq!(
        server.post(&finalize).json(metadata(digest)).await.status,
        200
    );
    let again = server.post(&finalize).json(metadata(digest)).await;
    is_error(&again, 409, "a source can only be made of a pending import");
}

#[tokio::test]
async fn what_is_no_sbom_is_refused() {
    let server = TestServer::start().await;
    let path = begin(&server).await;
    let sbom_path = format!("{path}/sbom");
    for body in [
        json!({}),
        json!([]),
        json!({ "artifacts": [{}], "source": { "type": "x" }, "distro": {} }),
    ] {
        is_problem(&server.post(&sbom_path).json(body).await, 400, "");
    }
    let text = server.post(&sbom_path).body("text/plain", "x").await;
    is_problem(&text, 415, "Invalid Content-type (text/plain)");
    is_error(&server.get(&sbom_path).await, 404, "nothing was uploaded");
    let finalize = format!("{path}/finalize");
    is_problem(
        &server.post(&finalize).json(json!({ "host": "a" })).await,
        400,
        "repository_name",
    );
    let mut blank = metadata("x");
    blank["revision"] = json!(" ");
    is_error(
        &server.post(&finalize).json(blank).await,
        400,
        "`revision` must not be empty",
    );
}

#[tokio::test]
async fn an_import_is_called_off_or_runs_out_of_time() {
    let server = TestServer::start().await;
    let path = begin(&server).await;
    let off = server.delete(&path).await;
    assert_eq!((off.status, &off.body["status"]), (200, &json!("expired")));
    let other = begin(&server).await;
    server.clock.advance(86_400);
    assert_eq!(server.get(&other).await.body["status"], "expired");
    expire(server.state.clone()).await.unwrap();
    assert_eq!(server.get(&other).await.body["status"], "expired");
    server.clock.advance(86_400);
    expire(server.state.clone()).await.unwrap();
    assert_eq!(server.get(PATH).await.body, json!([]));
    is_error(&server.get(&other).await, 404, "import operation");
}

#[tokio::test]
async fn an_sbom_that_is_gone_fails_the_analysis() {
    let server = TestServer::start().await;
    let made = SourceParts::new("abc").add(&server).await;
    server
        .state
        .write(|tx| {
            Ok(tx.execute(
                "UPDATE source_import_sboms SET content = NULL",
                crate::params![],
            )?)
        })
        .await
        .unwrap();
    crate::resources::sources::analysis::analyze_waiting(&server.state)
        .await
        .unwrap();
    let source = format!("/v2/sources/{}", made["uuid"].as_str().unwrap());
    assert_eq!(
        server.get(&source).await.body["analysis_status"],
        "analysis_failed"
    );
    assert_eq!(server.get(PATH).await.body[0]["status"], "failed");
}

#[tokio::test]
async fn accounts_do_not_see_each_others_imports() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "image-analyzer")
        .await;
    let path = begin(&server).await;
    assert_eq!(server.get(PATH).as_user("alice").await.body, json!([]));
    for answer in [
        server.get(&path).as_user("alice").await,
        server.delete(&path).as_user("alice").await,
        server
            .post(&format!("{path}/sbom"))
            .as_user("alice")
            .json(sbom())
            .await,
        server
            .post(&format!("{path}/finalize"))
            .as_user("alice")
            .json(metadata("x"))
            .await,
    ] {
        is_error(&answer, 404, "import operation");
    }
}
