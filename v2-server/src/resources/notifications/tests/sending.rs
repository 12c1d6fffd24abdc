//! What arrives where, for each type, and what is told of an endpoint that takes nothing.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;

use super::super::sending::{Encryption, HttpRequest, Mail, Outgoing, Sender};
use super::super::testing::{MailServer, Receiver, add, body};
use crate::testing::{TestServer, is_error};

/// Sends a test through a configuration that is not stored.
async fn test(server: &TestServer, kind: &str, address: SocketAddr) -> serde_json::Value {
    test_body(server, kind, body(kind, address)).await
}

async fn test_body(server: &TestServer, kind: &str, body: serde_json::Value) -> serde_json::Value {
    let path = format!("/v2/notifications/endpoints/{kind}/test");
    let answer = server.post(&path).json(body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body
}

#[tokio::test]
async fn github_gets_an_issue() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    receiver.answer(201, "{}");
    let result = test(&server, "github", receiver.address).await;
    assert_eq!(
        result,
        json!({ "status": "success", "response": "201 Created" })
    );
    let came = &receiver.take()[0];
    assert_eq!(came.path, "/path/repos/acme/shop/issues");
    // octo:ghp_secret
    assert_eq!(came.header("authorization"), "Basic b2N0bzpnaHBfc2VjcmV0");
    assert_eq!(came.header("accept"), "application/vnd.github+json");
    assert_eq!(came.header("content-type"), "application/json");
    assert_eq!(
        came.body,
        json!({
            "title": "Test notification", "body": "A test of a notification endpoint of the account admin.",
            "milestone": 3, "labels": ["security"], "assignees": ["ada"],
        })
    );
}

#[tokio::test]
async fn jira_gets_an_issue() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    receiver.answer(201, "{}");
    let result = test(&server, "jira", receiver.address).await;
    assert_eq!(result["status"], "success");
    let came = &receiver.take()[0];
    assert_eq!(came.path, "/path/rest/api/2/issue");
    // ada:jira_secret
    assert_eq!(came.header("authorization"), "Basic YWRhOmppcmFfc2VjcmV0");
    assert_eq!(
        came.body["fields"],
        json!({
            "project": { "key": "SHOP" }, "issuetype": { "name": "Bug" }, "summary": "Test notification",
            "description": "A test of a notification endpoint of the account admin.",
            "priority": { "name": "High" }, "assignee": { "name": "bob" }, "labels": ["security"],
        })
    );
}

#[tokio::test]
async fn slack_gets_a_message() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    let result = test(&server, "slack", receiver.address).await;
    assert_eq!(result, json!({ "status": "success", "response": "200 OK" }));
    let came = &receiver.take()[0];
    assert_eq!(came.path, "/path");
    assert_eq!(
        came.body,
        json!({ "text": "*Test notification*\nA test of a notification endpoint of the account admin." })
    );
}

#[tokio::test]
async fn teams_gets_a_card_and_may_refuse_it_with_success() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    receiver.answer(202, "");
    let result = test(&server, "teams", receiver.address).await;
    assert_eq!(
        result,
        json!({ "status": "success", "response": "202 Accepted" })
    );
    let came = &receiver.take()[0];
    let card = &came.body["attachments"][0];
    assert_eq!(
        card["contentType"],
        "application/vnd.microsoft.card.adaptive"
    );
    assert_eq!(card["content"]["body"][0]["text"], "Test notification");
    assert_eq!(
        card["content"]["body"][1]["text"],
        "A test of a notification endpoint of the account admin."
    );
    receiver.answer(200, "Webhook message delivery failed with error: secret");
    let result = test(&server, "teams", receiver.address).await;
    assert_eq!(
        result,
        json!({ "status": "failure", "response": "200 OK, with a text that says it was not delivered" })
    );
}

#[tokio::test]
async fn a_webhook_gets_json() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    let result = test(&server, "webhook", receiver.address).await;
    assert_eq!(result["status"], "success");
    let came = &receiver.take()[0];
    // hook:hook_secret
    assert_eq!(
        came.header("authorization"),
        "Basic aG9vazpob29rX3NlY3JldA=="
    );
    assert_eq!(came.body["type"], "test");
    assert_eq!(came.body["account_name"], "admin");
    test_body(
        &server,
        "webhook",
        json!({ "url": format!("http://{}/", receiver.address) }),
    )
    .await;
    assert!(!receiver.take()[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn mails_go_to_all_receivers() {
    let (server, mails) = (TestServer::start().await, MailServer::plain().await);
    let result = test(&server, "smtp", mails.address).await;
    assert_eq!(result, json!({ "status": "success", "response": "250" }));
    let came = &mails.take()[0];
    assert!(!came.is_encrypted);
    assert_eq!(came.login.as_deref(), Some("mailer:smtp_secret"));
    assert_eq!(came.receivers, ["<a@example.org>", "<b@example.org>"]);
    assert!(
        came.text
            .contains("From: Windlass <windlass@example.org>\r\n"),
        "{}",
        came.text
    );
    assert!(
        came.text.contains("Subject: Test notification\r\n"),
        "{}",
        came.text
    );
    assert!(came.text.contains("text/plain"), "{}", came.text);
    assert!(
        came.text.contains("<h3>Test notification</h3>"),
        "{}",
        came.text
    );
}

#[tokio::test]
async fn with_tls_nothing_is_sent_without_it() {
    let server = TestServer::start().await;
    let plain = MailServer::plain().await;
    let mut wanted = body("smtp", plain.address);
    wanted.as_object_mut().unwrap().remove("use_tls");
    let result = test_body(&server, "smtp", wanted.clone()).await;
    assert_eq!(result["status"], "failure");
    assert!(plain.take().is_empty());

    let encrypted = MailServer::with_tls().await;
    wanted["port"] = json!(encrypted.address.port());
    let result = test_body(&server, "smtp", wanted.clone()).await;
    assert_eq!(result["status"], "failure", "nobody knows its certificate");
    assert!(encrypted.take().is_empty());
    wanted["verify_tls"] = json!(false);
    let result = test_body(&server, "smtp", wanted).await;
    assert_eq!(result, json!({ "status": "success", "response": "250" }));
    let came = &encrypted.take()[0];
    assert!(came.is_encrypted);
    assert_eq!(came.login.as_deref(), Some("mailer:smtp_secret"));
}

fn mail(address: SocketAddr, encryption: Encryption) -> Mail {
    Mail {
        host: address.ip().to_string(),
        port: address.port(),
        encryption,
        login: Some(("mailer".to_owned(), "smtp_secret".to_owned())),
        from: "a@example.org".parse().unwrap(),
        to: "b@example.org".parse().unwrap(),
        subject: String::new(),
        text: String::new(),
    }
}

#[tokio::test]
async fn tls_from_the_start_comes_before_the_first_word() {
    let server = MailServer::with_tls_from_the_start().await;
    let sender = Sender::with_patience(Duration::from_secs(10));
    let send = async |verify| {
        let mail = mail(server.address, Encryption::FromTheStart);
        sender.send(Outgoing::Mail(Box::new(mail)), verify).await
    };
    assert!(send(true).await.is_err(), "nobody knows its certificate");
    assert!(server.take().is_empty());
    assert_eq!(send(false).await.unwrap(), "250");
    let came = &server.take()[0];
    assert!(came.is_encrypted);
    assert_eq!(came.login.as_deref(), Some("mailer:smtp_secret"));
}

#[tokio::test]
async fn certificates_of_addresses_are_verified_unless_not_wanted() {
    let server = TestServer::start().await;
    let receiver = Receiver::with_tls().await;
    let mut wanted = json!({ "url": format!("https://{}/", receiver.address) });
    for kind in ["slack", "teams", "webhook"] {
        wanted["verify_tls"] = json!(true);
        let result = test_body(&server, kind, wanted.clone()).await;
        assert_eq!(result["status"], "failure", "{kind}");
        wanted["verify_tls"] = json!(false);
        let result = test_body(&server, kind, wanted.clone()).await;
        assert_eq!(result["status"], "success", "{kind}: {result}");
    }
}

#[tokio::test]
async fn a_refusal_is_told_by_its_status_alone() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    for kind in ["github", "jira", "slack", "teams", "webhook"] {
        for (status, told) in [
            (401, "401 Unauthorized"),
            (302, "302 Found"),
            (503, "503 Service Unavailable"),
        ] {
            receiver.answer(status, "a secret text");
            let result = test(&server, kind, receiver.address).await;
            assert_eq!(
                result,
                json!({ "status": "failure", "response": told }),
                "{kind}"
            );
        }
    }
    let mails = MailServer::plain().await;
    let mut wanted = body("smtp", mails.address);
    wanted["to"] = json!("refused@example.org");
    let result = test_body(&server, "smtp", wanted).await;
    assert_eq!(
        result,
        json!({ "status": "failure", "response": "it answered 550" })
    );
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_told_without_it() {
    let server = TestServer::start().await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = free.local_addr().unwrap();
    drop(free);
    for kind in super::super::testing::TYPES {
        let result = test(&server, kind, nobody).await;
        assert_eq!(result["status"], "failure", "{kind}");
        let told = result["response"].as_str().unwrap();
        assert!(told.contains("refused"), "{kind}: {told}");
        assert!(
            !told.contains("path") && !told.contains("secret"),
            "{kind}: {told}"
        );
    }
}

#[tokio::test]
async fn nobody_who_keeps_silent_holds_a_server_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let sender = Sender::with_patience(Duration::from_millis(300));
    let request = HttpRequest::json(&format!("http://{address}/"), &json!({}));
    let mail = mail(address, Encryption::StartTls);
    for outgoing in [Outgoing::Http(request), Outgoing::Mail(Box::new(mail))] {
        let told = sender.send(outgoing, true).await.unwrap_err();
        assert!(told.starts_with("it did not answer within"), "{told}");
    }
}

#[tokio::test]
async fn a_stored_configuration_is_tested_with_its_secret_and_tells_how_that_went() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    let path = add(&server, "webhook", receiver.address).await;
    let status = async || server.get(&format!("{path}/status")).await.body["status"].clone();
    assert_eq!(status().await, "unknown");
    let result = server.get(&format!("{path}/test")).await;
    assert_eq!(result.body["status"], "success");
    assert_eq!(status().await, "healthy");
    receiver.answer(500, "");
    let result = server.get(&format!("{path}/test")).await;
    assert_eq!(result.body["response"], "500 Internal Server Error");
    assert_eq!(status().await, "unhealthy");

    // A change keeps the secret, and nothing is known about the new settings.
    let mut wanted = server.get(&path).await.body;
    server.put(&path).json(&wanted).await;
    assert_eq!(status().await, "unknown");
    server.get(&format!("{path}/test")).await;
    for came in receiver.take() {
        assert_eq!(
            came.header("authorization"),
            "Basic aG9vazpob29rX3NlY3JldA=="
        );
    }
    // Without a user name there is no login, and no password to keep.
    wanted.as_object_mut().unwrap().remove("username");
    server.put(&path).json(&wanted).await;
    wanted["username"] = json!("hook");
    server.put(&path).json(&wanted).await;
    server.get(&format!("{path}/test")).await;
    // hook:
    assert_eq!(receiver.take()[0].header("authorization"), "Basic aG9vazo=");
}

#[tokio::test]
async fn nothing_is_tested_while_the_type_is_disabled() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    let path = add(&server, "slack", receiver.address).await;
    let switch = "/v2/notifications/endpoints/slack";
    server.put(switch).json(json!({ "enabled": false })).await;
    let stored = server.get(&format!("{path}/test")).await;
    let unsaved = server
        .post("/v2/notifications/endpoints/slack/test")
        .json(body("slack", receiver.address))
        .await;
    for answer in [stored, unsaved] {
        is_error(
            &answer,
            409,
            "the notification endpoint `slack` is disabled",
        );
    }
    assert!(receiver.take().is_empty());
}
