//! Messages in a Slack channel, through an incoming webhook.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::check_url;
use crate::http::Problem;
use crate::resources::notifications::configuration::{Draft, Kind, Names, Secret};
use crate::resources::notifications::message::Message;
use crate::resources::notifications::sending::{HttpRequest, Outgoing};
use crate::resources::notifications::types::EndpointType;

/// The type.
pub(crate) enum Slack {}

/// What only Slack configurations have.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct SlackSettings {
    /// The address of the incoming webhook.
    #[schema(pattern = "https?://.*")]
    url: String,
}

impl Kind for Slack {
    const ENDPOINT: EndpointType = EndpointType::Slack;
    const NAMES: Names = Names {
        post: "NotificationSlackEndpointConfigurationPost",
        put: "NotificationSlackEndpointConfigurationPut",
        answer: "NotificationSlackEndpointConfiguration",
    };
    const SECRET: Option<Secret> = None;
    type Settings = SlackSettings;

    fn check(draft: &mut Draft<SlackSettings>) -> Result<(), Problem> {
        check_url("url", &draft.settings.url)
    }

    fn outgoing(
        settings: &SlackSettings,
        _: Option<&str>,
        message: &Message,
    ) -> Result<Outgoing, String> {
        let text = format!(
            "*{}*\n{}",
            escaped(&message.subject),
            escaped(&message.text)
        );
        let request = HttpRequest::json(&settings.url, &json!({ "text": text }));
        Ok(Outgoing::Http(request))
    }
}

/// The three characters that mean something in Slack's texts.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
