//! Mails.

use lettre::message::{Mailbox, Mailboxes};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{check_login, check_text};
use crate::http::Problem;
use crate::resources::notifications::configuration::{Draft, Kind, Names, Secret};
use crate::resources::notifications::message::Message;
use crate::resources::notifications::sending::{Encryption, Mail, Outgoing};
use crate::resources::notifications::types::EndpointType;

/// The type.
pub(crate) enum Smtp {}

/// What only SMTP configurations have.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct SmtpSettings {
    /// The mail server.
    host: String,
    /// Its port. On 465 TLS begins with the connection, on others with STARTTLS.
    #[schema(minimum = 1)]
    port: u16,
    /// User name to log in with. Without one, the stored password is forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    /// Whether nothing is sent without TLS. Default: true. Without it nothing is encrypted, the login neither.
    #[serde(default = "yes")]
    use_tls: bool,
    /// Address of the sender.
    from: String,
    /// Addresses of the receivers, with commas between them.
    to: String,
}

/// The port on which TLS begins with the connection (RFC 8314).
const IMPLICIT_TLS: u16 = 465;

impl SmtpSettings {
    fn encryption(&self) -> Encryption {
        match (self.use_tls, self.port) {
            (false, _) => Encryption::None,
            (true, IMPLICIT_TLS) => Encryption::FromTheStart,
            (true, _) => Encryption::StartTls,
        }
    }
}

const fn yes() -> bool {
    true
}

impl Kind for Smtp {
    const ENDPOINT: EndpointType = EndpointType::Smtp;
    const NAMES: Names = Names {
        post: "NotificationSMTPEndpointConfigurationPost",
        put: "NotificationSMTPEndpointConfigurationPut",
        answer: "NotificationSMTPEndpointConfiguration",
    };
    const SECRET: Option<Secret> = Some(Secret {
        field: "password",
        description: "Password to log in with",
        is_required: false,
    });
    type Settings = SmtpSettings;

    fn check(draft: &mut Draft<SmtpSettings>) -> Result<(), Problem> {
        let settings = &mut draft.settings;
        check_text("host", &settings.host)?;
        if settings
            .host
            .contains(|c: char| c.is_whitespace() || "/@?#".contains(c))
        {
            return Err(Problem::bad_request(format!(
                "Request body, `host`: expected the name or address of a host, got `{}`",
                settings.host
            )));
        }
        if settings.port == 0 {
            return Err(Problem::bad_request(
                "Request body, `port`: expected 1 to 65535, got `0`",
            ));
        }
        check_login(&mut settings.username, draft.secret.as_ref())?;
        if settings.from.parse::<Mailbox>().is_err() {
            return Err(Problem::bad_request(format!(
                "Request body, `from`: expected a mail address, got `{}`",
                settings.from
            )));
        }
        match settings.to.parse::<Mailboxes>() {
            Ok(receivers) if receivers.iter().next().is_some() => Ok(()),
            _ => Err(Problem::bad_request(format!(
                "Request body, `to`: expected a mail address, or several with commas between them, got `{}`",
                settings.to
            ))),
        }
    }

    fn has_login(settings: &SmtpSettings) -> bool {
        settings.username.is_some()
    }

    fn outgoing(
        settings: &SmtpSettings,
        secret: Option<&str>,
        message: &Message,
    ) -> Result<Outgoing, String> {
        let from = settings
            .from
            .parse()
            .map_err(|error| format!("`from` is no mail address: {error}"))?;
        let to = settings
            .to
            .parse()
            .map_err(|error| format!("`to` is no mail address: {error}"))?;
        let login = settings.username.clone();
        Ok(Outgoing::Mail(Box::new(Mail {
            host: settings.host.clone(),
            port: settings.port,
            encryption: settings.encryption(),
            login: login.map(|name| (name, secret.unwrap_or_default().to_owned())),
            from,
            to,
            subject: message.subject.clone(),
            text: message.text.clone(),
        })))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tls_begins_with_the_connection_on_its_port_and_is_left_out_only_on_demand() {
        for (port, use_tls, expected) in [
            (465, None, Encryption::FromTheStart),
            (587, None, Encryption::StartTls),
            (25, Some(true), Encryption::StartTls),
            (465, Some(false), Encryption::None),
            (25, Some(false), Encryption::None),
        ] {
            let mut settings = json!({ "host": "h", "port": port, "from": "a@b", "to": "c@d" });
            if let Some(use_tls) = use_tls {
                settings["use_tls"] = json!(use_tls);
            }
            let settings: SmtpSettings = serde_json::from_value(settings).unwrap();
            assert_eq!(settings.encryption(), expected, "{port} {use_tls:?}");
        }
    }
}
