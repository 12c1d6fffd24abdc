//! Sending, by HTTP or by mail, to whoever the settings name: with limits, so that nobody there can hold a server up.
//!
//! What an endpoint answers is told by its status alone: neither logs nor answers repeat what it writes.

mod http;
mod mail;

use std::time::Duration;

pub(crate) use http::HttpRequest;
pub(crate) use mail::{Encryption, Mail};

use self::http::HttpClients;

/// How long a connection to an endpoint may take.
const CONNECT: Duration = Duration::from_secs(5);

/// How long an endpoint may take altogether, from its name being looked up to the end of its answer.
pub(crate) const WHOLE: Duration = Duration::from_secs(20);

/// The name of this program, for those that are told.
const USER_AGENT: &str = concat!("windlass/", env!("CARGO_PKG_VERSION"));

/// What to send, and how. Not printable: it holds secrets.
pub(crate) enum Outgoing {
    /// A request.
    Http(HttpRequest),
    /// A mail.
    Mail(Box<Mail>),
}

/// What became of something that was sent: what the endpoint answered, such as `200 OK`, or why it was not taken.
pub(crate) type Outcome = Result<String, String>;

/// Sends. Connections are kept and shared.
pub(crate) struct Sender {
    clients: HttpClients,
    patience: Duration,
}

impl Default for Sender {
    fn default() -> Self {
        Self {
            clients: HttpClients::default(),
            patience: WHOLE,
        }
    }
}

impl Sender {
    /// One that waits no longer than this.
    #[cfg(test)]
    pub(crate) fn with_patience(patience: Duration) -> Self {
        Self {
            patience,
            ..Self::default()
        }
    }

    /// Sends once. `verify` is whether the endpoint must prove who it is, where it speaks TLS.
    pub(crate) async fn send(&self, outgoing: Outgoing, verify: bool) -> Outcome {
        let sending = async {
            match outgoing {
                Outgoing::Http(request) => self.clients.send(request, verify).await,
                Outgoing::Mail(mail) => mail.send(verify).await,
            }
        };
        tokio::time::timeout(self.patience, sending)
            .await
            .unwrap_or_else(|_| Err(too_slow()))
    }
}

fn too_slow() -> String {
    format!("it did not answer within {} seconds", WHOLE.as_secs())
}

/// The innermost cause: outer ones only say that it could not be done, or name addresses, which may be secrets.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
