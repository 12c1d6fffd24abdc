//! Webhooks of the server's settings: addresses that are told what happens.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::{Client, Url};
use serde_json::Value;

/// How long an address may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The kinds of webhooks a server can have. `general` is told everything.
pub const WEBHOOK_TYPES: [&str; 6] = [
    "general",
    "policy_eval",
    "tag_update",
    "vuln_update",
    "analysis_update",
    "event_log",
];

/// Where to send what happens, and with which login.
///
/// `<account_name>` and `<notification_type>` in an address are replaced by the account and the kind of notification.
#[derive(Debug, Clone, Default)]
pub struct Webhooks {
    /// Addresses by kind, one of [`WEBHOOK_TYPES`].
    pub urls: BTreeMap<String, String>,
    /// User name and password for HTTP Basic.
    pub login: Option<(String, String)>,
    /// Accept certificates that cannot be verified.
    pub accept_invalid_certificates: bool,
}

/// Why a notification was not delivered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WebhookError {
    /// No address is set for this kind.
    #[error("no webhook of type `{0}` is configured; the setting is `webhook_{0}_url`")]
    NotConfigured(String),
    /// The address is none.
    #[error("the address of the webhook of type `{kind}` cannot be used: {reason}")]
    Address {
        /// The kind.
        kind: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It could not be sent, or was not taken.
    #[error("the webhook of type `{kind}` did not take the notification: {reason}")]
    Refused {
        /// The kind.
        kind: String,
        /// What came instead.
        reason: String,
    },
}

impl Webhooks {
    /// Sends a notification to the webhook of this kind, once.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub(crate) async fn send(
        &self,
        kind: &str,
        account: &str,
        notification_type: &str,
        payload: &Value,
    ) -> Result<(), WebhookError> {
        let template = self
            .urls
            .get(kind)
            .ok_or_else(|| WebhookError::NotConfigured(kind.to_owned()))?;
        let address = |reason: String| WebhookError::Address {
            kind: kind.to_owned(),
            reason,
        };
        let refused = |reason: String| WebhookError::Refused {
            kind: kind.to_owned(),
            reason,
        };
        let text = template
            .replace("<account_name>", &encoded(account))
            .replace("<notification_type>", &encoded(notification_type));
        let url = Url::parse(&text).map_err(|error| address(error.to_string()))?;
        let client = self.client().map_err(|error| address(cause(&error)))?;
        let mut request = client.post(url).json(payload);
        if let Some((user, password)) = &self.login {
            request = request.basic_auth(user, Some(password));
        }
        let answer = request
            .send()
            .await
            .map_err(|error| refused(cause(&error.without_url())))?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(refused(format!("it answered {}", answer.status())))
        }
    }

    fn client(&self) -> reqwest::Result<Client> {
        // Only the first one in a process counts, and every one is the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Client::builder()
            .timeout(PATIENCE)
            .user_agent(concat!("windlass/", env!("CARGO_PKG_VERSION")))
            .tls_danger_accept_invalid_certs(self.accept_invalid_certificates)
            .build()
    }
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The innermost cause: what reqwest says itself is only that it could not.
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
