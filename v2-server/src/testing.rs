//! A server for tests: the real router in process, a database of its own, a clock that stands still.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, Method, Request, header};
use serde_json::Value;
use tower::ServiceExt;
use uuid::Uuid;

use crate::access::password::PasswordCost;
use crate::ids::IdSource;
use crate::server::{Server, app};
use crate::state::AppState;
use crate::store::testing::Database;
use crate::time::{Clock, Timestamp};

/// Password of every user in tests.
pub(crate) const PASSWORD: &str = "test-password";

/// Stands at 2026-11-23T09:00:00Z until a test moves it.
#[derive(Default)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    /// Lets time pass.
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        start.plus_seconds(self.0.load(Ordering::Relaxed))
    }
}

/// Counts: the first identifier ends in 1.
#[derive(Default)]
struct CountingIds(AtomicU64);

impl IdSource for CountingIds {
    fn uuid(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed) + 1))
    }
}

/// A server with the administrator `admin`.
pub(crate) struct TestServer {
    pub(crate) state: AppState,
    pub(crate) clock: Arc<TestClock>,
    ids: Arc<CountingIds>,
    app: Router,
    database: Arc<Database>,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(|builder| builder).await
    }

    pub(crate) async fn start_with(
        adjust: impl FnOnce(crate::server::ServerBuilder) -> crate::server::ServerBuilder,
    ) -> Self {
        let database = Arc::new(Database::new().await);
        let (clock, ids) = (Arc::default(), Arc::default());
        Self::on(database, clock, ids, adjust).await
    }

    /// One more on the same database, with the same clock.
    pub(crate) async fn another(&self) -> Self {
        let (database, clock, ids) = (self.database.clone(), self.clock.clone(), self.ids.clone());
        Self::on(database, clock, ids, |builder| builder).await
    }

    async fn on(
        database: Arc<Database>,
        clock: Arc<TestClock>,
        ids: Arc<CountingIds>,
        adjust: impl FnOnce(crate::server::ServerBuilder) -> crate::server::ServerBuilder,
    ) -> Self {
        let mut builder = Server::builder(database.folder())
            .admin_password(PASSWORD)
            .password_cost(PasswordCost::Least)
            .host_id("windlass")
            .clock(clock.clone())
            .ids(ids.clone());
        if let Some(url) = database.url() {
            builder = builder.database(url);
        }
        let address = ([127, 0, 0, 1], 8228).into();
        let (state, _) = adjust(builder).prepare(address).await.unwrap();
        Self {
            app: app(&state),
            state,
            clock,
            ids,
            database,
        }
    }

    /// Makes an account (unless it is there) and a user who holds `role` in it; `""` is no role.
    pub(crate) async fn account_with_user(&self, account: &str, username: &str, role: &str) {
        let hash = self.state.passwords.hash(PASSWORD.into()).await.unwrap();
        let (uuid, now) = (self.state.uuid(), self.state.now());
        let (account, username, role) = (account.to_owned(), username.to_owned(), role.to_owned());
        self.state
            .write(move |tx| {
                tx.execute(
                    "INSERT INTO accounts (name, type, state, created_at, last_updated)
                     VALUES ($1, 'user', 'enabled', $2, $2) ON CONFLICT DO NOTHING",
                    crate::params![account, now],
                )?;
                tx.execute(
                    "INSERT INTO users (username, uuid, account_name, type, created_at, last_updated)
                     VALUES ($1, $2, $3, 'native', $4, $4)",
                    crate::params![username, uuid, account, now],
                )?;
                tx.execute(
                    "INSERT INTO credentials (username, hash, created_at) VALUES ($1, $2, $3)",
                    crate::params![username, hash, now],
                )?;
                if !role.is_empty() {
                    tx.execute(
                        "INSERT INTO role_members (role_name, username, for_account, created_at)
                         VALUES ($1, $2, $3, $4)",
                        crate::params![role, username, account, now],
                    )?;
                }
                Ok(())
            })
            .await
            .unwrap();
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    pub(crate) fn put(&self, path: &str) -> Call {
        self.call(Method::PUT, path)
    }

    pub(crate) fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// A request of the administrator, to be adjusted and then awaited.
    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        let call = Call {
            app: self.app.clone(),
            method,
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: Body::empty(),
        };
        call.as_user("admin")
    }
}

/// A request about to be sent.
pub(crate) struct Call {
    app: Router,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Body,
}

impl Call {
    /// Sent by this user, with the password of tests.
    #[expect(
        clippy::wrong_self_convention,
        reason = "tests read as sentences: get this as that user"
    )]
    pub(crate) fn as_user(self, username: &str) -> Self {
        self.with_password(username, PASSWORD)
    }

    pub(crate) fn with_password(self, username: &str, password: &str) -> Self {
        let credentials = STANDARD.encode(format!("{username}:{password}"));
        self.header("authorization", &format!("Basic {credentials}"))
    }

    /// Sent by nobody.
    pub(crate) fn anonymous(mut self) -> Self {
        self.headers.remove(header::AUTHORIZATION);
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        self.headers.insert(name, value);
        self
    }

    pub(crate) fn json(self, body: impl serde::Serialize) -> Self {
        let body = serde_json::to_vec(&body).unwrap();
        self.body("application/json", body)
    }

    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }
}

impl IntoFuture for Call {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut request = Request::builder()
                .method(self.method)
                .uri(self.path)
                .body(self.body)
                .unwrap();
            *request.headers_mut() = self.headers;
            let response = self.app.oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            Answer {
                status: parts.status.as_u16(),
                headers: parts.headers,
                body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
                text: String::from_utf8_lossy(&bytes).into_owned(),
            }
        })
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body, where it is JSON; else null.
    pub(crate) body: Value,
    pub(crate) text: String,
}

/// Checks that this is a handler's error whose message begins with `message`.
#[track_caller]
pub(crate) fn is_error(answer: &Answer, status: u16, message: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(answer.body["code"], status);
    assert_eq!(answer.body["httpcode"], status);
    assert!(
        answer.body["detail"]["error_codes"].is_array(),
        "{}",
        answer.text
    );
    let found = answer.body["message"].as_str().unwrap_or_default();
    assert!(found.starts_with(message), "{found}");
}

/// Checks that this is a problem whose detail contains `detail`.
#[track_caller]
pub(crate) fn is_problem(answer: &Answer, status: u16, detail: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(
        answer.headers[header::CONTENT_TYPE],
        "application/problem+json"
    );
    assert_eq!(answer.body["status"], status);
    let found = answer.body["detail"].as_str().unwrap_or_default();
    assert!(found.contains(detail), "{found}");
}
