//! A V2 server and a proxy in front of it, in process, on free ports, with a store of their own.
//!
//! With `WINDLASS_TEST_SERVERS=2` there are two real servers instead, which are killed in turn: see
//! `pair`.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use windlass_mappings::document::Documents;
use windlass_proxy::{Proxy, UpstreamUrl, Versionless};
use windlass_v2_server::{Limits, PasswordCost, Server, ServerBuilder, Webhooks};

use crate::calls::Calls;
use crate::contract::contract;
use crate::database;
use crate::image::Image;
use crate::pair::{self, Pair};
use crate::program::{self, Setting};
use crate::webhook::Webhook;

/// The password of the `admin` user of every world.
pub const ADMIN_PASSWORD: &str = "correct horse battery staple";

/// How long a test waits for a fact before it gives up.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same where servers are killed: what one had begun the other takes up later.
const PATIENCE_WITH_PAIR: Duration = Duration::from_secs(90);

/// A proxy and a V2 server behind it. Both stop when the world is dropped.
///
/// Every call made through it is noted, and every V2 answer is held against the contract.
pub struct World {
    folder: TempDir,
    /// The address of the database, where it is not in the folder.
    database: Option<String>,
    server: Option<Behind>,
    proxy: Option<Proxy>,
    webhook: Option<Webhook>,
    http: reqwest::Client,
    calls: Calls,
}

/// What the proxy stands in front of.
enum Behind {
    /// One server, in process.
    One(Box<Server>),
    /// Two servers that are killed in turn.
    Two(Pair),
}

impl Behind {
    /// Where requests are answered.
    fn address(&self) -> SocketAddr {
        match self {
            Self::One(server) => server.address(),
            Self::Two(pair) => pair.address(),
        }
    }

    async fn stop(self) {
        match self {
            Self::One(server) => server.stop().await,
            Self::Two(pair) => pair.stop().await,
        }
    }
}

/// What is not the default in a world.
#[derive(Debug, Default)]
pub struct WorldBuilder {
    versionless: Versionless,
    server_limits: Limits,
    sqlite: bool,
    webhook: bool,
    alerts_every: Option<Duration>,
    notifications_every: Option<Duration>,
}

impl WorldBuilder {
    /// Paths without a version are refused.
    #[must_use]
    pub fn enforce_versions(mut self) -> Self {
        self.versionless = Versionless::Enforce;
        self
    }

    /// What the server takes.
    #[must_use]
    pub fn server_limits(mut self, limits: Limits) -> Self {
        self.server_limits = limits;
        self
    }

    /// The store is SQLite, whatever other worlds run on: for tests that write rows themselves.
    #[must_use]
    pub fn on_sqlite(mut self) -> Self {
        self.sqlite = true;
        self
    }

    /// The server has one webhook, of type `general`; [`World::webhook`] tells what came there.
    #[must_use]
    pub fn with_webhook(mut self) -> Self {
        self.webhook = true;
        self
    }

    /// How often the server checks watched tags for alerts.
    #[must_use]
    pub fn alerts_every(mut self, period: Duration) -> Self {
        self.alerts_every = Some(period);
        self
    }

    /// How often the server sends notifications.
    #[must_use]
    pub fn notifications_every(mut self, period: Duration) -> Self {
        self.notifications_every = Some(period);
        self
    }

    /// Starts server and proxy.
    pub async fn start(self) -> World {
        let folder = tempfile::tempdir().expect("a folder for the store");
        let database = if self.sqlite {
            None
        } else {
            database::postgres().await
        };
        let webhook = if self.webhook {
            Some(Webhook::start().await)
        } else {
            None
        };
        let server = if pair::is_wanted() && !self.sqlite {
            let database = database.as_deref();
            let database = database.expect(
                "with WINDLASS_TEST_SERVERS=2 there must be a WINDLASS_TEST_DATABASE to share",
            );
            let settings = self.settings(webhook.as_ref());
            Behind::Two(Pair::start(folder.path(), database, &settings).await)
        } else {
            let server = self.server(folder.path(), database.as_deref(), webhook.as_ref());
            Behind::One(Box::new(
                server.start().await.expect("the V2 server starts"),
            ))
        };
        let upstream =
            UpstreamUrl::parse(&format!("http://{}", server.address())).expect("an address");
        let set = windlass_mappings::read_set(None).expect("the mappings can be read");
        let mappings = windlass_mappings::compile_set(&set).expect("the mappings are right");
        let documents = Documents::new(set, windlass_v2_server::DOCUMENT);
        let proxy = Proxy::builder(upstream, Arc::new(mappings))
            .documents(Arc::new(documents))
            .listen("127.0.0.1:0")
            .versionless(self.versionless)
            .records(Some(folder.path().join("records.jsonl")))
            .start()
            .expect("the proxy starts");
        World {
            folder,
            database,
            server: Some(server),
            proxy: Some(proxy),
            webhook,
            http: program::client().build().expect("a client"),
            calls: Calls::default(),
        }
    }

    /// The server in process.
    fn server(
        &self,
        folder: &Path,
        database: Option<&str>,
        webhook: Option<&Webhook>,
    ) -> ServerBuilder {
        let mut server = server_on(folder, database).limits(self.server_limits.clone());
        if let Some(period) = self.alerts_every {
            server = server.alerts_every(period);
        }
        if let Some(period) = self.notifications_every {
            server = server.notifications_every(period);
        }
        if let Some(webhook) = webhook {
            server = server.webhooks(Webhooks {
                urls: [("general".to_owned(), webhook.url())].into(),
                ..Webhooks::default()
            });
        }
        server
    }

    /// The same as settings of `windlass-server`.
    fn settings(&self, webhook: Option<&Webhook>) -> Vec<Setting> {
        let limits = &self.server_limits;
        let mut settings = vec![
            ("max_body_bytes", limits.body_bytes.to_string()),
            ("max_upload_bytes", limits.upload_bytes.to_string()),
            (
                "request_timeout_seconds",
                limits.request_seconds.to_string(),
            ),
        ];
        for (key, period) in [
            ("alerts_interval_seconds", self.alerts_every),
            ("notifications_interval_seconds", self.notifications_every),
        ] {
            // Settings are whole seconds.
            settings.extend(period.map(|period| (key, period.as_secs_f64().ceil().to_string())));
        }
        settings.extend(webhook.map(|webhook| ("webhook_general_url", webhook.url())));
        settings
    }
}

/// A server on the database of a world.
fn server_on(folder: &Path, database: Option<&str>) -> ServerBuilder {
    let server = Server::builder(folder.join("data"))
        .listen(([127, 0, 0, 1], 0).into())
        .admin_password(ADMIN_PASSWORD)
        .password_cost(PasswordCost::Least);
    match database {
        Some(url) => server.database(url),
        None => server,
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("folder", &self.folder.path())
            .finish_non_exhaustive()
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    headers: reqwest::header::HeaderMap,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

impl World {
    /// A world with every setting at its default.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// A world that differs from the default.
    pub fn builder() -> WorldBuilder {
        WorldBuilder::default()
    }

    /// Where the proxy listens, without a slash at the end.
    pub fn proxy_url(&self) -> String {
        format!(
            "http://{}",
            self.proxy.as_ref().expect("runs until `stop`").address()
        )
    }

    /// Where the V2 server listens.
    pub fn server_url(&self) -> String {
        format!(
            "http://{}",
            self.server.as_ref().expect("runs until `stop`").address()
        )
    }

    /// The names of the servers, sorted.
    pub fn hosts(&self) -> &[&'static str] {
        match self.server.as_ref().expect("runs until `stop`") {
            Behind::One(_) => &["localhost"],
            Behind::Two(_) => &pair::NAMES,
        }
    }

    fn patience(&self) -> Duration {
        match self.server {
            Some(Behind::Two(_)) => PATIENCE_WITH_PAIR,
            _ => PATIENCE,
        }
    }

    /// The receiver of a world that was built with one.
    ///
    /// # Panics
    /// It was not.
    pub fn webhook(&self) -> &Webhook {
        self.webhook.as_ref().expect("a world with a webhook")
    }

    /// The database of a world on SQLite, for rows that no operation writes.
    ///
    /// # Panics
    /// It cannot be opened.
    pub fn sqlite(&self) -> rusqlite::Connection {
        let file = self.folder().join("data/windlass.db");
        let store = rusqlite::Connection::open(file).expect("the store opens");
        store.busy_timeout(PATIENCE).expect("a time to wait");
        store
    }

    /// A folder for what a test writes; gone with the world.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A plain HTTP client.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// GET as `admin`.
    pub async fn get(&self, url: &str) -> Answer {
        self.call(Method::GET, url, None).await
    }

    /// GET without credentials.
    pub async fn anonymous(&self, url: &str) -> Answer {
        self.send(self.http.get(url)).await
    }

    /// A call as `admin`, with a JSON body or none.
    pub async fn call(&self, method: Method, url: &str, body: Option<&Value>) -> Answer {
        let request = self
            .http
            .request(method, url)
            .basic_auth("admin", Some(ADMIN_PASSWORD));
        let request = match body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(body.to_string()),
            None => request,
        };
        self.send(request).await
    }

    /// The same through the proxy, on `/v1`.
    pub async fn v1(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.call(method, &format!("{}/v1{path}", self.proxy_url()), body)
            .await
    }

    /// The same to the V2 server itself.
    pub async fn v2(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.call(method, &format!("{}/v2{path}", self.server_url()), body)
            .await
    }

    /// Imports an image over V1, as V1 importers do: an operation, uploads, then the image.
    pub async fn import_over_v1(&self, image: &Image, sbom: &Value) {
        let ok = |answer: Answer| {
            assert_eq!(answer.status, 200, "{}", answer.text());
            answer.json()
        };
        let operation = ok(self.v1(Method::POST, "/imports/images", None).await);
        let operation = operation["uuid"].as_str().expect("an operation").to_owned();
        let mut contents = serde_json::Map::new();
        for (part, body) in [
            ("packages", sbom),
            ("manifest", &image.manifest),
            ("image_config", &image.config),
        ] {
            let path = format!("/imports/images/{operation}/{part}");
            let uploaded = ok(self.v1(Method::POST, &path, Some(body)).await);
            contents.insert(part.to_owned(), uploaded["digest"].clone());
        }
        let url = format!(
            "{}/v1/imports/images/{operation}/dockerfile",
            self.proxy_url()
        );
        let upload = self
            .http
            .post(url)
            .basic_auth("admin", Some(ADMIN_PASSWORD));
        let upload = upload
            .header("content-type", "text/plain; utf-8")
            .body(image.dockerfile);
        contents.insert(
            "dockerfile".to_owned(),
            ok(self.send(upload).await)["digest"].clone(),
        );
        let source = json!({"source": {"import": {
            "operation_uuid": operation, "digest": image.digest, "local_image_id": image.id,
            "tags": [image.tag], "contents": contents,
        }}});
        ok(self.v1(Method::POST, "/images", Some(&source)).await);
    }

    /// Starts one more server, of this name, on the same database, and stops it again.
    pub async fn visit(&self, host_id: &str) {
        let server = server_on(self.folder.path(), self.database.as_deref()).host_id(host_id);
        let server = server.start().await.expect("a second server starts");
        server.stop().await;
    }

    /// Waits until the image is analysed.
    pub async fn analyzed(&self, digest: &str) {
        self.analyzed_in("admin", digest).await;
    }

    /// Waits until the image of an account is analysed.
    pub async fn analyzed_in(&self, account: &str, digest: &str) {
        let url = format!("{}/v2/images/{digest}", self.server_url());
        let deadline = Instant::now() + self.patience();
        loop {
            let request = self
                .http
                .get(&url)
                .basic_auth("admin", Some(ADMIN_PASSWORD))
                .header("x-anchore-account", account);
            let image = self.send(request).await;
            let status = if image.status == 200 {
                image.json()["analysis_status"].clone()
            } else {
                Value::Null
            };
            if status == "analyzed" {
                return;
            }
            assert!(
                status != "analysis_failed" && Instant::now() < deadline,
                "{digest}: {}",
                image.text()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until `fact` is one.
    ///
    /// # Panics
    /// It does not become one.
    pub async fn until<F: Future<Output = bool>>(&self, fact: impl Fn() -> F) {
        let deadline = Instant::now() + self.patience();
        while !fact().await {
            assert!(
                Instant::now() < deadline,
                "it did not happen in {:?}",
                self.patience()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops all programs; the records are complete then. Returns the file they are in.
    pub async fn stop(&mut self) -> PathBuf {
        if let Some(proxy) = self.proxy.take() {
            proxy.stop().await;
        }
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
        self.folder.path().join("records.jsonl")
    }

    /// The operations called so far.
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// Sends a request of [`http`](Self::http) and reads its answer to the end.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let request = request.build().expect("a request that can be sent");
        let (method, url) = (request.method().clone(), request.url().clone());
        let answer = self.http.execute(request).await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.expect("a whole body").to_vec();
        let answer = Answer {
            status,
            headers,
            body,
        };
        self.note(&method, &url, &answer);
        answer
    }

    /// Notes a call that ended well, and holds a V2 answer against the contract.
    fn note(&self, method: &Method, url: &reqwest::Url, answer: &Answer) {
        let is_success = (200..300).contains(&answer.status);
        if let Some(path) = url.path().strip_prefix("/v2") {
            let kind = answer.header("content-type");
            let breaches =
                contract().breaches(method.as_str(), path, answer.status, kind, &answer.body);
            assert!(
                breaches.is_empty(),
                "the contract is broken: {}\n{}",
                breaches.join("\n"),
                answer.text()
            );
            let is_direct = self
                .server
                .as_ref()
                .is_some_and(|server| Some(server.address().port()) == url.port());
            if is_success && is_direct {
                self.calls.note_v2(method, path);
            }
        } else if is_success {
            let path = url.path();
            let path = path
                .strip_prefix("/v1")
                .filter(|rest| rest.is_empty() || rest.starts_with('/'))
                .unwrap_or(path);
            let is_proxy = self
                .proxy
                .as_ref()
                .is_some_and(|proxy| Some(proxy.address().port()) == url.port());
            if is_proxy {
                self.calls.note_v1(method, path);
            }
        }
    }
}
