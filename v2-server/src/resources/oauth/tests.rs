//! Tokens, called through the whole router.

use serde_json::Value;

use super::forget_expired;
use crate::params;
use crate::testing::{Answer, Call, PASSWORD, TestServer, is_error, is_problem};

impl Call {
    fn form(self, body: &str) -> Self {
        self.anonymous()
            .body("application/x-www-form-urlencoded", body.to_owned())
    }

    fn with_token(self, token: &Value) -> Self {
        let header = format!("Bearer {}", token.as_str().unwrap());
        self.header("authorization", &header)
    }
}

async fn tokens(server: &TestServer, username: &str) -> Answer {
    let form =
        format!("grant_type=password&client_id=anonymous&username={username}&password={PASSWORD}");
    server.post("/v2/oauth/token").form(&form).await
}

#[track_caller]
fn is_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.body["error"], error);
    assert!(answer.body["error_description"].is_string());
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn a_password_gives_a_token_that_opens_every_route_until_it_is_over() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "alice", "read-only").await;
    let answer = tokens(&server, "alice").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["expires_in"], 3600);
    let token = &answer.body["access_token"];
    for path in ["/v2/user", "/v2/registries", "/v2/status"] {
        assert_eq!(
            server.get(path).with_token(token).await.status,
            200,
            "{path}"
        );
    }
    // It carries the rights of its user.
    assert_eq!(
        server.get("/v2/accounts").with_token(token).await.status,
        403
    );
    server.clock.advance(3600);
    assert_eq!(server.get("/v2/user").with_token(token).await.status, 401);
}

#[tokio::test]
async fn credentials_in_the_header_do_as_well() {
    let server = TestServer::start().await;
    assert_eq!(server.post("/v2/oauth/token").await.status, 200);
    let wrong = server
        .post("/v2/oauth/token")
        .with_password("admin", "wrong")
        .await;
    is_refused(&wrong, 401, "invalid_client");
    assert_eq!(
        wrong.headers["www-authenticate"],
        r#"basic realm="Authentication required""#
    );
    is_refused(
        &server.post("/v2/oauth/token").anonymous().await,
        401,
        "invalid_client",
    );
}

#[tokio::test]
async fn wrong_requests_are_told_in_the_words_of_the_standard() {
    let server = TestServer::start().await;
    for (form, error) in [
        ("username=admin&password=wrong", "invalid_grant"),
        ("username=nobody&password=wrong", "invalid_grant"),
        ("username=admin", "invalid_request"),
        ("grant_type=nosuch", "unsupported_grant_type"),
        ("grant_type=refresh_token", "invalid_request"),
        (
            "grant_type=refresh_token&refresh_token=made-up",
            "invalid_grant",
        ),
        (
            "client_id=other&username=admin&password=x",
            "invalid_client",
        ),
    ] {
        is_refused(&server.post("/v2/oauth/token").form(form).await, 400, error);
    }
    let json = server.post("/v2/oauth/token").json("{}").await;
    is_problem(&json, 415, "Invalid Content-type (application/json)");
}

#[tokio::test]
async fn a_refresh_token_gives_new_access_tokens_until_it_is_over() {
    let server = TestServer::start().await;
    let first = tokens(&server, "admin").await.body;
    let form = format!(
        "grant_type=refresh_token&refresh_token={}",
        first["refresh_token"].as_str().unwrap()
    );
    server.clock.advance(7200);
    for _ in 0..2 {
        let renewed = server.post("/v2/oauth/token").form(&form).await;
        assert_eq!(renewed.status, 200);
        assert!(renewed.body.get("refresh_token").is_none());
        let answer = server
            .get("/v2/user")
            .with_token(&renewed.body["access_token"])
            .await;
        assert_eq!(answer.status, 200);
    }
    server.clock.advance(86_400);
    is_refused(
        &server.post("/v2/oauth/token").form(&form).await,
        400,
        "invalid_grant",
    );
}

#[tokio::test]
async fn a_changed_password_ends_refresh_tokens() {
    let server = TestServer::start().await;
    let first = tokens(&server, "admin").await.body;
    let form = format!(
        "grant_type=refresh_token&refresh_token={}",
        first["refresh_token"].as_str().unwrap()
    );
    let new = serde_json::json!({ "type": "password", "value": "another-one" });
    server.post("/v2/user/credentials").json(new).await;
    is_refused(
        &server.post("/v2/oauth/token").form(&form).await,
        400,
        "invalid_grant",
    );
}

#[tokio::test]
async fn tokens_end_with_their_user_and_sleep_with_the_account() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    let token = tokens(&server, "alice").await.body["access_token"].clone();
    let state = |state: &str| {
        server
            .put("/v2/accounts/acme/state")
            .json(serde_json::json!({ "state": state }))
    };
    state("disabled").await;
    is_error(
        &server.get("/v2/user").with_token(&token).await,
        403,
        "Not authorized. Account acme not enabled.",
    );
    is_error(
        &tokens(&server, "alice").await,
        403,
        "Not authorized. Account acme not enabled.",
    );
    state("enabled").await;
    assert_eq!(server.get("/v2/user").with_token(&token).await.status, 200);

    server.delete("/v2/accounts/acme/users/alice").await;
    assert_eq!(server.get("/v2/user").with_token(&token).await.status, 401);
    // A user made anew under the name does not inherit it.
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    assert_eq!(server.get("/v2/user").with_token(&token).await.status, 401);
}

#[tokio::test]
async fn refresh_tokens_can_be_ended_and_access_tokens_not() {
    let server = TestServer::start().await;
    let first = tokens(&server, "admin").await.body;
    let refresh = first["refresh_token"].as_str().unwrap();
    let revoke = |form: String| server.post("/v2/oauth/revoke").form(&form);
    assert_eq!(
        revoke(format!("token={refresh}&token_type_hint=refresh_token"))
            .await
            .status,
        200
    );
    let form = format!("grant_type=refresh_token&refresh_token={refresh}");
    is_refused(
        &server.post("/v2/oauth/token").form(&form).await,
        400,
        "invalid_grant",
    );

    assert_eq!(revoke("token=unknown".into()).await.status, 200);
    is_refused(&revoke(String::new()).await, 400, "invalid_request");
    let access = first["access_token"].as_str().unwrap();
    is_refused(
        &revoke(format!("token={access}")).await,
        401,
        "invalid_client",
    );
    is_refused(
        &revoke("token=x&token_type_hint=access_token".into()).await,
        401,
        "invalid_client",
    );
}

#[tokio::test]
async fn refresh_tokens_that_are_over_are_forgotten_and_never_stored_in_the_clear() {
    let server = TestServer::start().await;
    let first = tokens(&server, "admin").await.body;
    let refresh = first["refresh_token"].as_str().unwrap().to_owned();
    let kept = || {
        let refresh = refresh.clone();
        server.state.read(move |tx| {
            let all: i64 = tx.query_value("SELECT count(*) FROM refresh_tokens", params![])?;
            let clear: i64 = tx.query_value(
                "SELECT count(*) FROM refresh_tokens WHERE token_hash = $1",
                params![refresh],
            )?;
            Ok((all, clear))
        })
    };
    assert_eq!(kept().await.unwrap(), (1, 0));
    server.clock.advance(86_400);
    forget_expired(server.state.clone()).await.unwrap();
    assert_eq!(kept().await.unwrap(), (0, 0));
}
