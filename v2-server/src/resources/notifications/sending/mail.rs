//! Sending by mail.

use lettre::message::{Mailbox, Mailboxes, MultiPart, header};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::{CONNECT, Outcome, innermost, too_slow};

/// How a connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// Not at all.
    None,
    /// With STARTTLS; nothing is sent without it.
    StartTls,
    /// From its first byte.
    FromTheStart,
}

/// A mail, and the server that takes it.
pub(crate) struct Mail {
    /// The server.
    pub(crate) host: String,
    /// Its port.
    pub(crate) port: u16,
    /// How the connection is encrypted.
    pub(crate) encryption: Encryption,
    /// User name and password.
    pub(crate) login: Option<(String, String)>,
    /// Sender.
    pub(crate) from: Mailbox,
    /// Receivers.
    pub(crate) to: Mailboxes,
    /// Subject.
    pub(crate) subject: String,
    /// Lines for people.
    pub(crate) text: String,
}

impl Mail {
    pub(super) async fn send(self, verify: bool) -> Outcome {
        let parameters = || {
            // Only the first one in a process counts, and every one is the same.
            let _ = rustls::crypto::ring::default_provider().install_default();
            TlsParameters::builder(self.host.clone())
                .dangerous_accept_invalid_certs(!verify)
                .dangerous_accept_invalid_hostnames(!verify)
                .build()
                .map_err(|error| reason(&error))
        };
        let tls = match self.encryption {
            Encryption::None => Tls::None,
            Encryption::StartTls => Tls::Required(parameters()?),
            Encryption::FromTheStart => Tls::Wrapper(parameters()?),
        };
        let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.host)
            .port(self.port)
            .timeout(Some(CONNECT))
            .tls(tls);
        if let Some((user, password)) = self.login.clone() {
            server = server.credentials(Credentials::new(user, password));
        }
        let message = self.message()?;
        match server.build().send(message).await {
            Ok(answer) => Ok(answer.code().to_string()),
            Err(error) => Err(reason(&error)),
        }
    }

    /// The mail as plain text and as HTML.
    fn message(self) -> Result<Message, String> {
        let html = html(&self.subject, &self.text);
        Message::builder()
            .from(self.from)
            .mailbox(header::To::from(self.to))
            .subject(self.subject)
            .multipart(MultiPart::alternative_plain_html(self.text, html))
            .map_err(|error| error.to_string())
    }
}

fn html(subject: &str, text: &str) -> String {
    let escaped = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    let lines: Vec<String> = text.lines().map(escaped).collect();
    format!(
        "<html><body><h3>{}</h3><p>{}</p></body></html>",
        escaped(subject),
        lines.join("<br>\n")
    )
}

/// Why a mail was not taken: the code the server answered, without its text.
fn reason(error: &Error) -> String {
    if let Some(code) = error.status() {
        format!("it answered {code}")
    } else if error.is_timeout() {
        too_slow()
    } else if error.is_response() {
        "it does not speak SMTP".to_owned()
    } else {
        innermost(error)
    }
}
