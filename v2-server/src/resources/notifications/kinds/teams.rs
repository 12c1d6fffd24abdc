//! Messages in a Microsoft Teams channel, through an incoming webhook.

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
pub(crate) enum Teams {}

/// What only Teams configurations have.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct TeamsSettings {
    /// The address of the incoming webhook.
    #[schema(pattern = "https?://.*")]
    url: String,
}

/// How an answer of Teams begins that is `200 OK` and yet a refusal.
const REFUSAL: &str = "Webhook message delivery failed";

impl Kind for Teams {
    const ENDPOINT: EndpointType = EndpointType::Teams;
    const NAMES: Names = Names {
        post: "NotificationTeamsEndpointConfigurationPost",
        put: "NotificationTeamsEndpointConfigurationPut",
        answer: "NotificationTeamsEndpointConfiguration",
    };
    const SECRET: Option<Secret> = None;
    type Settings = TeamsSettings;

    fn check(draft: &mut Draft<TeamsSettings>) -> Result<(), Problem> {
        check_url("url", &draft.settings.url)
    }

    /// An Adaptive Card, which workflows take as well as the older connectors.
    fn outgoing(
        settings: &TeamsSettings,
        _: Option<&str>,
        message: &Message,
    ) -> Result<Outgoing, String> {
        let mut lines = vec![json!({
            "type": "TextBlock", "text": message.subject, "weight": "bolder", "size": "medium", "wrap": true,
        })];
        lines.extend(
            message
                .text
                .lines()
                .filter(|line| !line.is_empty())
                .map(|line| json!({ "type": "TextBlock", "text": line, "wrap": true })),
        );
        let card = json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard", "version": "1.2", "body": lines,
                },
            }],
        });
        Ok(Outgoing::Http(HttpRequest {
            refusal: Some(REFUSAL),
            ..HttpRequest::json(&settings.url, &card)
        }))
    }
}
