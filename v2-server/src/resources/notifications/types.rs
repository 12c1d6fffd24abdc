//! What all types of endpoints have in common, as clients see it.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::sending::Outcome;
use crate::time::Timestamp;

/// A type of endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndpointType {
    /// Issues in a GitHub repository.
    GitHub,
    /// Issues in a Jira project.
    Jira,
    /// Messages in a Slack channel.
    Slack,
    /// Mails.
    Smtp,
    /// Messages in a Microsoft Teams channel.
    Teams,
    /// The events themselves, as JSON.
    Webhook,
}

impl EndpointType {
    /// All types, by name.
    pub(crate) const ALL: [Self; 6] = [
        Self::GitHub,
        Self::Jira,
        Self::Slack,
        Self::Smtp,
        Self::Teams,
        Self::Webhook,
    ];

    /// The word in paths and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::Jira => "jira",
            Self::Slack => "slack",
            Self::Smtp => "smtp",
            Self::Teams => "teams",
            Self::Webhook => "webhook",
        }
    }

    /// Reads the word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// All words, for messages.
    pub(crate) fn words() -> String {
        let words: Vec<_> = Self::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("`{}`", words.join("`, `"))
    }
}

/// A type of endpoint, and whether anything is sent there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotificationEndpoint {
    /// The type.
    pub(crate) name: String,
    /// Whether anything is sent to endpoints of this type, in all accounts.
    pub(crate) enabled: bool,
    /// When that was last changed.
    pub(crate) last_updated: Timestamp,
}

/// Whether anything is sent to endpoints of a type.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct NotificationEndpointEnabledStatus {
    /// Whether anything is sent to endpoints of this type, in all accounts.
    #[schema(required = false)]
    pub(crate) enabled: bool,
    /// When that was last changed. Ignored in requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_updated: Option<Timestamp>,
}

/// What every configuration has.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct NotificationEndpointConfiguration {
    /// Id of the configuration.
    pub(crate) uuid: String,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// Whether the endpoint must prove who it is, where it speaks TLS.
    pub(crate) verify_tls: bool,
    /// When it was added.
    pub(crate) created_at: Timestamp,
    /// When it was last changed.
    pub(crate) last_updated: Timestamp,
    /// Which events go there.
    pub(crate) selectors: Vec<NotificationSelector>,
}

/// Whether the last delivery succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NotificationHealth)]
pub(crate) enum Health {
    /// Nothing was delivered yet with these settings.
    Unknown,
    /// The last delivery was taken.
    Healthy,
    /// The last delivery failed.
    Unhealthy,
}

impl Health {
    /// How a delivery with this outcome went.
    pub(super) fn of(outcome: &Outcome) -> Self {
        if outcome.is_ok() {
            Self::Healthy
        } else {
            Self::Unhealthy
        }
    }

    /// The word clients and the database use.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }

    /// Reads the word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Unknown, Self::Healthy, Self::Unhealthy]
            .into_iter()
            .find(|health| health.as_str() == word)
    }
}

/// Whether deliveries to a configuration succeed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotificationOperationalStatus {
    /// How the last delivery went.
    pub(crate) status: Health,
}

/// What became of a test notification.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotificationTestResult {
    /// `success` or `failure`.
    pub(crate) status: String,
    /// What the endpoint answered, such as `200 OK`, or why it did not.
    pub(crate) response: String,
}

/// Whose events are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NotificationScope)]
pub(crate) enum Scope {
    /// Those of the account that owns the configuration.
    Account,
    /// Those of all accounts: only in the account `admin`.
    Global,
}

impl Scope {
    /// The word clients and the database use.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Global => "global",
        }
    }

    /// Reads the word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Account, Self::Global]
            .into_iter()
            .find(|scope| scope.as_str() == word)
    }
}

/// Events of which level are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NotificationLevel)]
pub(crate) enum Level {
    /// Of any level.
    #[serde(rename = "*")]
    Any,
    /// Those that tell how things go.
    Info,
    /// Those that tell what went wrong.
    Error,
}

impl Level {
    /// The word clients and the database use.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "*",
            Self::Info => "info",
            Self::Error => "error",
        }
    }

    /// Reads the word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Any, Self::Info, Self::Error]
            .into_iter()
            .find(|level| level.as_str() == word)
    }
}

/// Which events are wanted.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct NotificationSelector {
    /// Id of the selector. Ignored in requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) uuid: Option<String>,
    /// The configuration it belongs to. Ignored in requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) configuration_uuid: Option<String>,
    /// Whose events.
    pub(crate) scope: Scope,
    /// What kind of events.
    pub(crate) event: NotificationEventSelector,
}

/// What kind of events is wanted; all three must fit.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct NotificationEventSelector {
    /// Their level.
    pub(crate) level: Level,
    /// The kind of thing they are about, such as `image_digest`; `*` is any.
    pub(crate) resource_type: String,
    /// Their type; `*` stands for any text.
    #[serde(rename = "type")]
    #[schema(pattern = "^[a-z0-9-_.*]+$")]
    pub(crate) kind: String,
}

/// One type of endpoint.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct EndpointPath {
    /// The type: `github`, `jira`, `slack`, `smtp`, `teams` or `webhook`.
    pub(crate) name: String,
}

/// One configuration.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ConfigurationPath {
    /// Id of the configuration.
    pub(crate) uuid: String,
}

/// One selector.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SelectorPath {
    /// Id of the configuration.
    pub(crate) configuration_uuid: String,
    /// Id of the selector.
    pub(crate) selector_uuid: String,
}
