//! Identity providers, and logins at them.

use serde_json::{Value, json};
use windlass_tests::identity_provider::{ACS_URL, IdentityProvider, SP_ENTITY_ID, Said};
use windlass_tests::story::Story;
use windlass_tests::world::{Answer, World};

const BEARER: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";

pub(crate) static STORY: Story = Story::new(|world| {
    Box::pin(async {
        let idp = IdentityProvider::start().await;
        identity_providers_are_configured_over_both_versions(world, &idp).await;
        browsers_log_in_over_both_versions(world, &idp).await;
        what_proves_nothing_is_refused_over_both_versions(world, &idp).await;
        programs_bring_assertions_over_both_versions(world, &idp).await;
        identity_providers_are_for_administrators(world).await;
        users_go_with_their_identity_provider(world, &idp).await;
    })
});

#[tokio::test]
async fn users_of_identity_providers_log_in_over_both_versions() {
    STORY.told().await;
}

/// The paths of V1 and V2.
fn bases(world: &World) -> [String; 2] {
    [
        format!("{}/v1/saml", world.proxy_url()),
        format!("{}/v2/rbac-manager/saml", world.server_url()),
    ]
}

async fn identity_providers_are_configured_over_both_versions(
    world: &World,
    idp: &IdentityProvider,
) {
    let (v1, v2) = world.admin();
    let configuration = |name: &str| {
        json!({
            "name": name, "enabled": false, "sp_entity_id": SP_ENTITY_ID, "acs_url": ACS_URL,
            "default_account": "staff", "default_role": "read-only",
        })
    };
    let mut by_address = configuration("by-address");
    by_address["idp_metadata_url"] = json!(idp.metadata_url());
    let mut by_text = configuration("by-text");
    by_text["idp_metadata_xml"] = json!(idp.metadata());
    v1.post("/saml/idps", &by_address).await.ok();
    v2.post("/rbac-manager/saml/idps", &by_text).await.ok();
    v1.post("/saml/idps", &by_text).await.with(409);
    let names = json!(["by-address", "by-text"]);
    assert_eq!(v1.get("/saml/idps").await.ok(), names);
    assert_eq!(v2.get("/rbac-manager/saml/idps").await.ok(), names);

    for (name, wanted, over_v1) in [
        ("by-address", by_address, true),
        ("by-text", by_text, false),
    ] {
        let (path_v1, path_v2) = (
            format!("/saml/idps/{name}"),
            format!("/rbac-manager/saml/idps/{name}"),
        );
        let mut read = v2.get(&path_v2).await.ok();
        assert_eq!(v1.get(&path_v1).await.ok(), read);
        for (member, value) in wanted.as_object().expect("a configuration") {
            assert_eq!(&read[member], value, "{member}");
        }
        read["enabled"] = json!(true);
        let changed = if over_v1 {
            v1.put(&path_v1, &read).await.ok()
        } else {
            v2.put(&path_v2, &read).await.ok()
        };
        assert_eq!(changed["enabled"], true);
    }
    let mut both = configuration("both");
    both["idp_metadata_url"] = json!(idp.metadata_url());
    both["idp_metadata_xml"] = json!(idp.metadata());
    for answer in [
        v1.post("/saml/idps", &both).await,
        v2.post("/rbac-manager/saml/idps", &both).await,
    ] {
        let message = answer.with(400)["message"].to_string();
        assert!(message.contains("exactly one of"), "{message}");
    }
}

/// Begins a login; the id of its request.
async fn begin(world: &World, base: &str, idp: &IdentityProvider, name: &str) -> String {
    let begun = world.anonymous(&format!("{base}/login/{name}")).await.ok();
    idp.request_in(begun["token"].as_str().expect("an address"))
}

/// Posts what an identity provider said, as the front end does for a browser.
async fn post(world: &World, base: &str, name: &str, response: &str) -> Answer {
    let form = [("SAMLResponse", response), ("RelayState", "")];
    let request = world.http().post(format!("{base}/sso/{name}")).form(&form);
    world.send(request).await
}

/// V2 says why; V1 has one answer for everything that proves nothing.
fn proves_nothing(answer: &Answer, reason: &str) {
    let text = answer.text();
    assert_eq!(answer.status, 401, "{text}");
    assert!(text == "Unauthorized" || text.contains(reason), "{text}");
}

/// What the holder of a token is, on both versions.
async fn user_of(world: &World, token: &Value) -> [(u16, Value); 2] {
    let token = token.as_str().expect("a token");
    let mut found = Vec::new();
    for base in [
        format!("{}/v1", world.proxy_url()),
        format!("{}/v2", world.server_url()),
    ] {
        let request = world.http().get(format!("{base}/user")).bearer_auth(token);
        let answer = world.send(request).await;
        let username = match answer.status {
            200 => answer.json()["username"].clone(),
            _ => Value::Null,
        };
        found.push((answer.status, username));
    }
    found.try_into().expect("two answers")
}

async fn browsers_log_in_over_both_versions(world: &World, idp: &IdentityProvider) {
    let bases = bases(world);
    for (name, user, begun, ended) in [
        ("by-address", "maria", &bases[0], &bases[1]),
        ("by-text", "jonas", &bases[1], &bases[0]),
    ] {
        let request = begin(world, begun, idp, name).await;
        let response = idp.response(&Said {
            name: user,
            request: &request,
            recipient: ACS_URL,
        });
        let answer = post(world, ended, name, &response).await;
        let given = answer.ok();
        assert_eq!(answer.header("cache-control"), "no-store");
        let known = (200, json!(user));
        assert_eq!(
            user_of(world, &given["token"]).await,
            [known.clone(), known]
        );
        for base in &bases {
            let again = post(world, base, name, &response).await;
            proves_nothing(&again, "it was used before");
        }
    }
    let (_, v2) = world.admin();
    let user = v2.get("/accounts/staff/users/maria").await.ok();
    assert_eq!(
        (&user["type"], &user["idp_name"]),
        (&json!("saml"), &json!("by-address"))
    );
    let roles = v2.get("/rbac-manager/users/maria/roles").await.ok();
    assert_eq!(
        (&roles[0]["role"], &roles[0]["for_account"]),
        (&json!("read-only"), &json!("staff"))
    );
}

async fn what_proves_nothing_is_refused_over_both_versions(world: &World, idp: &IdentityProvider) {
    let stranger = IdentityProvider::start().await;
    for base in &bases(world) {
        let request = begin(world, base, idp, "by-text").await;
        let said = Said {
            name: "mallory",
            request: &request,
            recipient: ACS_URL,
        };
        for (response, reason) in [
            (idp.unsigned_response(&said), "the response is not signed"),
            (stranger.response(&said), "the signature was made by none"),
            (
                idp.response(&Said {
                    request: "",
                    ..said
                }),
                "it answers no request",
            ),
            (
                idp.response(&Said {
                    recipient: "https://other.example.com/acs",
                    ..said
                }),
                "it is for the recipient",
            ),
        ] {
            let refused = post(world, base, "by-text", &response).await;
            proves_nothing(&refused, reason);
        }
        let denied = idp.response(&Said {
            name: "admin",
            ..said
        });
        let denied = post(world, base, "by-text", &denied).await.with(403);
        let message = denied["message"].to_string();
        assert!(message.contains("logs in with a password"), "{message}");
        assert_eq!(post(world, base, "by-text", "!").await.status, 400);
        assert_eq!(post(world, base, "none-such", "!").await.status, 400);
        let unknown = world.anonymous(&format!("{base}/login/none-such")).await;
        assert_eq!(unknown.status, 404);
    }
}

async fn programs_bring_assertions_over_both_versions(world: &World, idp: &IdentityProvider) {
    // The server is the one who gives tokens, whoever passes requests on to it.
    let recipient = format!("{}/v2/oauth/token", world.server_url());
    for (base, user) in [
        (format!("{}/v1", world.proxy_url()), "pipeline-1"),
        (format!("{}/v2", world.server_url()), "pipeline-2"),
    ] {
        let said = Said {
            name: user,
            request: "",
            recipient: &recipient,
        };
        let assertion = idp.assertion(&said);
        let form = [("grant_type", BEARER), ("assertion", &assertion)];
        let ask = async || {
            let request = world.http().post(format!("{base}/oauth/token"));
            world.send(request.form(&form)).await
        };
        let given = ask().await.ok();
        let known = (200, json!(user));
        assert_eq!(
            user_of(world, &given["access_token"]).await,
            [known.clone(), known]
        );
        assert_eq!(ask().await.with(400)["error"], "invalid_grant");
    }
}

async fn identity_providers_are_for_administrators(world: &World) {
    let (_, v2) = world.admin();
    let user = json!({"username": "petra", "password": "a password for tests"});
    v2.post("/accounts/staff/users", &user).await.ok();
    let (v1, v2) = world.user("petra", "a password for tests");
    v1.get("/saml/idps").await.with(403);
    v2.get("/rbac-manager/saml/idps").await.with(403);
    v1.delete("/saml/idps/by-text").await.with(403);
}

async fn users_go_with_their_identity_provider(world: &World, idp: &IdentityProvider) {
    let (v1, v2) = world.admin();
    let bases = bases(world);
    let request = begin(world, &bases[1], idp, "by-address").await;
    let response = idp.response(&Said {
        name: "maria",
        request: &request,
        recipient: ACS_URL,
    });
    let given = post(world, &bases[1], "by-address", &response).await.ok();
    let deleted = v1.delete("/saml/idps/by-address").await;
    assert!((200..300).contains(&deleted.status), "{}", deleted.text());
    v2.delete("/rbac-manager/saml/idps/by-text")
        .await
        .empty(204);
    for (status, _) in user_of(world, &given["token"]).await {
        assert_eq!(status, 401);
    }
    let users = v2.get("/accounts/staff/users").await.ok();
    assert_eq!(users[0]["username"], "petra");
    assert_eq!(users.as_array().map(Vec::len), Some(1));
    assert_eq!(v1.get("/saml/idps").await.ok(), json!([]));
}
