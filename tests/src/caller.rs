//! One user on one face of the system: short verbs for V1 through the proxy and V2 direct.

use reqwest::Method;
use serde_json::Value;

use crate::world::{ADMIN_PASSWORD, Answer, World};

/// Calls one API as one user.
#[derive(Debug, Clone)]
pub struct Caller<'w> {
    world: &'w World,
    base: String,
    user: String,
    password: String,
    account: Option<String>,
}

impl World {
    /// `admin`, on V1 through the proxy and on V2 direct.
    pub fn admin(&self) -> (Caller<'_>, Caller<'_>) {
        self.user("admin", ADMIN_PASSWORD)
    }

    /// A user, on V1 through the proxy and on V2 direct.
    pub fn user(&self, user: &str, password: &str) -> (Caller<'_>, Caller<'_>) {
        let caller = |base| Caller {
            world: self,
            base,
            user: user.into(),
            password: password.into(),
            account: None,
        };
        (
            caller(format!("{}/v1", self.proxy_url())),
            caller(format!("{}/v2", self.server_url())),
        )
    }
}

impl Caller<'_> {
    /// The same caller, acting in another account.
    #[must_use]
    pub fn in_account(&self, account: &str) -> Self {
        Self {
            account: Some(account.into()),
            ..self.clone()
        }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    /// POST without a body.
    pub async fn post_empty(&self, path: &str) -> Answer {
        self.call(Method::POST, path, None).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    /// Any method, with a JSON body or none.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        match body {
            Some(body) => {
                self.send(method, path, "application/json", body.to_string())
                    .await
            }
            None => self.world.send(self.request(method, path)).await,
        }
    }

    /// Any method with any body.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let request = self.request(method, path);
        self.world
            .send(request.header("content-type", content_type).body(body))
            .await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self
            .world
            .http()
            .request(method, format!("{}{path}", self.base));
        let request = request.basic_auth(&self.user, Some(&self.password));
        match &self.account {
            Some(account) => request.header("x-anchore-account", account),
            None => request,
        }
    }
}

impl Answer {
    /// The JSON of a 200.
    #[track_caller]
    pub fn ok(&self) -> Value {
        self.with(200)
    }

    /// The JSON of an answer with this status.
    #[track_caller]
    pub fn with(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    /// Expects this status and no body.
    #[track_caller]
    pub fn empty(&self, status: u16) {
        assert_eq!((self.status, self.text().as_str()), (status, ""));
    }
}
