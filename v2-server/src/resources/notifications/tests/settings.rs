//! Every type refuses what does not fit, and stores nothing of it.

use serde_json::{Value, json};

use super::super::testing::{TYPES, add, body, configurations};
use crate::testing::{TestServer, is_problem};

/// A member of a configuration, a value that does not fit, and what is said about it.
const BAD: &[(&str, &str, &str, &str)] = &[
    // What all types have.
    (
        "*",
        "description",
        "1",
        "Request body, `description`: invalid type: integer",
    ),
    (
        "*",
        "verify_tls",
        "\"no\"",
        "Request body, `verify_tls`: invalid type: string \"no\", expected a boolean",
    ),
    (
        "github",
        "url",
        "\"api.github.com\"",
        "Request body, `url`: expected an address that begins with `http://` or `https://`, got none",
    ),
    (
        "github",
        "username",
        "\" \"",
        "Request body, `username`: expected a text that is not blank, got ` `",
    ),
    (
        "github",
        "access_token",
        "\"\"",
        "Request body: expected a text in `access_token`, got none",
    ),
    (
        "github",
        "access_token",
        "null",
        "Request body, `access_token`: invalid type: null, expected a value, or the member left out",
    ),
    (
        "github",
        "access_token",
        "12345",
        "Request body, `access_token`: expected a text, got something else",
    ),
    (
        "github",
        "owner",
        "\"acme/shop\"",
        "Request body, `owner`: expected one name, got `acme/shop`",
    ),
    (
        "github",
        "repository",
        "\"\"",
        "Request body, `repository`: expected a text that is not blank",
    ),
    (
        "github",
        "milestone",
        "0",
        "Request body, `milestone`: expected 1 or more, got `0`",
    ),
    (
        "github",
        "labels",
        "\"security\"",
        "Request body, `labels`: invalid type: string \"security\", expected an array",
    ),
    (
        "github",
        "assignees",
        "[\"\"]",
        "Request body, `assignees`: expected a text that is not blank",
    ),
    (
        "jira",
        "url",
        "\"ftp://jira\"",
        "Request body, `url`: expected an address that begins with `http://` or `https://`, got one that begins with `ftp:`",
    ),
    (
        "jira",
        "username",
        "\"\"",
        "Request body, `username`: expected a text that is not blank",
    ),
    (
        "jira",
        "password",
        "null",
        "Request body, `password`: invalid type: null, expected a value, or the member left out",
    ),
    (
        "jira",
        "project_key",
        "\"\"",
        "Request body, `project_key`: expected a text that is not blank",
    ),
    (
        "jira",
        "issue_type",
        "\"\"",
        "Request body, `issue_type`: expected a text that is not blank",
    ),
    (
        "jira",
        "labels",
        "[\"two words\"]",
        "Request body, `labels`: expected texts without blanks, got `two words`",
    ),
    (
        "slack",
        "url",
        "\"https://user:word@hooks\"",
        "Request body, `url`: expected an address that begins with `http://` or `https://`, got one with a login",
    ),
    (
        "smtp",
        "host",
        "\"\"",
        "Request body, `host`: expected a text that is not blank",
    ),
    (
        "smtp",
        "host",
        "\"mail/x\"",
        "Request body, `host`: expected the name or address of a host, got `mail/x`",
    ),
    (
        "smtp",
        "port",
        "0",
        "Request body, `port`: expected 1 to 65535, got `0`",
    ),
    (
        "smtp",
        "port",
        "65536",
        "Request body, `port`: invalid value: integer `65536`, expected a whole number from 0 to 65535",
    ),
    (
        "smtp",
        "from",
        "\"nobody\"",
        "Request body, `from`: expected a mail address, got `nobody`",
    ),
    (
        "smtp",
        "to",
        "\"\"",
        "Request body, `to`: expected a mail address",
    ),
    (
        "smtp",
        "to",
        "\"a@example.org; b\"",
        "Request body, `to`: expected a mail address",
    ),
    (
        "smtp",
        "username",
        "\"\"",
        "Request body: expected a text in `username` beside `password`, got none",
    ),
    (
        "teams",
        "url",
        "\"http://\"",
        "Request body, `url`: expected an address",
    ),
    (
        "webhook",
        "url",
        "5",
        "Request body, `url`: invalid type: integer",
    ),
    (
        "webhook",
        "username",
        "null",
        "Request body, `username`: invalid type: null, expected a value, or the member left out",
    ),
    (
        "webhook",
        "verify_ssl",
        "1",
        "Request body, `verify_ssl`: invalid type: integer",
    ),
];

/// Members a configuration cannot be without.
const REQUIRED: &[(&str, &[&str])] = &[
    ("github", &["username", "owner", "repository"]),
    ("jira", &["url", "username", "project_key", "issue_type"]),
    ("slack", &["url"]),
    ("smtp", &["host", "port", "from", "to"]),
    ("teams", &["url"]),
    ("webhook", &["url"]),
];

#[tokio::test]
async fn every_type_refuses_what_does_not_fit() {
    let server = TestServer::start().await;
    let nowhere = ([127, 0, 0, 1], 9).into();
    for kind in TYPES {
        let path = add(&server, kind, nowhere).await;
        let before = server.get(&path).await.body;
        let test = format!("/v2/notifications/endpoints/{kind}/test");
        let mut cases: Vec<(Value, String, bool)> = Vec::new();
        for (_, member, value, told) in BAD.iter().filter(|(of, ..)| [kind, "*"].contains(of)) {
            let mut wanted = body(kind, nowhere);
            wanted[*member] = serde_json::from_str(value).unwrap();
            // A secret that is left out is none that is wrong.
            let also_put = !told.contains("expected a text in `access_token`")
                && !told.contains("expected a text in `password`");
            cases.push((wanted, (*told).to_owned(), also_put));
        }
        let (_, required) = REQUIRED.iter().find(|(of, _)| *of == kind).unwrap();
        for member in *required {
            let mut wanted = body(kind, nowhere);
            wanted.as_object_mut().unwrap().remove(*member);
            cases.push((wanted, format!("missing field `{member}`"), true));
        }
        for (wanted, told, also_put) in cases {
            for path in [&configurations(kind), &test] {
                is_problem(&server.post(path).json(&wanted).await, 400, &told);
            }
            if also_put {
                is_problem(&server.put(&path).json(&wanted).await, 400, &told);
            }
        }
        for wrong in [json!([]), json!("text")] {
            let refused = server.post(&configurations(kind)).json(wrong).await;
            is_problem(&refused, 400, "expected an object");
        }
        let refused = server
            .post(&configurations(kind))
            .body("text/plain", "{}")
            .await;
        is_problem(&refused, 415, "Invalid Content-type (text/plain)");
        let list = server.get(&configurations(kind)).await.body;
        assert_eq!(list, json!([before]), "{kind}");
    }
}

#[tokio::test]
async fn github_itself_is_the_default() {
    let server = TestServer::start().await;
    let mut wanted = body("github", ([127, 0, 0, 1], 9).into());
    wanted.as_object_mut().unwrap().remove("url");
    let added = server.post(&configurations("github")).json(wanted).await;
    assert_eq!(added.body["url"], "https://api.github.com");
}

#[tokio::test]
async fn webhooks_know_the_older_name_of_verify_tls() {
    let server = TestServer::start().await;
    let path = configurations("webhook");
    let mut wanted = json!({ "url": "https://hooks.example.org", "verify_ssl": false });
    let added = server.post(&path).json(&wanted).await;
    assert_eq!(added.body["verify_tls"], false);
    assert_eq!(added.body["verify_ssl"], false);
    wanted["verify_tls"] = json!(true);
    is_problem(
        &server.post(&path).json(&wanted).await,
        400,
        "Request body, `verify_ssl`: expected `true` like `verify_tls`, got `false`",
    );
}
