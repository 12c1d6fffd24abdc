//! Issues in a Jira project.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{below, check_text, check_url, check_words};
use crate::http::Problem;
use crate::resources::notifications::configuration::{Draft, Kind, Names, Secret};
use crate::resources::notifications::message::Message;
use crate::resources::notifications::sending::{HttpRequest, Outgoing};
use crate::resources::notifications::types::EndpointType;

/// The type.
pub(crate) enum Jira {}

/// What only Jira configurations have.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct JiraSettings {
    /// Address of Jira.
    #[schema(pattern = "https?://.*")]
    url: String,
    /// The user who makes the issues.
    username: String,
    /// Key of the project.
    project_key: String,
    /// Type of the issues.
    issue_type: String,
    /// Priority of the issues.
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<String>,
    /// The user the issues are assigned to.
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<String>,
    /// Labels of the issues.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    labels: Vec<String>,
}

impl Kind for Jira {
    const ENDPOINT: EndpointType = EndpointType::Jira;
    const NAMES: Names = Names {
        post: "NotificationJiraEndpointConfigurationPost",
        put: "NotificationJiraEndpointConfigurationPut",
        answer: "NotificationJiraEndpointConfigurationBase",
    };
    const SECRET: Option<Secret> = Some(Secret {
        field: "password",
        description: "Password, or API token, of the user",
        is_required: true,
    });
    type Settings = JiraSettings;

    fn check(draft: &mut Draft<JiraSettings>) -> Result<(), Problem> {
        let settings = &mut draft.settings;
        check_url("url", &settings.url)?;
        for (field, text) in [
            ("username", &settings.username),
            ("project_key", &settings.project_key),
            ("issue_type", &settings.issue_type),
        ] {
            check_text(field, text)?;
        }
        for text in [&mut settings.priority, &mut settings.assignee] {
            *text = text.take().filter(|text| !text.trim().is_empty());
        }
        check_words("labels", &settings.labels)
    }

    fn outgoing(
        settings: &JiraSettings,
        secret: Option<&str>,
        message: &Message,
    ) -> Result<Outgoing, String> {
        let mut fields = json!({
            "project": { "key": settings.project_key },
            "issuetype": { "name": settings.issue_type },
            "summary": message.subject,
            "description": message.text,
        });
        if let Some(priority) = &settings.priority {
            fields["priority"] = json!({ "name": priority });
        }
        if let Some(assignee) = &settings.assignee {
            fields["assignee"] = json!({ "name": assignee });
        }
        if !settings.labels.is_empty() {
            fields["labels"] = json!(settings.labels);
        }
        let url = below(&settings.url, "rest/api/2/issue");
        Ok(Outgoing::Http(HttpRequest {
            login: Some((settings.username.clone(), secret.map(str::to_owned))),
            ..HttpRequest::json(&url, &json!({ "fields": fields }))
        }))
    }
}
