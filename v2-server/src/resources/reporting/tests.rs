//! Saved results, called through the whole router.

use serde_json::json;

use crate::params;
use crate::testing::{TestServer, is_error, is_problem};

const RESULT: &str = "5d3f0a7c9be14c2f8a6d0e1b2c3d4e5f";
const OF_ACCOUNT: &str = "/v2/reporting/scheduled-query-results";
const GLOBAL: &str = "/v2/reporting/reports/global/scheduled-query-results";

/// Saves a finished result with all its pages, as one that ran a query does.
async fn save(server: &TestServer, account: Option<&str>, pages: &[&str]) {
    let now = server.state.now();
    let account = account.map(str::to_owned);
    let pages: Vec<(i64, String)> = (1..).zip(pages.iter().map(ToString::to_string)).collect();
    server
        .state
        .write(move |tx| {
            tx.execute(
                "INSERT INTO report_results (uuid, account_name, created_at) VALUES ($1, $2, $3)",
                params![RESULT, account, now],
            )?;
            for (page, body) in &pages {
                tx.execute(
                    "INSERT INTO report_result_pages (result_uuid, page, body) VALUES ($1, $2, $3)",
                    params![RESULT, *page, *body],
                )?;
            }
            Ok(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn pages_are_answered_byte_for_byte_and_the_first_without_asking() {
    let server = TestServer::start().await;
    // Blanks, the order of members and the form of numbers are the writer's.
    let pages = [r#"{ "z":1.50, "a":[1] }"#, r#"{"z":2}"#];
    save(&server, Some("admin"), &pages).await;
    for (query, page) in [("", 0), ("?page=1", 0), ("?page=2", 1)] {
        let answer = server.get(&format!("{OF_ACCOUNT}/{RESULT}{query}")).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, pages[page]));
        assert_eq!(answer.headers["content-type"], "application/json");
    }
    let after = server.get(&format!("{OF_ACCOUNT}/{RESULT}?page=3")).await;
    is_error(&after, 404, "the result has no page 3");
    for page in ["0", "-1"] {
        let answer = server
            .get(&format!("{OF_ACCOUNT}/{RESULT}?page={page}"))
            .await;
        is_problem(&answer, 400, &format!("expected 1 or more, got `{page}`"));
    }
    let answer = server.get(&format!("{OF_ACCOUNT}/{RESULT}?page=two")).await;
    is_problem(&answer, 400, "query parameter `page`: expected an integer");
}

#[tokio::test]
async fn a_result_is_found_in_its_account_only() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "alice", "read-only").await;
    server.account_with_user("rival", "bob", "read-only").await;
    server
        .account_with_user("acme", "carol", "policy-editor")
        .await;
    save(&server, Some("acme"), &["{}"]).await;
    let path = format!("{OF_ACCOUNT}/{RESULT}");
    assert_eq!(server.get(&path).as_user("alice").await.status, 200);
    let elsewhere = server.get(&path).header("x-anchore-account", "acme").await;
    assert_eq!(elsewhere.body, json!({}));
    for answer in [
        server.get(&path).as_user("bob").await,
        server.get(&path).await,
        server.get(&format!("{GLOBAL}/{RESULT}")).await,
        server.get(&format!("{OF_ACCOUNT}/no-such-result")).await,
    ] {
        is_error(&answer, 404, "query result not found");
    }
    is_error(
        &server.get(&path).as_user("carol").await,
        403,
        "Not authorized. Requires permissions: domain=acme action=viewReports",
    );
    assert_eq!(server.get(&path).anonymous().await.status, 401);
}

#[tokio::test]
async fn a_result_about_all_accounts_is_for_administrators() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    save(&server, None, &["{}", "{}"]).await;
    let path = format!("{GLOBAL}/{RESULT}");
    assert_eq!(server.get(&path).await.body, json!({}));
    is_error(
        &server.get(&format!("{path}?page=3")).await,
        404,
        "the result has no page 3",
    );
    is_error(
        &server.get(&path).as_user("alice").await,
        403,
        "Not authorized.",
    );
    is_error(
        &server.get(&format!("{OF_ACCOUNT}/{RESULT}")).await,
        404,
        "query result not found",
    );
}

#[tokio::test]
async fn results_go_with_their_account() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "alice", "").await;
    save(&server, Some("acme"), &["{}"]).await;
    server
        .state
        .write(|tx| Ok(tx.execute("DELETE FROM accounts WHERE name = $1", params!["acme"])?))
        .await
        .unwrap();
    // The id is free again, so the pages are gone, too.
    save(&server, Some("admin"), &["{}"]).await;
    let answer = server.get(&format!("{OF_ACCOUNT}/{RESULT}")).await;
    assert_eq!(answer.status, 200);
}
