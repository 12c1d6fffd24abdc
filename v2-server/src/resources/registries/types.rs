//! Registries as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::time::Timestamp;

/// A registry and the user to log in as. The password never leaves the server.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RegistryConfiguration {
    /// When it was added.
    pub(crate) created_at: Timestamp,
    /// When it was last changed.
    pub(crate) last_updated: Timestamp,
    /// User name for the registry.
    pub(crate) registry_user: String,
    /// Kind of registry, such as `docker_v2` or `awsecr`.
    pub(crate) registry_type: String,
    /// The account that owns the entry.
    pub(crate) account_name: String,
    /// `host`, `host:port`, or either followed by a repository that may end in `*`.
    pub(crate) registry: String,
    /// A name for people.
    pub(crate) registry_name: String,
    /// Whether the certificate of the registry is checked.
    pub(crate) registry_verify: bool,
}

/// A registry to add, or what to change about one. Not printable: it holds the password.
#[derive(Clone, Deserialize, ToSchema)]
pub(crate) struct RegistryConfigurationRequest {
    /// User name for the registry.
    pub(crate) registry_user: Option<String>,
    /// Password for the registry.
    pub(crate) registry_pass: Option<String>,
    /// Kind of registry, such as `docker_v2` or `awsecr`. Default: `docker_v2`.
    pub(crate) registry_type: Option<String>,
    /// `host`, `host:port`, or either followed by a repository that may end in `*`.
    pub(crate) registry: Option<String>,
    /// A name for people. Default: the registry itself.
    pub(crate) registry_name: Option<String>,
    /// Whether the certificate of the registry is checked. Default: true.
    pub(crate) registry_verify: Option<bool>,
}

/// Whether to try the login first.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ValidateQuery {
    /// Try the login against the registry and refuse the entry when it fails. Default: true.
    pub(crate) validate: Option<bool>,
}
