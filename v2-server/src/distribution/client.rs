//! Asking registries.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, WWW_AUTHENTICATE};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::challenge::Challenge;
use super::manifest::{self, Answer};
use super::{Endpoint, LookupError, ResolvedImage};
use crate::hex::hex;
use crate::resources::images::reference::DEFAULT_REGISTRY;

/// Where the default registry really answers.
const DEFAULT_HOST: &str = "registry-1.docker.io";

/// How long a connection may take, and a whole answer.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(20);

/// Longest answer that is read: manifests are small, lists of tags can be long.
const LONGEST: usize = 4 << 20;

/// How many pages of tags are read.
const MOST_PAGES: usize = 100;

/// Asks registries. Connections are kept and shared.
#[derive(Default)]
pub(crate) struct Distribution {
    strict: OnceLock<Result<Client, String>>,
    lenient: OnceLock<Result<Client, String>>,
}

impl Distribution {
    /// Whether the registry answers, and takes the login if there is one.
    ///
    /// # Errors
    /// [`LookupError`].
    pub(crate) async fn ping(&self, endpoint: &Endpoint) -> Result<(), LookupError> {
        let registry = Conversation::new(self, endpoint)?;
        registry.get("", None).await.map(drop)
    }

    /// What `version`, a tag or a digest, of a repository is.
    ///
    /// # Errors
    /// [`LookupError`].
    pub(crate) async fn resolve(
        &self,
        endpoint: &Endpoint,
        repository: &str,
        version: &str,
    ) -> Result<ResolvedImage, LookupError> {
        let registry = Conversation::new(self, endpoint)?;
        let (parent_digest, answer) = registry.manifest(repository, version).await?;
        let (digest, config_digest) = match answer {
            Answer::Image { config_digest } => (parent_digest.clone(), config_digest),
            Answer::List { image_digest } => {
                match registry.manifest(repository, &image_digest).await? {
                    (digest, Answer::Image { config_digest }) => (digest, config_digest),
                    (_, Answer::List { .. }) => {
                        return Err(registry.not_supported("a manifest list of manifest lists"));
                    }
                }
            }
        };
        let image_id = config_digest
            .strip_prefix("sha256:")
            .unwrap_or(&config_digest);
        Ok(ResolvedImage {
            image_id: image_id.to_owned(),
            digest,
            parent_digest,
        })
    }

    /// The tags of a repository.
    ///
    /// # Errors
    /// [`LookupError`].
    pub(crate) async fn tags(
        &self,
        endpoint: &Endpoint,
        repository: &str,
    ) -> Result<Vec<String>, LookupError> {
        #[derive(Deserialize)]
        struct Page {
            tags: Option<Vec<String>>,
        }
        let registry = Conversation::new(self, endpoint)?;
        let repository = registry.path(repository);
        let mut tags = Vec::new();
        let mut next = Some(format!("{repository}/tags/list"));
        for _ in 0..MOST_PAGES {
            let Some(path) = next.take() else { break };
            let response = registry.get(&path, None).await?;
            next = next_page(&response);
            let body = registry.body(response).await?;
            let page: Page = serde_json::from_slice(&body).map_err(|error| {
                registry.not_accessible(format!("its list of tags is unreadable: {error}"))
            })?;
            tags.extend(page.tags.unwrap_or_default());
        }
        Ok(tags)
    }

    fn client(&self, verify: bool) -> Result<&Client, String> {
        let slot = if verify { &self.strict } else { &self.lenient };
        slot.get_or_init(|| {
            // Only the first one in a process counts, and every one is the same.
            let _ = rustls::crypto::ring::default_provider().install_default();
            Client::builder()
                .connect_timeout(CONNECT)
                .timeout(ANSWER)
                .user_agent(concat!("windlass/", env!("CARGO_PKG_VERSION")))
                .tls_danger_accept_invalid_certs(!verify)
                .build()
                .map_err(|error| cause(&error))
        })
        .as_ref()
        .map_err(Clone::clone)
    }
}

/// Questions to one registry.
struct Conversation<'a> {
    client: &'a Client,
    endpoint: &'a Endpoint,
}

impl<'a> Conversation<'a> {
    fn new(distribution: &'a Distribution, endpoint: &'a Endpoint) -> Result<Self, LookupError> {
        let client =
            distribution
                .client(endpoint.verify)
                .map_err(|reason| LookupError::NotAccessible {
                    registry: endpoint.registry.clone(),
                    reason,
                })?;
        Ok(Self { client, endpoint })
    }

    fn host(&self) -> &str {
        if self.endpoint.registry == DEFAULT_REGISTRY {
            DEFAULT_HOST
        } else {
            &self.endpoint.registry
        }
    }

    /// The repository as the registry knows it. Official images are in `library/` there, which
    /// nobody writes.
    fn path(&self, repository: &str) -> String {
        if self.endpoint.registry == DEFAULT_REGISTRY && !repository.contains('/') {
            format!("library/{repository}")
        } else {
            repository.to_owned()
        }
    }

    /// A manifest with the digest of its bytes.
    async fn manifest(
        &self,
        repository: &str,
        version: &str,
    ) -> Result<(String, Answer), LookupError> {
        let path = format!("{}/manifests/{version}", self.path(repository));
        let response = self.get(&path, Some(manifest::ACCEPTED)).await?;
        let body = self.body(response).await?;
        let digest = format!("sha256:{}", hex(&Sha256::digest(&body)));
        if version.starts_with("sha256:") && version != digest {
            return Err(
                self.not_supported("what it sends has another digest than what was asked for")
            );
        }
        let answer = manifest::parse(&body).map_err(|reason| self.not_supported(reason))?;
        Ok((digest, answer))
    }

    /// Asks for a path below `/v2/`, and logs in when the registry wants that.
    async fn get(&self, path: &str, accept: Option<&str>) -> Result<Response, LookupError> {
        let secure = format!("https://{}/v2/{path}", self.host());
        let first = match self.send(&secure, accept, None).await {
            Err(_) if !self.endpoint.verify => {
                self.send(&secure.replacen("https:", "http:", 1), accept, None)
                    .await
            }
            answer => answer,
        };
        let first = first.map_err(|error| self.not_accessible(cause(&error)))?;
        let answer = if first.status() == StatusCode::UNAUTHORIZED {
            let url = first.url().to_string();
            let credentials = self.credentials(&first).await?;
            self.send(&url, accept, Some(credentials))
                .await
                .map_err(|error| self.not_accessible(cause(&error)))?
        } else {
            first
        };
        match answer.status() {
            StatusCode::OK => Ok(answer),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(self.permission_denied()),
            StatusCode::NOT_FOUND => Err(LookupError::NotFound(self.endpoint.registry.clone())),
            other => Err(self.not_accessible(format!("it answers {other}"))),
        }
    }

    async fn send(
        &self,
        url: &str,
        accept: Option<&str>,
        credentials: Option<Credentials>,
    ) -> reqwest::Result<Response> {
        let mut request = self.client.get(url);
        if let Some(accept) = accept {
            request = request.header(ACCEPT, accept);
        }
        if let Some(credentials) = credentials {
            request = credentials.on(request);
        }
        request.send().await
    }

    /// What the registry asks for in its refusal.
    async fn credentials(&self, refusal: &Response) -> Result<Credentials, LookupError> {
        let challenge = refusal
            .headers()
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .find_map(Challenge::parse)
            .ok_or_else(|| self.permission_denied())?;
        match challenge {
            Challenge::Basic => self
                .endpoint
                .login
                .clone()
                .map(|(user, password)| Credentials::Basic { user, password })
                .ok_or_else(|| self.permission_denied()),
            Challenge::Bearer { realm, parameters } => {
                #[derive(Deserialize)]
                struct Token {
                    token: Option<String>,
                    access_token: Option<String>,
                }
                let mut request = self.client.get(&realm).query(&parameters);
                if let Some((user, password)) = &self.endpoint.login {
                    request = request.basic_auth(user, Some(password));
                }
                let response = request
                    .send()
                    .await
                    .map_err(|error| self.not_accessible(cause(&error)))?;
                if !response.status().is_success() {
                    return Err(self.permission_denied());
                }
                let body = self.body(response).await?;
                let token: Token = serde_json::from_slice(&body)
                    .map_err(|_| self.not_accessible("its token is unreadable"))?;
                token
                    .token
                    .or(token.access_token)
                    .map(Credentials::Bearer)
                    .ok_or_else(|| self.permission_denied())
            }
        }
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, LookupError> {
        let mut body = Vec::new();
        loop {
            let chunk = response
                .chunk()
                .await
                .map_err(|error| self.not_accessible(cause(&error)))?;
            let Some(chunk) = chunk else { return Ok(body) };
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST {
                return Err(self.not_supported(format!("an answer of more than {LONGEST} bytes")));
            }
        }
    }

    fn permission_denied(&self) -> LookupError {
        LookupError::PermissionDenied(self.endpoint.registry.clone())
    }

    fn not_accessible(&self, reason: impl Into<String>) -> LookupError {
        LookupError::NotAccessible {
            registry: self.endpoint.registry.clone(),
            reason: reason.into(),
        }
    }

    fn not_supported(&self, reason: impl Into<String>) -> LookupError {
        LookupError::NotSupported {
            registry: self.endpoint.registry.clone(),
            reason: reason.into(),
        }
    }
}

enum Credentials {
    Basic { user: String, password: String },
    Bearer(String),
}

impl Credentials {
    fn on(self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Basic { user, password } => request.basic_auth(user, Some(password)),
            Self::Bearer(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
        }
    }
}

/// The path below `/v2/` that a list of tags goes on at: `Link: </v2/…>; rel="next"`.
fn next_page(response: &Response) -> Option<String> {
    let link = response.headers().get("link")?.to_str().ok()?;
    let (target, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
    if !rest.contains("next") {
        return None;
    }
    let (_, path) = target.split_once("/v2/")?;
    Some(path.to_owned())
}

/// The innermost reason, which alone says something to people. URLs, which may hold secrets of the
/// registry, are left out.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if error.is_timeout() {
        "it did not answer in time".to_owned()
    } else {
        cause.to_string()
    }
}
