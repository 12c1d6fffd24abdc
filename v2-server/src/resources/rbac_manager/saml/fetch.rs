//! Fetching the metadata of identity providers.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Url};

/// How long an address may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest metadata of one identity provider, in bytes.
const LONGEST: usize = 1 << 20;
/// Most redirects that are followed.
const REDIRECTS: usize = 3;

/// Why metadata was not fetched.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    /// What comes over an open line can be changed on the way, and with it the keys that are trusted.
    #[error("expected an address with `https`, or with `http` on this machine")]
    Unsafe,
    /// It could not be read.
    #[error("{0}")]
    Failed(String),
    /// The answer was no success.
    #[error("it answered {0}")]
    Status(u16),
    /// It never ends.
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    /// It is no text.
    #[error("it is not UTF-8")]
    NoText,
}

/// Fetches a document.
///
/// # Errors
/// [`FetchError`]; nothing of what came is in it.
pub(super) async fn fetch(address: &str) -> Result<String, FetchError> {
    let url = Url::parse(address)
        .ok()
        .filter(is_safe)
        .ok_or(FetchError::Unsafe)?;
    let client = client().map_err(|error| failed(&error))?;
    let mut answer = client
        .get(url)
        .send()
        .await
        .map_err(|error| failed(&error.without_url()))?;
    if !answer.status().is_success() {
        return Err(FetchError::Status(answer.status().as_u16()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|error| failed(&error.without_url()))?
    {
        if body.len() + chunk.len() > LONGEST {
            return Err(FetchError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    String::from_utf8(body).map_err(|_| FetchError::NoText)
}

fn is_safe(url: &Url) -> bool {
    let is_here = match url.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback()),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

fn client() -> reqwest::Result<Client> {
    // Only the first one in a process counts, and every one is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let policy = Policy::custom(|attempt| {
        if attempt.previous().len() > REDIRECTS {
            attempt.error("it redirects too often")
        } else if is_safe(attempt.url()) {
            attempt.follow()
        } else {
            attempt.error(FetchError::Unsafe)
        }
    });
    Client::builder()
        .timeout(PATIENCE)
        .redirect(policy)
        .user_agent(concat!("windlass/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// By the innermost cause: what reqwest says itself is only that it could not.
fn failed(error: &reqwest::Error) -> FetchError {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    FetchError::Failed(innermost.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keys_are_not_fetched_over_open_lines() {
        for address in [
            "http://idp.example.com/metadata",
            "http://10.0.0.1/metadata",
            "http://localhost.example.com/",
            "ftp://127.0.0.1/metadata",
            "file:///etc/passwd",
            "metadata",
        ] {
            let error = fetch(address).await.unwrap_err();
            assert!(matches!(error, FetchError::Unsafe), "{address}: {error}");
        }
    }
}
