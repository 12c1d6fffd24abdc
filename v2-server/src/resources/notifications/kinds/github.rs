//! Issues in a GitHub repository.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{below, check_text, check_url};
use crate::http::Problem;
use crate::resources::notifications::configuration::{Draft, Kind, Names, Secret};
use crate::resources::notifications::message::Message;
use crate::resources::notifications::sending::{HttpRequest, Outgoing};
use crate::resources::notifications::types::EndpointType;

/// The type.
pub(crate) enum GitHub {}

/// Where the API of GitHub is.
const API: &str = "https://api.github.com";

/// What only GitHub configurations have.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct GitHubSettings {
    /// Address of the API. Default: `https://api.github.com`.
    #[serde(default = "api")]
    #[schema(pattern = "https?://.*")]
    url: String,
    /// The user who makes the issues.
    username: String,
    /// Owner of the repository.
    owner: String,
    /// Name of the repository.
    repository: String,
    /// Number of the milestone of the issues.
    #[serde(skip_serializing_if = "Option::is_none")]
    milestone: Option<i64>,
    /// Labels of the issues.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    labels: Vec<String>,
    /// Users the issues are assigned to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    assignees: Vec<String>,
}

fn api() -> String {
    API.to_owned()
}

impl Kind for GitHub {
    const ENDPOINT: EndpointType = EndpointType::GitHub;
    const NAMES: Names = Names {
        post: "NotificationGitHubEndpointConfigurationPost",
        put: "NotificationGitHubEndpointConfigurationPut",
        answer: "NotificationGitHubEndpointConfigurationBase",
    };
    const SECRET: Option<Secret> = Some(Secret {
        field: "access_token",
        description: "Personal access token of the user",
        is_required: true,
    });
    type Settings = GitHubSettings;

    fn check(draft: &mut Draft<GitHubSettings>) -> Result<(), Problem> {
        let settings = &draft.settings;
        check_url("url", &settings.url)?;
        check_text("username", &settings.username)?;
        for (field, name) in [
            ("owner", &settings.owner),
            ("repository", &settings.repository),
        ] {
            check_text(field, name)?;
            if name.contains('/') {
                return Err(Problem::bad_request(format!(
                    "Request body, `{field}`: expected one name, got `{name}`"
                )));
            }
        }
        if let Some(milestone) = settings.milestone.filter(|number| *number < 1) {
            return Err(Problem::bad_request(format!(
                "Request body, `milestone`: expected 1 or more, got `{milestone}`"
            )));
        }
        for (field, list) in [
            ("labels", &settings.labels),
            ("assignees", &settings.assignees),
        ] {
            list.iter().try_for_each(|text| check_text(field, text))?;
        }
        Ok(())
    }

    fn outgoing(
        settings: &GitHubSettings,
        secret: Option<&str>,
        message: &Message,
    ) -> Result<Outgoing, String> {
        let mut issue = json!({ "title": message.subject, "body": message.text });
        if let Some(milestone) = settings.milestone {
            issue["milestone"] = json!(milestone);
        }
        if !settings.labels.is_empty() {
            issue["labels"] = json!(settings.labels);
        }
        if !settings.assignees.is_empty() {
            issue["assignees"] = json!(settings.assignees);
        }
        let segment = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let (owner, repository) = (segment(&settings.owner), segment(&settings.repository));
        let url = below(&settings.url, &format!("repos/{owner}/{repository}/issues"));
        Ok(Outgoing::Http(HttpRequest {
            login: Some((settings.username.clone(), secret.map(str::to_owned))),
            headers: &[
                ("accept", "application/vnd.github+json"),
                ("x-github-api-version", "2022-11-28"),
            ],
            ..HttpRequest::json(&url, &issue)
        }))
    }
}
