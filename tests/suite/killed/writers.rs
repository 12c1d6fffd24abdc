//! Clients that write all the time, and note what is acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use windlass_tests::image::{image, sbom};
use windlass_tests::program::client;
use windlass_tests::say;
use windlass_tests::world::ADMIN_PASSWORD;

use super::ledger::Ledger;
use crate::policies::v2_document;

/// How many clients write at the same time.
const CLIENTS: usize = 3;
/// How long a client waits for an answer.
const LIMIT: Duration = Duration::from_secs(20);
/// How long it waits after a failure, as clients do.
const PAUSE: Duration = Duration::from_millis(20);

/// Calls one server, directly and through a proxy of its own.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    http: reqwest::Client,
    v2: String,
    v1: String,
    /// Good on every server of the database, and after every restart.
    token: String,
}

impl Caller {
    /// Logs in at a server, which a proxy stands in front of.
    pub(super) async fn login(server: &str, proxy: &str) -> Self {
        let http = client().timeout(LIMIT);
        let http = http.build().expect("a client");
        let login = [("username", "admin"), ("password", ADMIN_PASSWORD)];
        let url = format!("{server}/v2/oauth/token");
        let answer = http.post(url).form(&login).send().await.expect("an answer");
        let answer: Value = answer.json().await.expect("a token");
        let token = answer["access_token"].as_str().expect("a token");
        Self {
            http,
            v2: format!("{server}/v2"),
            v1: format!("{proxy}/v1"),
            token: token.to_owned(),
        }
    }

    /// The JSON at a path of V2.
    ///
    /// # Panics
    /// It does not answer with 200.
    pub(super) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.look(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// The status of a path of V2, and its JSON.
    pub(super) async fn look(&self, path: &str) -> (u16, Value) {
        let called = self.call(Method::GET, Api::V2, path, None).await;
        called.unwrap_or_else(|| panic!("{path}: no answer"))
    }

    /// One call; nothing when nobody knows what became of it.
    async fn call(
        &self,
        method: Method,
        api: Api,
        path: &str,
        body: Option<&Value>,
    ) -> Option<(u16, Value)> {
        let base = match api {
            Api::V1 => &self.v1,
            Api::V2 => &self.v2,
        };
        let request = self.http.request(method, format!("{base}{path}"));
        let mut request = request.bearer_auth(&self.token);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.ok()?;
        Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }
}

#[derive(Debug, Clone, Copy)]
enum Api {
    V1,
    V2,
}

/// The clients at work.
pub(super) struct Writers {
    clients: JoinSet<()>,
    shared: Arc<Shared>,
}

struct Shared {
    callers: Vec<Caller>,
    ledger: Arc<Ledger>,
    /// Tells everything that is written from everything else.
    next: AtomicUsize,
    calls: AtomicUsize,
    lost: AtomicUsize,
    stops: AtomicBool,
}

impl Writers {
    pub(super) fn start(callers: &[Caller], ledger: &Arc<Ledger>) -> Self {
        let shared = Arc::new(Shared {
            callers: callers.to_vec(),
            ledger: Arc::clone(ledger),
            next: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
            lost: AtomicUsize::new(0),
            stops: AtomicBool::new(false),
        });
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            clients.spawn(Arc::clone(&shared).write());
        }
        Self { clients, shared }
    }

    /// Lets them finish. Gives how many calls have an unknown end.
    ///
    /// # Panics
    /// A client was told something wrong.
    pub(super) async fn stop(mut self) -> usize {
        self.shared.stops.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended.expect("a client was told something wrong");
        }
        self.shared.lost.load(Ordering::Relaxed)
    }
}

impl Shared {
    async fn write(self: Arc<Self>) {
        while !self.stops.load(Ordering::Relaxed) {
            let turn = self.next.fetch_add(1, Ordering::Relaxed);
            match turn % 5 {
                0 => self.registry(turn).await,
                1 => self.subscription(turn).await,
                2 => self.policy(turn).await,
                3 => self.correction(turn).await,
                _ => self.import(turn).await,
            };
        }
    }

    /// A write, each on another server than the one before. Nothing when its end is unknown: the
    /// server was dead, or died.
    async fn call(
        &self,
        method: Method,
        api: Api,
        path: &str,
        body: Option<&Value>,
    ) -> Option<Value> {
        let at = self.calls.fetch_add(1, Ordering::Relaxed);
        let caller = &self.callers[at % self.callers.len()];
        match caller.call(method.clone(), api, path, body).await {
            Some((status, body)) if status < 300 => Some(body),
            // Everything that is written about was acknowledged before.
            Some((status, body)) if status < 500 => {
                panic!("{method} {path}: {status} {body}")
            }
            Some((status, body)) if !matches!(status, 502..=504) => {
                say(&format!("{method} {path}: {status} {body}"));
                self.lose().await
            }
            _ => self.lose().await,
        }
    }

    async fn lose(&self) -> Option<Value> {
        self.lost.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(PAUSE).await;
        None
    }

    /// Made over one version, changed, and sometimes deleted over the other.
    async fn registry(&self, turn: usize) -> Option<()> {
        let name = format!("r{turn}.example.org");
        let path = format!("/registries/{name}");
        let (first, second) = if turn.is_multiple_of(2) {
            (Api::V1, Api::V2)
        } else {
            (Api::V2, Api::V1)
        };
        let entry = |user: &str| {
            json!({"registry": name, "registry_name": name, "registry_user": user, "registry_pass": "p",
                   "registry_type": "docker_v2", "registry_verify": false})
        };
        let made = "/registries?validate=false";
        self.call(Method::POST, first, made, Some(&entry("first")))
            .await?;
        self.ledger.holds(&path, "/0/registry_user", "first");
        let changing = format!("{path}?validate=false");
        self.ledger.may_hold(&path, "second");
        self.call(Method::PUT, second, &changing, Some(&entry("second")))
            .await?;
        self.ledger.holds(&path, "/0/registry_user", "second");
        if turn.is_multiple_of(3) {
            self.ledger.may_be_gone(&path);
            self.call(Method::DELETE, first, &path, None).await?;
            self.ledger.gone(&path);
        }
        Some(())
    }

    async fn subscription(&self, turn: usize) -> Option<()> {
        let key = format!("docker.io/library/watched:{turn}");
        let wanted = json!({"subscription_key": key, "subscription_type": "tag_update", "subscription_value": null});
        let made = self
            .call(Method::POST, Api::V2, "/subscriptions", Some(&wanted))
            .await?;
        let id = made[0]["subscription_id"].as_str().expect("an id");
        let path = format!("/subscriptions/{id}");
        self.ledger.holds(&path, "/0/subscription_key", &key);
        Some(())
    }

    async fn policy(&self, turn: usize) -> Option<()> {
        let document = v2_document(&format!("policy-{turn}"));
        let path = format!("/policies/policy-{turn}");
        self.call(Method::POST, Api::V2, "/policies", Some(&document))
            .await?;
        self.ledger
            .holds(&path, "/policy/description", "what the shop accepts");
        let mut record = self.call(Method::GET, Api::V2, &path, None).await?;
        record["policy"]["description"] = json!("changed");
        self.ledger.may_hold(&path, "changed");
        self.call(Method::PUT, Api::V2, &path, Some(&record))
            .await?;
        self.ledger.holds(&path, "/policy/description", "changed");
        Some(())
    }

    async fn correction(&self, turn: usize) -> Option<()> {
        let name = format!("none-such-{turn}");
        let wanted = json!({
            "type": "package",
            "match": {"type": "os", "field_matches": [{"field_name": "package", "field_value": name}]},
            "replace": [{"field_name": "version", "field_value": "9.9"}],
        });
        let made = self
            .call(
                Method::POST,
                Api::V1,
                "/enterprise/corrections",
                Some(&wanted),
            )
            .await?;
        let path = format!("/corrections/{}", made["uuid"].as_str().expect("an id"));
        self.ledger
            .holds(&path, "/match/field_matches/0/field_value", &name);
        Some(())
    }

    /// Every step on another server: each has to see what the one before has acknowledged.
    async fn import(&self, turn: usize) -> Option<()> {
        let mut image = image("docker.io/library/killed:1", 'a');
        let tag = format!("docker.io/library/killed:{turn}");
        image.digest = format!("sha256:{turn:064x}");
        let begun = self
            .call(Method::POST, Api::V2, "/imports/images", None)
            .await?;
        let operation = begun["uuid"].as_str().expect("an operation").to_owned();
        let mut contents = serde_json::Map::new();
        for (part, v1, body) in [
            ("packages", "packages", &sbom()),
            ("manifest", "manifest", &image.manifest),
            ("image-config", "image_config", &image.config),
        ] {
            let (api, name) = if turn.is_multiple_of(2) {
                (Api::V2, part)
            } else {
                (Api::V1, v1)
            };
            let path = format!("/imports/images/{operation}/{name}");
            let uploaded = self.call(Method::POST, api, &path, Some(body)).await?;
            contents.insert(v1.to_owned(), uploaded["digest"].clone());
        }
        let source = json!({"source": {"import": {
            "operation_uuid": operation, "digest": image.digest, "local_image_id": image.id,
            "tags": [tag], "contents": contents,
        }}});
        self.call(Method::POST, Api::V2, "/images", Some(&source))
            .await?;
        let path = format!("/images/{}", image.digest);
        self.ledger.holds(&path, "/analysis_status", "analyzed");
        Some(())
    }
}
