//! Identity providers and logins, called through the whole router.

mod configurations;
mod messages;
mod metadata;
mod users;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Url;
use serde_json::{Value, json};

use crate::saml::testing::{IdentityProvider, Login};
use crate::testing::{Answer, TestServer};

const IDPS: &str = "/v2/rbac-manager/saml/idps";
const TOKEN_ENDPOINT: &str = "http://127.0.0.1:8228/v2/oauth/token";

/// The configuration of an identity provider whose users get the account `acme` and the role `read-only`.
fn configuration(idp: &IdentityProvider) -> Value {
    json!({
        "name": "okta", "enabled": true, "sp_entity_id": "urn:windlass", "acs_url": Login::RECIPIENT,
        "idp_metadata_xml": idp.metadata(), "default_account": "acme", "default_role": "read-only",
    })
}

/// With these members instead of those there are; `null` is left out.
fn changed(mut configuration: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        configuration[name] = value.clone();
    }
    configuration
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    configuration
}

async fn add(server: &TestServer, configuration: &Value) {
    let added = server.post(IDPS).json(configuration).await;
    assert_eq!(added.status, 200, "{}", added.text);
}

/// A server that users of an identity provider can log in at.
async fn with_idp() -> (TestServer, IdentityProvider) {
    let (server, idp) = (TestServer::start().await, IdentityProvider::new());
    add(&server, &configuration(&idp)).await;
    (server, idp)
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

impl TestServer {
    /// Begins a login; the id of its request.
    async fn begin(&self, idp_name: &str) -> String {
        let path = format!("/v2/rbac-manager/saml/login/{idp_name}");
        let begun = self.get(&path).anonymous().await;
        assert_eq!(begun.status, 200, "{}", begun.text);
        assert_eq!(begun.headers["cache-control"], "no-store");
        let address = Url::parse(begun.body["token"].as_str().unwrap()).unwrap();
        assert!(address.as_str().starts_with("https://idp.example.com/sso?"));
        let relayed = address.query_pairs().find(|(name, _)| name == "RelayState");
        relayed.unwrap().1.into_owned()
    }

    /// Posts a response.
    async fn post_response(&self, idp_name: &str, xml: &str) -> Answer {
        let body = form(&[("SAMLResponse", &STANDARD.encode(xml)), ("RelayState", "x")]);
        self.post(&format!("/v2/rbac-manager/saml/sso/{idp_name}"))
            .anonymous()
            .body("application/x-www-form-urlencoded", body)
            .await
    }

    /// A login from begin to end, each with an assertion of its own.
    async fn log_in(&self, idp: &IdentityProvider, login: &Login) -> Answer {
        let request = self.begin("okta").await;
        let login = Login {
            assertion_id: format!("_{}", uuid::Uuid::new_v4()),
            answers: (request.clone(), request),
            ..login.clone()
        };
        self.post_response("okta", &login.response(idp)).await
    }

    /// As the user of this answer.
    async fn get_with(&self, answer: &Answer, path: &str) -> Answer {
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.headers["cache-control"], "no-store");
        let token = answer.body["token"]
            .as_str()
            .or_else(|| answer.body["access_token"].as_str());
        let header = format!("Bearer {}", token.unwrap());
        self.get(path).header("authorization", &header).await
    }

    /// Exchanges an assertion for a token, as programs do.
    async fn grant(&self, assertion: &str) -> Answer {
        let body = form(&[
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:saml2-bearer",
            ),
            ("assertion", &URL_SAFE_NO_PAD.encode(assertion)),
        ]);
        self.post("/v2/oauth/token")
            .anonymous()
            .body("application/x-www-form-urlencoded", body)
            .await
    }

    /// The roles of a user, as `role in account`.
    async fn roles_of(&self, username: &str) -> Vec<String> {
        let path = format!("/v2/rbac-manager/users/{username}/roles");
        let roles = self.get(&path).await.body;
        let roles = roles.as_array().unwrap().iter().map(|held| {
            let text = |name: &str| held[name].as_str().unwrap().to_owned();
            format!("{} in {}", text("role"), text("for_account"))
        });
        roles.collect()
    }
}

/// For the grant: an assertion that answers nothing and is for the token endpoint.
fn for_grant() -> Login {
    Login {
        answers: (String::new(), String::new()),
        recipient: TOKEN_ENDPOINT.to_owned(),
        ..Login::default()
    }
}
