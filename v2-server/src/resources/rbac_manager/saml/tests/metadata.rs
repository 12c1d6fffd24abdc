//! Metadata that is fetched.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use http::StatusCode;
use serde_json::json;

use super::{IDPS, changed, configuration};
use crate::saml::testing::{IdentityProvider, Login};
use crate::testing::{TestServer, is_error};

/// What is served as metadata, and how often it was asked for.
#[derive(Default)]
struct Published {
    metadata: Option<String>,
    asked: usize,
}

/// Publishes metadata on this machine; where.
async fn publish(published: &Arc<Mutex<Published>>) -> String {
    let serve = |State(published): State<Arc<Mutex<Published>>>| async move {
        let mut published = published.lock().unwrap();
        published.asked += 1;
        match published.metadata.clone() {
            Some(text) => text.into_response(),
            None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    };
    let app = Router::new()
        .route("/metadata", get(serve))
        .route("/long", get(async || "x".repeat(2 << 20)))
        .route("/moved", get(async || Redirect::temporary("/metadata")))
        .route("/around", get(async || Redirect::temporary("/around")))
        .route(
            "/away",
            get(async || Redirect::temporary("http://idp.example.com/metadata")),
        )
        .with_state(Arc::clone(published));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

#[tokio::test]
async fn metadata_is_read_when_it_is_due_and_the_old_counts_for_a_day() {
    let (server, first, second) = (
        TestServer::start().await,
        IdentityProvider::new(),
        IdentityProvider::new(),
    );
    let published = Arc::new(Mutex::new(Published::default()));
    let address = publish(&published).await;
    let by_url = |path: &str| {
        let url = format!("{address}/{path}");
        changed(
            configuration(&first),
            &json!({ "idp_metadata_xml": null, "idp_metadata_url": url }),
        )
    };
    let set = |idp: Option<&IdentityProvider>| {
        published.lock().unwrap().metadata = idp.map(IdentityProvider::metadata);
    };
    let asked = || published.lock().unwrap().asked;
    let post = |path: &str| server.post(IDPS).json(by_url(path));
    is_error(
        &post("metadata").await,
        400,
        "`idp_metadata_url`: it answered 503",
    );
    is_error(
        &post("nosuch").await,
        400,
        "`idp_metadata_url`: it answered 404",
    );
    is_error(
        &post("long").await,
        400,
        "`idp_metadata_url`: it is longer than",
    );
    is_error(
        &post("away").await,
        400,
        "`idp_metadata_url`: expected an address with `https`",
    );
    is_error(
        &post("around").await,
        400,
        "`idp_metadata_url`: it redirects too often",
    );
    set(Some(&first));
    let added = post("moved").await;
    assert_eq!(added.status, 200, "{}", added.text);
    assert!(added.body.get("idp_metadata_xml").is_none());

    let at_start = asked();
    let tell = async |idp: &IdentityProvider| {
        // The times in messages are those of the start; requests are not what this is about.
        let name = "/v2/rbac-manager/saml/login/okta";
        let begun = server.get(name).anonymous().await;
        let proof = server
            .post_response("okta", &Login::default().response(idp))
            .await;
        let reason = proof.body["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        (begun.status, reason)
    };
    let other_key = "the SAML response is not accepted: the signature was made by none of the certificates in the metadata";
    // What is refused later was verified before.
    let verified = |reason: &str| !reason.contains("signature");
    let (status, reason) = tell(&first).await;
    assert!(status == 200 && verified(&reason), "{reason}");
    set(Some(&second));
    server.clock.advance(3599);
    // Its key is known, so there is no reason to ask.
    assert!(verified(&tell(&first).await.1));
    assert_eq!(asked(), at_start, "it is not due");
    server.clock.advance(1);
    assert_eq!(tell(&first).await.1, other_key);
    assert!(verified(&tell(&second).await.1));
    assert_eq!(asked(), at_start + 1, "once is enough");

    set(None);
    server.clock.advance(3600);
    let (status, reason) = tell(&second).await;
    assert!(
        status == 200 && verified(&reason),
        "the old counts: {reason}"
    );
    assert_eq!(asked(), at_start + 2);
    server.clock.advance(59);
    tell(&second).await;
    assert_eq!(
        asked(),
        at_start + 2,
        "a failure is not asked about at once"
    );
    server.clock.advance(1);
    tell(&second).await;
    assert_eq!(asked(), at_start + 3);
    server.clock.advance(86_400);
    let (status, reason) = tell(&second).await;
    assert_eq!(status, 403);
    assert!(
        reason.starts_with("the metadata of the identity provider `okta` is over"),
        "{reason}"
    );
    set(Some(&second));
    server.clock.advance(60);
    assert_eq!(tell(&second).await.0, 200);
}

#[tokio::test]
async fn a_new_key_counts_as_soon_as_somebody_signs_with_it() {
    let server = TestServer::start().await;
    let [first, second, stranger] = [(); 3].map(|()| IdentityProvider::new());
    let published = Arc::new(Mutex::new(Published::default()));
    let url = format!("{}/metadata", publish(&published).await);
    let set = |idp: Option<&IdentityProvider>| {
        published.lock().unwrap().metadata = idp.map(IdentityProvider::metadata);
    };
    set(Some(&first));
    let by_url = json!({ "idp_metadata_xml": null, "idp_metadata_url": url });
    let added = server
        .post(IDPS)
        .json(changed(configuration(&first), &by_url))
        .await;
    assert_eq!(added.status, 200, "{}", added.text);
    let asked = || published.lock().unwrap().asked;
    let is_known = async |idp: &IdentityProvider| {
        let answer = server
            .post_response("okta", &Login::default().response(idp))
            .await;
        // What is refused for another reason was verified before.
        !answer.text.contains("none of the certificates")
    };

    set(Some(&second));
    server.clock.advance(59);
    assert!(
        !is_known(&second).await,
        "it was read less than a minute ago"
    );
    assert_eq!(asked(), 1);
    server.clock.advance(1);
    assert!(is_known(&second).await);
    assert_eq!(asked(), 2);
    assert!(!is_known(&first).await, "the old key is none any more");

    // Strangers make the server ask at most once a minute, whether that succeeds or not.
    for (idp, expected) in [(Some(&second), 3), (None, 4)] {
        set(idp);
        server.clock.advance(60);
        for _ in 0..3 {
            assert!(!is_known(&stranger).await);
        }
        assert_eq!(asked(), expected);
    }
    assert!(is_known(&second).await);
}
