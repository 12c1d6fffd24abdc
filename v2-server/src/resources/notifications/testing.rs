//! Whoever is told in tests: an HTTP server and a mail server that listen on this machine and keep what comes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method, StatusCode, Uri};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::resources::events::catalogue::EventType;
use crate::resources::events::{NewEvent, Origin, store};
use crate::resources::notifications::sending::Encryption;
use crate::testing::{Answer, TestServer};

/// The types, by name.
pub(crate) const TYPES: [&str; 6] = ["github", "jira", "slack", "smtp", "teams", "webhook"];

/// A configuration of a type that lacks nothing, with everything that is sent going to this address.
pub(crate) fn body(kind: &str, address: SocketAddr) -> Value {
    let url = format!("http://{address}/path");
    match kind {
        "github" => json!({
            "url": url, "username": "octo", "access_token": "ghp_secret", "owner": "acme", "repository": "shop",
            "milestone": 3, "labels": ["security"], "assignees": ["ada"],
        }),
        "jira" => json!({
            "url": url, "username": "ada", "password": "jira_secret", "project_key": "SHOP", "issue_type": "Bug",
            "priority": "High", "assignee": "bob", "labels": ["security"],
        }),
        "smtp" => json!({
            "host": address.ip(), "port": address.port(), "use_tls": false, "username": "mailer",
            "password": "smtp_secret", "from": "Windlass <windlass@example.org>", "to": "a@example.org, b@example.org",
        }),
        "webhook" => json!({ "url": url, "username": "hook", "password": "hook_secret" }),
        "slack" | "teams" => json!({ "url": url }),
        other => panic!("no such type: {other}"),
    }
}

/// Where the configurations of a type are.
pub(crate) fn configurations(kind: &str) -> String {
    format!("/v2/notifications/endpoints/{kind}/configurations")
}

/// Adds a configuration, and gives its path.
pub(crate) async fn add(server: &TestServer, kind: &str, address: SocketAddr) -> String {
    let answer = server
        .post(&configurations(kind))
        .json(body(kind, address))
        .await;
    path_of(kind, &answer)
}

/// The path of a configuration that was just added.
#[track_caller]
pub(crate) fn path_of(kind: &str, added: &Answer) -> String {
    assert_eq!(added.status, 200, "{}", added.text);
    let uuid = added.body["uuid"].as_str().unwrap();
    format!("{}/{uuid}", configurations(kind))
}

/// A selector as clients send it.
pub(crate) fn selector(scope: &str, level: &str, resource_type: &str, kind: &str) -> Value {
    json!({ "scope": scope, "event": { "level": level, "resource_type": resource_type, "type": kind } })
}

/// Adds a selector for failed analyses to a configuration.
pub(crate) async fn select_failures(server: &TestServer, path: &str) {
    let answer = server
        .post(&format!("{path}/selectors"))
        .json(selector("account", "error", "image_tag", "user.image.*"))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Records an event.
pub(crate) async fn happen(
    server: &TestServer,
    account: &'static str,
    kind: &'static EventType,
    resource_id: &'static str,
) {
    let origin = Origin::of(&server.state, "catalog");
    server
        .state
        .write(move |tx| {
            let event = NewEvent {
                kind,
                account,
                resource_id: Some(resource_id),
                details: json!({ "reason": "<none> & more" }),
                origin: &origin,
            };
            Ok(store::record(tx, &event)?)
        })
        .await
        .unwrap();
}

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Came {
    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// The id of the thing an event is about.
    pub(crate) fn resource(&self) -> &str {
        self.body["event"]["resource"]["id"].as_str().unwrap()
    }
}

/// An HTTP server.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    came: Arc<Mutex<Vec<Came>>>,
    answer: Arc<Mutex<(StatusCode, &'static str)>>,
}

impl Receiver {
    /// One that takes everything.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            came: Arc::default(),
            answer: Arc::new(Mutex::new((StatusCode::OK, "ok"))),
        };
        let (came, answer) = (receiver.came.clone(), receiver.answer.clone());
        let app = Router::new().fallback(
            move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
                assert_eq!(method, Method::POST);
                came.lock().unwrap().push(Came {
                    path: uri.to_string(),
                    headers,
                    body: serde_json::from_slice(&body).unwrap(),
                });
                *answer.lock().unwrap()
            },
        );
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        receiver
    }

    /// One that speaks TLS with a certificate nobody knows, and takes everything without reading it.
    pub(crate) async fn with_tls() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            came: Arc::default(),
            answer: Arc::new(Mutex::new((StatusCode::OK, "ok"))),
        };
        let tls = unknown_certificate();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // A client that does not trust the certificate ends it here.
                let Ok(stream) = tls.accept(stream).await else {
                    continue;
                };
                let mut stream = BufReader::new(stream);
                let mut line = String::new();
                while stream.read_line(&mut line).await.unwrap() > 2 {
                    line.clear();
                }
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                stream.write_all(answer).await.unwrap();
                stream.shutdown().await.unwrap();
            }
        });
        receiver
    }

    /// From now on it answers this.
    pub(crate) fn answer(&self, status: u16, text: &'static str) {
        *self.answer.lock().unwrap() = (StatusCode::from_u16(status).unwrap(), text);
    }

    /// What came since the last time.
    pub(crate) fn take(&self) -> Vec<Came> {
        std::mem::take(&mut self.came.lock().unwrap())
    }
}

/// TLS with a certificate nobody knows.
fn unknown_certificate() -> TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// A mail that came.
#[derive(Debug, Clone)]
pub(crate) struct MailCame {
    pub(crate) is_encrypted: bool,
    /// User name and password, where there was a login.
    pub(crate) login: Option<String>,
    pub(crate) receivers: Vec<String>,
    /// Headers and body.
    pub(crate) text: String,
}

/// A mail server.
pub(crate) struct MailServer {
    pub(crate) address: SocketAddr,
    came: Arc<Mutex<Vec<MailCame>>>,
}

impl MailServer {
    /// One that knows no encryption.
    pub(crate) async fn plain() -> Self {
        Self::start(Encryption::None).await
    }

    /// One that offers STARTTLS with a certificate nobody knows.
    pub(crate) async fn with_tls() -> Self {
        Self::start(Encryption::StartTls).await
    }

    /// One that speaks TLS from the start, with a certificate nobody knows.
    pub(crate) async fn with_tls_from_the_start() -> Self {
        Self::start(Encryption::FromTheStart).await
    }

    async fn start(encryption: Encryption) -> Self {
        let tls = unknown_certificate();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            came: Arc::default(),
        };
        let came = server.came.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(converse(stream, encryption, tls.clone(), came.clone()));
            }
        });
        server
    }

    /// What came since the last time.
    pub(crate) fn take(&self) -> Vec<MailCame> {
        std::mem::take(&mut self.came.lock().unwrap())
    }
}

async fn converse(
    mut stream: TcpStream,
    encryption: Encryption,
    tls: TlsAcceptor,
    came: Arc<Mutex<Vec<MailCame>>>,
) {
    const HELLO: &[u8] = b"220 test\r\n";
    if encryption != Encryption::FromTheStart {
        stream.write_all(HELLO).await.unwrap();
        let offer = if encryption == Encryption::None {
            "AUTH PLAIN"
        } else {
            "STARTTLS"
        };
        let Some(rest) = talk(stream, offer, false, &came).await else {
            return;
        };
        stream = rest;
    }
    // A client that does not trust the certificate ends it here.
    if let Ok(mut stream) = tls.accept(stream).await {
        if encryption == Encryption::FromTheStart {
            stream.write_all(HELLO).await.unwrap();
        }
        talk(stream, "AUTH PLAIN", true, &came).await;
    }
}

/// Speaks SMTP until the client leaves, or wants TLS.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    offer: &str,
    is_encrypted: bool,
    came: &Mutex<Vec<MailCame>>,
) -> Option<S> {
    let mut stream = BufReader::new(stream);
    let mut mail = MailCame {
        is_encrypted,
        login: None,
        receivers: Vec::new(),
        text: String::new(),
    };
    let mut is_data = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return None;
        }
        let answer = if is_data {
            if line != ".\r\n" {
                mail.text.push_str(&line);
                continue;
            }
            is_data = false;
            came.lock().unwrap().push(mail.clone());
            "250 kept\r\n".to_owned()
        } else if line.starts_with("EHLO") {
            format!("250-test\r\n250 {offer}\r\n")
        } else if line.starts_with("STARTTLS") {
            stream.write_all(b"220 go\r\n").await.unwrap();
            return Some(stream.into_inner());
        } else if let Some(login) = line.strip_prefix("AUTH PLAIN ") {
            let login = String::from_utf8(STANDARD.decode(login.trim()).unwrap()).unwrap();
            mail.login = Some(login.trim_start_matches('\0').replace('\0', ":"));
            "235 welcome\r\n".to_owned()
        } else if let Some(receiver) = line.strip_prefix("RCPT TO:") {
            mail.receivers.push(receiver.trim().to_owned());
            if receiver.contains("refused@") {
                "550 no such secret mailbox\r\n".to_owned()
            } else {
                "250 ok\r\n".to_owned()
            }
        } else if line.starts_with("DATA") {
            is_data = true;
            "354 go on\r\n".to_owned()
        } else {
            "250 ok\r\n".to_owned()
        };
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}
