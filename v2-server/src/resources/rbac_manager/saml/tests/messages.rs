//! Which messages let somebody in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{IDPS, TOKEN_ENDPOINT, add, changed, configuration, for_grant, form, with_idp};
use crate::params;
use crate::resources::rbac_manager::saml::forget_used;
use crate::saml::testing::{IdentityProvider, Login};
use crate::testing::{TestServer, is_error, is_problem};

#[tokio::test]
async fn a_message_is_taken_once() {
    let (server, idp) = with_idp().await;
    let request = server.begin("okta").await;
    let login = Login {
        answers: (request.clone(), request),
        ..Login::default()
    };
    let text = login.response(&idp);
    assert_eq!(server.post_response("okta", &text).await.status, 200);
    let used = "the SAML response is not accepted: it was used before";
    is_error(&server.post_response("okta", &text).await, 401, used);
    // Another answer to the same request is none.
    let again = Login {
        assertion_id: "_another".to_owned(),
        ..login.clone()
    };
    is_error(
        &server.post_response("okta", &again.response(&idp)).await,
        401,
        used,
    );
    // Nor is the same assertion, said to answer another request, which only a provider that errs would sign.
    let request = server.begin("okta").await;
    let again = Login {
        answers: (request.clone(), request),
        ..login
    };
    is_error(
        &server.post_response("okta", &again.response(&idp)).await,
        401,
        used,
    );
    // Not even for an identity provider that was removed and made anew.
    server.delete(&format!("{IDPS}/okta")).await;
    add(&server, &configuration(&idp)).await;
    is_error(&server.post_response("okta", &text).await, 401, used);

    let kept = || {
        server.state.read(|tx| {
            let count: i64 =
                tx.query_value("SELECT (SELECT count(*) FROM saml_used_ids)", params![])?;
            Ok(count)
        })
    };
    assert_eq!(kept().await.unwrap(), 2);
    server.clock.advance(960);
    forget_used(server.state.clone()).await.unwrap();
    assert_eq!(kept().await.unwrap(), 0);
    let refused = server.post_response("okta", &text).await;
    is_error(
        &refused,
        401,
        "the SAML response is not accepted: it is over since",
    );
}

#[tokio::test]
async fn only_answers_to_requests_of_this_server_are_taken() {
    let (server, idp) = with_idp().await;
    add(
        &server,
        &changed(configuration(&idp), &json!({ "name": "second" })),
    )
    .await;
    let of_second = server.begin("second").await;
    for (request, reason) in [
        ("", "it answers no request"),
        ("_made-up", "the request that it answers was not made here"),
        (
            of_second.as_str(),
            "the request that it answers was not made here",
        ),
    ] {
        let login = Login {
            answers: (request.to_owned(), request.to_owned()),
            ..Login::default()
        };
        is_error(
            &server.post_response("okta", &login.response(&idp)).await,
            401,
            &format!("the SAML response is not accepted: {reason}"),
        );
    }
    assert_eq!(server.get("/v2/accounts/acme").await.status, 404);
}

#[tokio::test]
async fn what_is_not_signed_by_the_identity_provider_opens_nothing() {
    let (server, idp) = with_idp().await;
    let attacker = IdentityProvider::new();
    let request = server.begin("okta").await;
    let login = Login {
        answers: (request.clone(), request),
        ..Login::default()
    };
    for text in [
        login.unsigned(),
        login.with_signed_assertion(&idp),
        login.with_signed_response(&idp),
        login.response(&attacker),
        login.response(&idp).replace(">alice<", ">admin<"),
    ] {
        let answer = server.post_response("okta", &text).await;
        is_error(&answer, 401, "the SAML response is not accepted: ");
    }
    // Where neither must be signed, one of them must be.
    let lax = json!({ "require_signed_response": false, "require_signed_assertions": false });
    let lax = changed(configuration(&idp), &lax);
    let path = format!("{IDPS}/okta");
    assert_eq!(server.put(&path).json(lax).await.status, 200);
    let answer = server.post_response("okta", &login.unsigned()).await;
    is_error(
        &answer,
        401,
        "the SAML response is not accepted: the assertion is not signed",
    );
    let answer = server
        .post_response("okta", &login.with_signed_response(&idp))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn disabled_and_unknown_identity_providers_let_nobody_in() {
    let (server, idp) = with_idp().await;
    let request = server.begin("okta").await;
    let login = Login {
        answers: (request.clone(), request),
        ..Login::default()
    };
    let disabled = changed(configuration(&idp), &json!({ "enabled": false }));
    server.put(&format!("{IDPS}/okta")).json(disabled).await;
    let begin = |name: &str| {
        server
            .get(&format!("/v2/rbac-manager/saml/login/{name}"))
            .anonymous()
    };
    for (name, status, message) in [
        ("okta", 403, "the identity provider `okta` is disabled"),
        ("nosuch", 404, "identity provider not found"),
    ] {
        is_error(&begin(name).await, status, message);
        let answer = server.post_response(name, &login.response(&idp)).await;
        is_error(&answer, status, message);
    }
    let refused = server.grant(&for_grant().signed_assertion(&idp)).await;
    assert_eq!(refused.body["error"], "invalid_grant", "{}", refused.text);

    let no_page = idp.metadata().replace("HTTP-Redirect", "HTTP-POST");
    let no_page = changed(configuration(&idp), &json!({ "idp_metadata_xml": no_page }));
    server.put(&format!("{IDPS}/okta")).json(no_page).await;
    let message = "the metadata of the identity provider `okta` names no login page";
    is_error(&begin("okta").await, 403, message);
}

#[tokio::test]
async fn forms_without_a_response_are_told_so() {
    let (server, _) = with_idp().await;
    let post = |kind: &'static str, body: &str| {
        server
            .post("/v2/rbac-manager/saml/sso/okta")
            .anonymous()
            .body(kind, body.to_owned())
    };
    let form = "application/x-www-form-urlencoded";
    is_problem(
        &post(form, "RelayState=x").await,
        400,
        "missing form field `SAMLResponse`",
    );
    for response in ["SAMLResponse=%21", "SAMLResponse=gICA"] {
        let message = "form field `SAMLResponse`: expected a SAML response in base64";
        is_problem(&post(form, response).await, 400, message);
    }
    let long = format!("SAMLResponse={}", "A".repeat(300_000));
    is_problem(&post(form, &long).await, 400, "form field `SAMLResponse`");
    is_problem(
        &post("application/json", "{}").await,
        415,
        "Invalid Content-type",
    );
    let no_xml = format!("SAMLResponse={}", STANDARD.encode("hello"));
    is_error(
        &post(form, &no_xml).await,
        401,
        "the SAML response is not accepted: it is not XML",
    );
}

#[tokio::test]
async fn an_https_port_is_part_of_where_answers_are_for() {
    let (server, idp) = (TestServer::start().await, IdentityProvider::new());
    for (port, recipient, status) in [
        (json!(8443), "https://sp.example.com:8443/acs", 200),
        (json!(8443), Login::RECIPIENT, 401),
        (json!(-1), Login::RECIPIENT, 200),
        (json!(443), "https://sp.example.com:443/acs", 200),
    ] {
        let wanted = changed(configuration(&idp), &json!({ "acs_https_port": port }));
        add(&server, &wanted).await;
        let login = Login {
            destination: recipient.to_owned(),
            recipient: recipient.to_owned(),
            ..Login::default()
        };
        let answer = server.log_in(&idp, &login).await;
        assert_eq!(answer.status, status, "{port} {recipient}: {}", answer.text);
        server.delete(&format!("{IDPS}/okta")).await;
    }
}

#[tokio::test]
async fn an_assertion_by_itself_is_exchanged_for_a_token() {
    let (server, idp) = with_idp().await;
    let assertion = for_grant().signed_assertion(&idp);
    let answer = server.grant(&assertion).await;
    assert_eq!(answer.body["token_type"], "Bearer", "{}", answer.text);
    assert!(answer.body.get("refresh_token").is_none());
    let user = server.get_with(&answer, "/v2/user").await.body;
    assert_eq!(
        (&user["username"], &user["type"]),
        (&json!("alice"), &json!("saml"))
    );

    let second = Login {
        assertion_id: "_second".to_owned(),
        ..for_grant()
    };
    let request = server.begin("okta").await;
    let for_browser = Login {
        answers: (request.clone(), request.clone()),
        ..Login::default()
    };
    let answering = Login {
        answers: (request.clone(), request),
        ..second.clone()
    };
    for (assertion, reason) in [
        (assertion, "it was used before"),
        (second.assertion(), "the assertion is not signed"),
        (
            second.signed_assertion(&IdentityProvider::new()),
            "the signature was made by none",
        ),
        (
            for_browser.signed_assertion(&idp),
            "it is for the recipient",
        ),
        (
            answering.signed_assertion(&idp),
            "it answers a request for a login of a browser",
        ),
        (
            Login {
                issuer: "urn:nobody".to_owned(),
                ..second.clone()
            }
            .signed_assertion(&idp),
            "it was issued by `urn:nobody`",
        ),
        (
            Login {
                audience: TOKEN_ENDPOINT.to_owned(),
                ..second.clone()
            }
            .signed_assertion(&idp),
            "it is not for the audience `urn:windlass`",
        ),
        (
            second.response(&idp),
            "it is a `Response`, expected a `Assertion`",
        ),
    ] {
        let answer = server.grant(&assertion).await;
        assert_eq!(
            (answer.status, answer.body["error"].as_str()),
            (400, Some("invalid_grant"))
        );
        let description = answer.body["error_description"].as_str().unwrap();
        assert!(description.contains(reason), "{description}");
    }
    let denied = Login {
        name_id: "admin".to_owned(),
        ..second.clone()
    };
    let answer = server.grant(&denied.signed_assertion(&idp)).await;
    assert_eq!(answer.body["error"], "invalid_grant");
    // Nor does an assertion for the grant log a browser in.
    let answer = server.post_response("okta", &second.response(&idp)).await;
    is_error(
        &answer,
        401,
        "the SAML response is not accepted: it is for the recipient",
    );
    let body = form(&[(
        "grant_type",
        "urn:ietf:params:oauth:grant-type:saml2-bearer",
    )]);
    let lacking = server
        .post("/v2/oauth/token")
        .body("application/x-www-form-urlencoded", body)
        .await;
    assert_eq!(lacking.body["error"], "invalid_request");
}
