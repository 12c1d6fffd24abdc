//! Sending by HTTP.

use std::sync::OnceLock;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response, redirect};
use serde_json::Value;

use super::{CONNECT, Outcome, USER_AGENT, WHOLE, innermost, too_slow};

/// Most bytes of an answer that are looked at.
const LONGEST_ANSWER: usize = 4096;

/// A POST with JSON.
#[derive(Default)]
pub(crate) struct HttpRequest {
    /// The address.
    pub(crate) url: String,
    /// The JSON.
    pub(crate) body: String,
    /// User name and password, for HTTP Basic.
    pub(crate) login: Option<(String, Option<String>)>,
    /// More headers.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// How the text of an answer begins that refuses despite its status.
    pub(crate) refusal: Option<&'static str>,
}

impl HttpRequest {
    /// A request without a login.
    pub(crate) fn json(url: &str, body: &Value) -> Self {
        Self {
            url: url.to_owned(),
            body: body.to_string(),
            ..Self::default()
        }
    }
}

/// Clients with and without verification.
#[derive(Default)]
pub(super) struct HttpClients {
    strict: OnceLock<Result<Client, String>>,
    lenient: OnceLock<Result<Client, String>>,
}

impl HttpClients {
    pub(super) async fn send(&self, request: HttpRequest, verify: bool) -> Outcome {
        let mut call = self
            .client(verify)?
            .post(&request.url)
            .header(CONTENT_TYPE, "application/json")
            .body(request.body);
        for (name, value) in request.headers {
            call = call.header(*name, *value);
        }
        if let Some((user, password)) = &request.login {
            call = call.basic_auth(user, password.as_ref());
        }
        let answer = call.send().await.map_err(|error| reason(&error))?;
        let status = answer.status().to_string();
        if !answer.status().is_success() {
            return Err(status);
        }
        match request.refusal {
            Some(refusal) if begins_with(answer, refusal).await? => Err(format!(
                "{status}, with a text that says it was not delivered"
            )),
            _ => Ok(status),
        }
    }

    fn client(&self, verify: bool) -> Result<&Client, String> {
        let slot = if verify { &self.strict } else { &self.lenient };
        slot.get_or_init(|| {
            // Only the first one in a process counts, and every one is the same.
            let _ = rustls::crypto::ring::default_provider().install_default();
            Client::builder()
                .connect_timeout(CONNECT)
                .timeout(WHOLE)
                // A login is for the address it was given with, and a redirected POST arrives as a GET.
                .redirect(redirect::Policy::none())
                .user_agent(USER_AGENT)
                .tls_danger_accept_invalid_certs(!verify)
                .build()
                .map_err(|error| innermost(&error))
        })
        .as_ref()
        .map_err(Clone::clone)
    }
}

/// Whether the text of an answer begins so.
async fn begins_with(mut answer: Response, beginning: &str) -> Result<bool, String> {
    let mut text = Vec::new();
    while text.len() < LONGEST_ANSWER {
        match answer.chunk().await.map_err(|error| reason(&error))? {
            Some(chunk) => text.extend_from_slice(&chunk),
            None => break,
        }
    }
    Ok(text.starts_with(beginning.as_bytes()))
}

fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        too_slow()
    } else {
        innermost(error)
    }
}
