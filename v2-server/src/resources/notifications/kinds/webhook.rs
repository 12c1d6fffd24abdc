//! The events themselves, as JSON, for programs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{check_login, check_url};
use crate::http::Problem;
use crate::resources::notifications::configuration::{Draft, Kind, Names, Secret};
use crate::resources::notifications::message::Message;
use crate::resources::notifications::sending::{HttpRequest, Outgoing};
use crate::resources::notifications::types::EndpointType;

/// The type.
pub(crate) enum Webhook {}

/// What only webhook configurations have.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct WebhookSettings {
    /// The address that is told.
    #[schema(pattern = "https?://.*")]
    url: String,
    /// User name to log in with, by HTTP Basic. Without one, the stored password is forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    /// The older name of `verify_tls`; answers have both.
    #[serde(skip_serializing_if = "Option::is_none")]
    verify_ssl: Option<bool>,
}

impl Kind for Webhook {
    const ENDPOINT: EndpointType = EndpointType::Webhook;
    const NAMES: Names = Names {
        post: "NotificationWebhookEndpointConfigurationPost",
        put: "NotificationWebhookEndpointConfigurationPut",
        answer: "NotificationWebhookEndpointConfiguration",
    };
    const SECRET: Option<Secret> = Some(Secret {
        field: "password",
        description: "Password to log in with",
        is_required: false,
    });
    type Settings = WebhookSettings;

    fn check(draft: &mut Draft<WebhookSettings>) -> Result<(), Problem> {
        let settings = &mut draft.settings;
        check_url("url", &settings.url)?;
        check_login(&mut settings.username, draft.secret.as_ref())?;
        let verify = match (draft.verify_tls, settings.verify_ssl) {
            (Some(tls), Some(ssl)) if tls != ssl => {
                return Err(Problem::bad_request(format!(
                    "Request body, `verify_ssl`: expected `{tls}` like `verify_tls`, got `{ssl}`"
                )));
            }
            (Some(verify), _) | (None, Some(verify)) => verify,
            (None, None) => true,
        };
        draft.verify_tls = Some(verify);
        settings.verify_ssl = Some(verify);
        Ok(())
    }

    fn has_login(settings: &WebhookSettings) -> bool {
        settings.username.is_some()
    }

    fn outgoing(
        settings: &WebhookSettings,
        secret: Option<&str>,
        message: &Message,
    ) -> Result<Outgoing, String> {
        let login = settings.username.clone();
        Ok(Outgoing::Http(HttpRequest {
            url: settings.url.clone(),
            body: message.record.clone(),
            login: login.map(|name| (name, secret.map(str::to_owned))),
            ..HttpRequest::default()
        }))
    }
}
