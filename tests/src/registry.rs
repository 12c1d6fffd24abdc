//! A small OCI registry on this machine: one repository with two tags, open to one login.

use std::net::SocketAddr;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The user a login must be of.
pub const USER: &str = "puller";
/// The password of that user.
pub const PASSWORD: &str = "pull password";
/// The repository.
pub const REPOSITORY: &str = "team/app";
/// Its tags.
pub const TAGS: [&str; 2] = ["1.0", "2.0"];

/// Runs until it is dropped.
#[derive(Debug)]
pub struct Registry {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Registry {
    /// Starts it on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let tags = json!({ "name": REPOSITORY, "tags": TAGS }).to_string();
        let mut app = Router::new()
            .route(
                "/v2/",
                get(|headers: HeaderMap| async move { guarded(&headers, "{}".into()) }),
            )
            .route(
                "/v2/team/app/tags/list",
                get(|headers: HeaderMap| async move { guarded(&headers, tags) }),
            );
        for (number, tag) in TAGS.into_iter().enumerate() {
            let manifest = manifest(number);
            app = app.route(
                &format!("/v2/team/app/manifests/{tag}"),
                get(|headers: HeaderMap| async move { guarded(&headers, manifest) }),
            );
        }
        let task = tokio::spawn(async move {
            axum::serve(listener, app)
                .await
                .expect("it serves until it is dropped");
        });
        Self { address, task }
    }

    /// Its name, as image references begin with it.
    pub fn name(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The manifest of a tag.
fn manifest(number: usize) -> String {
    let digest = |kind: char| format!("sha256:{}", format!("{kind}{number}").repeat(32));
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 100, "digest": digest('c')},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "size": 100, "digest": digest('d')}],
    })
    .to_string()
}

fn guarded(headers: &HeaderMap, body: String) -> Response {
    let right = format!("Basic {}", crate::base64(&format!("{USER}:{PASSWORD}")));
    let given = headers.get(header::AUTHORIZATION);
    if given.is_none_or(|given| given.as_bytes() != right.as_bytes()) {
        let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"registry\"")];
        return (StatusCode::UNAUTHORIZED, challenge).into_response();
    }
    let kind = if body.contains("schemaVersion") {
        "application/vnd.oci.image.manifest.v1+json"
    } else {
        "application/json"
    };
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}
