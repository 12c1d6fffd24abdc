//! Credentials as clients see them: never the password, never its hash.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::time::Timestamp;

/// What a credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CredentialType {
    /// A password.
    Password,
}

/// A credential. In answers the value is a row of asterisks, whatever the password is.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct AccessCredential {
    /// What the credential is.
    #[serde(rename = "type")]
    pub(crate) kind: CredentialType,
    /// The password, in requests.
    pub(crate) value: String,
    /// When it was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<Timestamp>,
}

impl AccessCredential {
    /// A credential as it is shown. The mask is of one length, so it tells nothing.
    pub(super) fn masked(created_at: Timestamp) -> Self {
        Self {
            kind: CredentialType::Password,
            value: "******".to_owned(),
            created_at: Some(created_at),
        }
    }
}

impl fmt::Debug for AccessCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessCredential({:?}, …)", self.kind)
    }
}

/// Which credential to remove.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CredentialQuery {
    /// What the credential is.
    #[param(inline)]
    pub(crate) credential_type: CredentialType,
}
