//! Look-ups in a registry that is made for the test and listens on this machine.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::Query;
use axum::response::IntoResponse;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode, header};

use super::testing::{IMAGE, digest, listen, registry};
use super::{Distribution, Endpoint, LookupError};

fn open(address: SocketAddr) -> Endpoint {
    Endpoint {
        registry: address.to_string(),
        login: None,
        verify: false,
    }
}

fn with_login(address: SocketAddr, password: &str) -> Endpoint {
    Endpoint {
        login: Some(("bob".into(), password.into())),
        ..open(address)
    }
}

#[tokio::test]
async fn a_tag_of_one_image_is_its_own_parent() {
    let address = registry().await;
    let found = Distribution::default()
        .resolve(&open(address), "team/app", "1.0")
        .await
        .unwrap();
    assert_eq!(found.digest, digest(IMAGE));
    assert_eq!(found.parent_digest, digest(IMAGE));
    assert_eq!(found.image_id, "c0ffee");
}

#[tokio::test]
async fn a_tag_of_several_platforms_has_the_list_as_parent() {
    let address = registry().await;
    let found = Distribution::default()
        .resolve(&open(address), "team/app", "multi")
        .await
        .unwrap();
    assert_eq!(found.digest, digest(IMAGE));
    assert_ne!(found.parent_digest, found.digest);
    assert_eq!(found.image_id, "c0ffee");
}

#[tokio::test]
async fn tags_are_gathered_from_all_pages() {
    let address = registry().await;
    let tags = Distribution::default()
        .tags(&open(address), "team/app")
        .await
        .unwrap();
    assert_eq!(tags, ["1.0", "multi"]);
}

#[tokio::test]
async fn failures_have_their_codes() {
    let address = registry().await;
    let distribution = Distribution::default();
    let failed = async |endpoint: Endpoint, version: &str| {
        distribution
            .resolve(&endpoint, "team/app", version)
            .await
            .unwrap_err()
            .code()
    };
    assert_eq!(
        failed(open(address), "nosuch").await,
        "REGISTRY_IMAGE_NOT_FOUND"
    );
    assert_eq!(failed(open(address), "old").await, "REGISTRY_NOT_SUPPORTED");
    let strict = Endpoint {
        verify: true,
        ..open(address)
    };
    assert_eq!(failed(strict, "1.0").await, "REGISTRY_NOT_ACCESSIBLE");
    let nobody = Endpoint {
        registry: "127.0.0.1:1".into(),
        login: None,
        verify: false,
    };
    assert_eq!(failed(nobody, "1.0").await, "REGISTRY_NOT_ACCESSIBLE");
}

#[tokio::test]
async fn a_digest_that_does_not_fit_is_refused() {
    let wrong = digest("something else");
    let path = format!("/v2/team/app/manifests/{wrong}");
    let address = listen(Router::new().route(&path, get(|| async { IMAGE }))).await;
    let error = Distribution::default()
        .resolve(&open(address), "team/app", &wrong)
        .await
        .unwrap_err();
    assert!(matches!(error, LookupError::NotSupported { .. }), "{error}");
}

#[tokio::test]
async fn basic_logins_are_sent_when_asked_for() {
    let expected = format!("Basic {}", STANDARD.encode("bob:secret"));
    let address = listen(Router::new().route(
        "/v2/",
        get(move |headers: HeaderMap| async move {
            match headers.get(header::AUTHORIZATION) {
                Some(given) if given == expected.as_str() => StatusCode::OK.into_response(),
                _ => (
                    StatusCode::UNAUTHORIZED,
                    [("www-authenticate", "Basic realm=\"x\"")],
                )
                    .into_response(),
            }
        }),
    ))
    .await;
    let distribution = Distribution::default();
    distribution
        .ping(&with_login(address, "secret"))
        .await
        .unwrap();
    for endpoint in [with_login(address, "wrong"), open(address)] {
        let error = distribution.ping(&endpoint).await.unwrap_err();
        assert!(matches!(error, LookupError::PermissionDenied(_)), "{error}");
    }
}

#[tokio::test]
async fn tokens_are_fetched_with_the_login() {
    let issuer = listen(Router::new().route(
        "/token",
        get(
            |Query(query): Query<Vec<(String, String)>>, headers: HeaderMap| async move {
                let expected = format!("Basic {}", STANDARD.encode("bob:secret"));
                let is_right = headers
                    .get(header::AUTHORIZATION)
                    .is_some_and(|given| given == expected.as_str())
                    && query.contains(&("scope".into(), "repository:team/app:pull".into()));
                if is_right {
                    r#"{"token":"t0ken"}"#.into_response()
                } else {
                    StatusCode::UNAUTHORIZED.into_response()
                }
            },
        ),
    ))
    .await;
    let challenge = format!(
        r#"Bearer realm="http://{issuer}/token",service="x",scope="repository:team/app:pull""#
    );
    let address = listen(Router::new().route(
        "/v2/team/app/manifests/1.0",
        get(move |headers: HeaderMap| async move {
            match headers.get(header::AUTHORIZATION) {
                Some(given) if given == "Bearer t0ken" => IMAGE.into_response(),
                _ => (StatusCode::UNAUTHORIZED, [("www-authenticate", challenge)]).into_response(),
            }
        }),
    ))
    .await;
    let distribution = Distribution::default();
    let found = distribution
        .resolve(&with_login(address, "secret"), "team/app", "1.0")
        .await
        .unwrap();
    assert_eq!(found.image_id, "c0ffee");
    let error = distribution
        .resolve(&open(address), "team/app", "1.0")
        .await
        .unwrap_err();
    assert!(matches!(error, LookupError::PermissionDenied(_)), "{error}");
}
