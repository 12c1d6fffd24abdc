//! Registries for tests: they listen on this machine, over plain HTTP.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::Query;
use axum::response::IntoResponse;
use axum::routing::get;
use sha2::{Digest, Sha256};

use crate::hex::hex;

/// The manifest of the one image; its configuration has the digest `sha256:c0ffee`.
pub(crate) const IMAGE: &str =
    r#"{"schemaVersion":2,"config":{"digest":"sha256:c0ffee"},"layers":[]}"#;

/// `sha256:…` of a text.
pub(crate) fn digest(text: &str) -> String {
    format!("sha256:{}", hex(&Sha256::digest(text)))
}

/// Serves `app` on a free port.
pub(crate) async fn listen(app: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

/// A registry that anybody may read. Its repository `team/app` has the tags `1.0` (one image),
/// `multi` (a list with that image) and `old` (a form nobody reads any more).
pub(crate) async fn registry() -> SocketAddr {
    let list = format!(
        r#"{{"schemaVersion":2,"manifests":[{{"digest":"{}","platform":{{"os":"linux","architecture":"amd64"}}}}]}}"#,
        digest(IMAGE)
    );
    let by_digest = format!("/v2/team/app/manifests/{}", digest(IMAGE));
    let app = Router::new()
        .route("/v2/", get(|| async { "{}" }))
        .route("/v2/team/app/manifests/1.0", get(|| async { IMAGE }))
        .route("/v2/team/app/manifests/multi", get(|| async { list }))
        .route(&by_digest, get(|| async { IMAGE }))
        .route(
            "/v2/team/app/manifests/old",
            get(|| async { r#"{"schemaVersion":1}"# }),
        )
        .route(
            "/v2/team/app/tags/list",
            get(|Query(page): Query<Vec<(String, String)>>| async move {
                if page.is_empty() {
                    let next = r#"</v2/team/app/tags/list?last=1.0>; rel="next""#;
                    ([("link", next)], r#"{"tags":["1.0"]}"#).into_response()
                } else {
                    r#"{"tags":["multi"]}"#.into_response()
                }
            }),
        );
    listen(app).await
}
