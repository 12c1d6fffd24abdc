//! A relay in front of a server that writes down what passes, as an HTTP Archive: how recordings
//! for the audit and the replay are made, those in `migrate-cli/tests/tour` among them.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Bodies up to this size pass.
pub(crate) const MAX_BODY: usize = 64 << 20;

/// What holds for one connection only.
const HOP_BY_HOP: [HeaderName; 2] = [header::CONNECTION, header::TRANSFER_ENCODING];

/// What the next hop says by itself.
const OF_EACH_HOP: [HeaderName; 2] = [header::CONTENT_LENGTH, header::HOST];

/// Relays until it is dropped.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    entries: Arc<Mutex<Vec<Value>>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Clone)]
struct Shared {
    to: String,
    http: reqwest::Client,
    entries: Arc<Mutex<Vec<Value>>>,
}

impl Relay {
    /// Starts one on a free port; `to` is the URL of the server behind it.
    pub async fn start(to: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let entries = Arc::default();
        let shared = Shared {
            to,
            http: reqwest::Client::builder()
                .redirect(Policy::none())
                .build()
                .expect("an HTTP client"),
            entries: Arc::clone(&entries),
        };
        let app = Router::new().fallback(pass).with_state(shared);
        let task = tokio::spawn(async move {
            axum::serve(listener, app)
                .await
                .expect("it serves until it is dropped");
        });
        Self {
            address,
            entries,
            task,
        }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many exchanges have passed so far.
    pub fn passed(&self) -> usize {
        self.entries.lock().expect("no test panicked with it").len()
    }

    /// Writes what has passed so far.
    pub fn write(&self, path: &Path) {
        let entries = self.entries.lock().expect("no test panicked with it");
        let archive = json!({"log": {
            "version": "1.2",
            "creator": {"name": "a recording relay", "version": "1"},
            "entries": *entries,
        }});
        std::fs::write(path, archive.to_string()).expect("a file");
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(State(shared): State<Shared>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let sent = axum::body::to_bytes(body, MAX_BODY)
        .await
        .expect("a whole request");
    let url = format!("{}{}", shared.to, head.uri);
    let forward = shared.http.request(head.method.clone(), &url);
    let begun = std::time::SystemTime::now();
    let answer = forward
        .headers(own(&head.headers))
        .body(sent.clone())
        .send()
        .await
        .expect("the server behind answers");
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.expect("a whole answer");
    let entry = json!({
        "startedDateTime": time(begun),
        "request": {
            "method": head.method.as_str(),
            "url": url,
            "headers": pairs(&head.headers),
            "bodySize": sent.len(),
            "postData": content(&head.headers, &sent),
        },
        "response": {
            "status": status.as_u16(),
            "headers": pairs(&headers),
            "content": content(&headers, &body),
        },
    });
    let mut entries = shared.entries.lock().expect("no test panicked with it");
    entries.push(entry);
    let mut back = Response::new(Body::from(body));
    *back.status_mut() = status;
    *back.headers_mut() = own(&headers);
    back
}

/// The headers that are for the other end.
pub(crate) fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    headers
}

fn own(headers: &HeaderMap) -> HeaderMap {
    let mut headers = end_to_end(headers);
    for name in OF_EACH_HOP {
        headers.remove(name);
    }
    headers
}

fn pairs(headers: &HeaderMap) -> Value {
    let pairs = headers.iter().map(|(name, value)| {
        json!({"name": name.as_str(), "value": String::from_utf8_lossy(value.as_bytes())})
    });
    pairs.collect()
}

/// A body as archives have it; null when there is none.
fn content(headers: &HeaderMap, body: &Bytes) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match std::str::from_utf8(body) {
        Ok(text) => json!({"mimeType": kind, "text": text}),
        Err(_) => json!({"mimeType": kind, "text": STANDARD.encode(body), "encoding": "base64"}),
    }
}

/// RFC 3339, UTC, with milliseconds.
fn time(moment: std::time::SystemTime) -> String {
    let moment: chrono::DateTime<chrono::Utc> = moment.into();
    moment.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
