//! Bearer tokens, asked for with a password.

use reqwest::Method;
use serde_json::json;
use windlass_tests::facts::names;
use windlass_tests::story::Story;
use windlass_tests::world::{ADMIN_PASSWORD, Answer, World};

pub(crate) static STORY: Story = Story::new(|world| {
    Box::pin(async {
        a_token_of_either_version_opens_both(world).await;
        a_refresh_token_is_revoked_over_either_version(world).await;
        refusals_are_those_of_oauth(world).await;
    })
});

#[tokio::test]
async fn tokens_are_given_over_both_versions() {
    STORY.told().await;
}

/// Asks for a token without other credentials, as clients do.
async fn ask(world: &World, base: &str, form: &[(&str, &str)]) -> Answer {
    world
        .send(world.http().post(format!("{base}/oauth/token")).form(form))
        .await
}

async fn a_token_of_either_version_opens_both(world: &World) {
    let form = [
        ("grant_type", "password"),
        ("client_id", "anonymous"),
        ("username", "admin"),
        ("password", ADMIN_PASSWORD),
    ];
    let (v1, v2) = (
        format!("{}/v1", world.proxy_url()),
        format!("{}/v2", world.server_url()),
    );
    for base in [&v1, &v2] {
        let answer = ask(world, base, &form).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        let token = answer.ok();
        assert_eq!(names(&token)[..2], ["access_token", "expires_in"]);
        assert!(
            token["token_type"]
                .as_str()
                .is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")),
            "{token}"
        );
        let token = token["access_token"].as_str().expect("a token");
        for other in [&v1, &v2] {
            let request = world
                .http()
                .request(Method::GET, format!("{other}/user"))
                .bearer_auth(token);
            assert_eq!(world.send(request).await.ok()["username"], "admin");
            let request = world
                .http()
                .get(format!("{other}/user"))
                .bearer_auth(format!("{token}x"));
            assert_eq!(
                world.send(request).await.status,
                401,
                "a token that was changed"
            );
        }
    }
}

async fn a_refresh_token_is_revoked_over_either_version(world: &World) {
    let (v1, v2) = (
        format!("{}/v1", world.proxy_url()),
        format!("{}/v2", world.server_url()),
    );
    for base in [&v1, &v2] {
        let form = [
            ("grant_type", "password"),
            ("client_id", "anonymous"),
            ("username", "admin"),
            ("password", ADMIN_PASSWORD),
        ];
        let given = ask(world, &v2, &form).await.ok();
        let token = given["refresh_token"].as_str().expect("a refresh token");
        let revoke = world.http().post(format!("{base}/oauth/revoke"));
        let form = [("token", token), ("token_type_hint", "refresh_token")];
        let revoked = world.send(revoke.form(&form)).await;
        assert_eq!((revoked.status, revoked.text().as_str()), (200, ""));
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let refused = ask(world, &v1, &form).await.with(400);
        assert_eq!(refused["error"], "invalid_grant");
    }
}

async fn refusals_are_those_of_oauth(world: &World) {
    let (v1, v2) = (
        format!("{}/v1", world.proxy_url()),
        format!("{}/v2", world.server_url()),
    );
    for (form, status, error) in [
        (
            vec![("grant_type", "none-such")],
            400,
            "unsupported_grant_type",
        ),
        (
            vec![
                ("grant_type", "password"),
                ("username", "admin"),
                ("password", "mistaken"),
                ("client_id", "anonymous"),
            ],
            400,
            "invalid_grant",
        ),
    ] {
        let refused = ask(world, &v2, &form).await;
        let body = refused.with(status);
        assert_eq!(names(&body), ["error", "error_description"]);
        assert_eq!(body["error"], json!(error));
        let over_v1 = ask(world, &v1, &form).await;
        assert_eq!(
            (over_v1.status, over_v1.json()),
            (status, body),
            "clients of OAuth read this form"
        );
        assert!(
            !over_v1.text().contains("mistaken"),
            "no credential comes back"
        );
    }
    for base in [&v1, &v2] {
        let refused = ask(world, base, &[]).await;
        assert!(matches!(refused.status, 400 | 401), "{}", refused.text());
    }
}
