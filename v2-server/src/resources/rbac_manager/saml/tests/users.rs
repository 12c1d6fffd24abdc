//! Who a login is, and what they get.

use serde_json::json;

use super::{IDPS, add, changed, configuration, with_idp};
use crate::resources::rbac_manager::saml::SsoSettings;
use crate::saml::testing::{IdentityProvider, Login};
use crate::testing::{TestServer, is_error};

#[tokio::test]
async fn the_first_login_makes_the_user_and_what_it_needs() {
    let (server, idp) = with_idp().await;
    let answer = server.log_in(&idp, &Login::default()).await;
    assert_eq!(answer.body.as_object().unwrap().len(), 1, "{}", answer.text);
    let time = "2026-11-23T09:00:00Z";
    assert_eq!(
        server.get_with(&answer, "/v2/user").await.body,
        json!({
            "username": "alice", "type": "saml", "source": IdentityProvider::ENTITY, "idp_name": "okta",
            "created_at": time, "last_updated": time,
        })
    );
    let account = server.get_with(&answer, "/v2/account").await;
    assert_eq!(
        (account.status, account.body["name"].as_str()),
        (200, Some("acme"))
    );
    assert_eq!(account.body["type"], "user");
    assert_eq!(server.roles_of("alice").await, ["read-only in acme"]);
    let policies = server.get_with(&answer, "/v2/policies").await.body;
    assert_eq!(
        policies[0]["active"], true,
        "the account begins as every one does"
    );
    // There is no password.
    let denied = server.get("/v2/user").with_password("alice", "").await;
    assert_eq!(denied.status, 401);
}

#[tokio::test]
async fn later_logins_find_the_user_as_it_is() {
    let (server, idp) = (TestServer::start().await, IdentityProvider::new());
    let by_attributes = json!({
        "default_account": null, "default_role": null, "idp_account_attribute": "team", "idp_role_attribute": "role",
    });
    add(&server, &changed(configuration(&idp), &by_attributes)).await;
    let login = Login::default().with("team", &["blue"]);
    let first = server.log_in(&idp, &login).await;
    assert_eq!(server.get_with(&first, "/v2/user").await.status, 200);
    assert_eq!(server.roles_of("alice").await, ["read-only in blue"]);
    let other = login.with("team", &["red"]).with("role", &["full-control"]);
    let second = server.log_in(&idp, &other).await;
    let account = server.get_with(&second, "/v2/account").await;
    assert_eq!(account.body["name"], "blue");
    assert_eq!(server.roles_of("alice").await, ["read-only in blue"]);
    assert_eq!(server.get("/v2/accounts/red").await.status, 404);
    // What the configuration names must be there all the same.
    is_error(
        &server.log_in(&idp, &other.with("role", &[""])).await,
        403,
        "the login is refused: the attribute `role` is missing or empty",
    );
}

#[tokio::test]
async fn attributes_name_user_accounts_and_roles() {
    let (server, idp) = (TestServer::start().await, IdentityProvider::new());
    let by_attributes = json!({
        "default_role": null, "idp_username_attribute": "mail", "idp_account_attribute": "team",
        "idp_role_attribute": "role",
    });
    add(&server, &changed(configuration(&idp), &by_attributes)).await;
    let login = Login::default()
        .with("mail", &["carol@example.com"])
        .with("team", &["red", "blue", "red"])
        .with("role", &["read-only", "image-analyzer"]);
    let answer = server.log_in(&idp, &login).await;
    let user = server.get_with(&answer, "/v2/user").await.body;
    assert_eq!(user["username"], "carol@example.com");
    let of_default = "/v2/accounts/acme/users/carol@example.com";
    assert_eq!(server.get(of_default).await.status, 200, "it owns the user");
    assert_eq!(
        server.roles_of("carol@example.com").await,
        [
            "image-analyzer in blue",
            "read-only in blue",
            "image-analyzer in red",
            "read-only in red",
        ]
    );
}

#[tokio::test]
async fn logins_that_the_configuration_does_not_allow_are_refused() {
    let idp = IdentityProvider::new();
    let login = Login::default()
        .with("mail", &["carol"])
        .with("team", &["blue"]);
    let own_account = json!({ "default_account": null, "idp_account_attribute": "team" });
    let by_mail = json!({ "idp_username_attribute": "mail" });
    let by_role = json!({ "default_role": null, "idp_role_attribute": "role" });
    let transient = Login {
        name_format: "urn:oasis:names:tc:SAML:2.0:nameid-format:transient".to_owned(),
        ..Login::default()
    };
    let named = |name: &str| Login {
        name_id: name.to_owned(),
        ..Login::default()
    };
    for (changes, login, reason) in [
        (
            &by_mail,
            login.clone().with("mail", &[]),
            "the attribute `mail` is missing or empty",
        ),
        (
            &by_mail,
            login.clone().with("mail", &["", ""]),
            "the attribute `mail` is missing",
        ),
        (
            &by_mail,
            login.clone().with("mail", &["carol", "dave"]),
            "the attribute `mail` has several",
        ),
        (
            &by_mail,
            login.clone().with("mail", &["c"]),
            "`c` cannot be the name of a user",
        ),
        (&json!({}), transient, "the subject has no name that lasts"),
        (
            &own_account,
            login.clone().with("team", &[]),
            "the attribute `team` is missing",
        ),
        (
            &own_account,
            login.clone().with("team", &["a-1", "b-2"]),
            "several accounts are given",
        ),
        (
            &own_account,
            login.clone().with("team", &["admin"]),
            "the account `admin` is not for",
        ),
        (
            &own_account,
            login.clone().with("team", &["anchore-system"]),
            "the account `anchore-system`",
        ),
        (
            &own_account,
            login.clone().with("team", &["system"]),
            "the account `system`",
        ),
        (
            &own_account,
            login.clone().with("team", &["-"]),
            "`-` cannot be the name of an account",
        ),
        (
            &json!({ "idp_account_attribute": "team" }),
            login.clone().with("team", &[""]),
            "the attribute `team` is missing",
        ),
        (
            &json!({ "idp_account_attribute": "team" }),
            login.clone().with("team", &["blue", "admin"]),
            "the account `admin` is not for",
        ),
        (
            &by_role,
            login.clone().with("role", &[]),
            "the attribute `role` is missing",
        ),
        (
            &by_role,
            login.clone().with("role", &["king"]),
            "there is no role `king`",
        ),
        (
            &json!({}),
            named("admin"),
            "the user `admin` logs in with a password",
        ),
        (
            &json!({}),
            named("system"),
            "the user name `system` is reserved",
        ),
        (
            &json!({}),
            named("anchore-system"),
            "the user name `anchore-system` is reserved",
        ),
    ] {
        let server = TestServer::start().await;
        add(&server, &changed(configuration(&idp), changes)).await;
        let answer = server.log_in(&idp, &login).await;
        is_error(&answer, 403, &format!("the login is refused: {reason}"));
        let accounts = server.get("/v2/accounts").await.body;
        assert_eq!(accounts.as_array().unwrap().len(), 1, "nothing is made");
    }
}

#[tokio::test]
async fn users_of_others_stay_theirs() {
    let (server, idp) = with_idp().await;
    server.account_with_user("acme", "bob", "read-only").await;
    add(
        &server,
        &changed(configuration(&idp), &json!({ "name": "second" })),
    )
    .await;
    assert_eq!(server.log_in(&idp, &Login::default()).await.status, 200);
    let request = server.begin("second").await;
    let login = Login {
        assertion_id: "_second".to_owned(),
        answers: (request.clone(), request),
        ..Login::default()
    };
    is_error(
        &server.post_response("second", &login.response(&idp)).await,
        403,
        "the login is refused: the user `alice` belongs to another identity provider",
    );
    let native = Login {
        name_id: "bob".to_owned(),
        ..Login::default()
    };
    is_error(
        &server.log_in(&idp, &native).await,
        403,
        "the login is refused: the user `bob` logs in with a password",
    );
}

#[tokio::test]
async fn users_that_were_made_beforehand_log_in_as_they_are() {
    let idp = IdentityProvider::new();
    let settings = SsoSettings {
        require_existing_users: true,
    };
    let server = TestServer::start_with(|builder| builder.sso(settings)).await;
    add(&server, &configuration(&idp)).await;
    let shown = server.get(&format!("{IDPS}/okta")).await.body;
    assert_eq!(shown["require_existing_users"], true);
    is_error(
        &server.log_in(&idp, &Login::default()).await,
        403,
        "the login is refused: there is no user `alice`, and users are not made by logging in",
    );
    server.account_with_user("blue", "bob", "").await;
    let users = "/v2/accounts/blue/users";
    for (user, message) in [
        (json!({ "user_type": "saml" }), "`idp_name` must be given"),
        (
            json!({ "user_type": "saml", "idp_name": "nosuch" }),
            "`idp_name`: there is no identity provider `nosuch`",
        ),
        (
            json!({ "user_type": "saml", "idp_name": "okta", "password": "123456" }),
            "`password` must not be given",
        ),
        (
            json!({ "idp_name": "okta" }),
            "`idp_name` must not be given",
        ),
    ] {
        let user = changed(user, &json!({ "username": "alice" }));
        is_error(&server.post(users).json(user).await, 400, message);
    }
    let user = json!({ "username": "alice", "user_type": "saml", "idp_name": "okta" });
    let made = server.post(users).json(user).await;
    assert_eq!(
        made.body["source"],
        IdentityProvider::ENTITY,
        "{}",
        made.text
    );
    let answer = server.log_in(&idp, &Login::default()).await;
    let user = server.get_with(&answer, "/v2/user").await.body;
    assert_eq!(user, made.body);
    assert_eq!(server.roles_of("alice").await, [""; 0]);
    assert_eq!(server.get("/v2/accounts/acme").await.status, 404);
}

#[tokio::test]
async fn a_disabled_account_lets_nobody_in() {
    let (server, idp) = with_idp().await;
    server.account_with_user("acme", "bob", "").await;
    let state = |state: &str| {
        server
            .put("/v2/accounts/acme/state")
            .json(json!({ "state": state }))
    };
    let message = "Not authorized. Account acme not enabled.";
    state("disabled").await;
    is_error(&server.log_in(&idp, &Login::default()).await, 403, message);
    assert_eq!(
        server.get("/v2/accounts/acme/users/alice").await.status,
        404
    );
    state("enabled").await;
    assert_eq!(server.log_in(&idp, &Login::default()).await.status, 200);
    state("disabled").await;
    is_error(&server.log_in(&idp, &Login::default()).await, 403, message);
}
