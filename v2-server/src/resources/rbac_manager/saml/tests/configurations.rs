//! Identity providers: what can be configured, and by whom.

use serde_json::json;

use super::{IDPS, changed, configuration, with_idp};
use crate::saml::testing::{IdentityProvider, Login};
use crate::testing::{TestServer, is_error, is_problem};

#[tokio::test]
async fn configurations_are_added_listed_read_replaced_and_deleted() {
    let (server, idp) = (TestServer::start().await, IdentityProvider::new());
    let wanted = configuration(&idp);
    let added = server.post(IDPS).json(&wanted).await;
    let time = "2026-11-23T09:00:00Z";
    let full = changed(
        wanted.clone(),
        &json!({
            "require_signed_assertions": true, "require_signed_response": true, "require_existing_users": false,
            "created_at": time, "last_updated": time,
        }),
    );
    assert_eq!((added.status, &added.body), (200, &full));
    is_error(
        &server.post(IDPS).json(&wanted).await,
        409,
        "Identity provider already exists",
    );
    assert_eq!(server.get(IDPS).await.body, json!(["okta"]));
    let path = format!("{IDPS}/okta");
    assert_eq!(server.get(&path).await.body, full);

    // What was read can be sent back; what is left out is gone.
    server.clock.advance(60);
    let narrower = changed(
        full.clone(),
        &json!({ "default_role": null, "enabled": false }),
    );
    let replaced = server.put(&path).json(&narrower).await;
    let narrower = changed(narrower, &json!({ "last_updated": "2026-11-23T09:01:00Z" }));
    assert_eq!((replaced.status, &replaced.body), (200, &narrower));
    assert_eq!(server.get(&path).await.body, narrower);
    let renamed = changed(narrower, &json!({ "name": "other" }));
    is_error(
        &server.put(&path).json(&renamed).await,
        400,
        "`name`: expected `okta` as in the path, got `other`",
    );

    assert_eq!(server.delete(&path).await.status, 204);
    for answer in [
        server.get(&path).await,
        server.put(&path).json(&wanted).await,
        server.delete(&path).await,
    ] {
        is_error(&answer, 404, "identity provider not found");
    }
    assert_eq!(server.get(IDPS).await.body, json!([]));
}

#[tokio::test]
async fn what_cannot_be_a_configuration_is_refused() {
    let (server, idp) = (TestServer::start().await, IdentityProvider::new());
    for (changes, message) in [
        (json!({ "name": "a b" }), "`name`: expected letters"),
        (json!({ "sp_entity_id": " " }), "`sp_entity_id`: expected"),
        (json!({ "acs_url": "acs" }), "`acs_url`: expected"),
        (json!({ "acs_url": "ftp://a/b" }), "`acs_url`: expected"),
        (
            json!({ "acs_https_port": 0 }),
            "`acs_https_port`: expected 1 to 65535",
        ),
        (
            json!({ "acs_https_port": 8443, "acs_url": "https://a:9443/" }),
            "`acs_https_port`: `acs_url` has another port than 8443",
        ),
        (
            json!({ "idp_metadata_xml": null }),
            "exactly one of `idp_metadata_url`",
        ),
        (
            json!({ "idp_metadata_url": "https://idp.example.com/" }),
            "exactly one of `idp_metadata_url`",
        ),
        (
            json!({ "idp_metadata_xml": null, "idp_metadata_url": "http://idp.example.com/" }),
            "`idp_metadata_url`: expected an address with `https`",
        ),
        (
            json!({ "idp_metadata_xml": "<a" }),
            "`idp_metadata_xml`: it is not XML",
        ),
        (
            json!({ "idp_metadata_xml": "<a/>" }),
            "`idp_metadata_xml`: it is about 0",
        ),
        (
            json!({ "idp_role_attribute": "role" }),
            "`default_role` and `idp_role_attribute` must not be given together",
        ),
        (
            json!({ "default_role": "king" }),
            "`default_role`: there is no role `king`",
        ),
        // An empty text is none.
        (
            json!({ "default_account": "", "idp_account_attribute": "" }),
            "`default_account` or `idp_account_attribute` must be given",
        ),
        (
            json!({ "default_account": "admin" }),
            "`default_account`: `admin` is no account",
        ),
        (
            json!({ "default_account": "anchore-system" }),
            "`default_account`: ",
        ),
        (json!({ "default_account": "-" }), "`default_account`: "),
    ] {
        let wanted = changed(configuration(&idp), &changes);
        is_error(&server.post(IDPS).json(wanted).await, 400, message);
    }
    for name in ["name", "enabled", "sp_entity_id", "acs_url"] {
        let wanted = changed(configuration(&idp), &json!({ name: null }));
        let answer = server.post(IDPS).json(wanted).await;
        is_problem(&answer, 400, &format!("missing field `{name}`"));
    }
    assert_eq!(server.get(IDPS).await.body, json!([]));
}

#[tokio::test]
async fn identity_providers_are_for_administrators() {
    let (server, idp) = with_idp().await;
    server
        .account_with_user("acme", "bob", "full-control")
        .await;
    let path = format!("{IDPS}/okta");
    let calls = || {
        [
            server.get(IDPS),
            server.post(IDPS).json(configuration(&idp)),
            server.get(&path),
            server.put(&path).json(configuration(&idp)),
            server.delete(&path),
        ]
    };
    for call in calls() {
        is_error(&call.as_user("bob").await, 403, "Not authorized.");
    }
    for call in calls() {
        assert_eq!(call.anonymous().await.status, 401);
    }
    assert_eq!(server.get(&path).await.status, 200);
}

#[tokio::test]
async fn users_and_their_tokens_go_with_their_identity_provider() {
    let (server, idp) = with_idp().await;
    server.account_with_user("acme", "bob", "").await;
    let answer = server.log_in(&idp, &Login::default()).await;
    assert_eq!(server.get_with(&answer, "/v2/user").await.status, 200);
    server.delete(&format!("{IDPS}/okta")).await;
    assert_eq!(server.get_with(&answer, "/v2/user").await.status, 401);
    let users = server.get("/v2/accounts/acme/users").await.body;
    assert_eq!(users[0]["username"], "bob");
    assert_eq!(users.as_array().unwrap().len(), 1);
}
