//! Users as clients see them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::resources::accounts::types::Name;
use crate::store::{FromValue, ToValue, Value};
use crate::time::Timestamp;

/// How a user logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UserType {
    /// With a password kept here.
    Native,
    /// Through an identity provider.
    Saml,
}

impl UserType {
    fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Saml => "saml",
        }
    }
}

impl ToValue for UserType {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self.as_str().into())
    }
}

impl FromValue for UserType {
    const EXPECTED: &'static str = "a user type";

    fn from_value(value: Value<'_>) -> Option<Self> {
        let Value::Text(text) = value else {
            return None;
        };
        [Self::Native, Self::Saml]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// A user of an account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct User {
    /// The name to log in with, unlike any other in the system.
    pub(crate) username: String,
    /// How the user logs in.
    #[serde(rename = "type")]
    pub(crate) kind: UserType,
    /// Entity id of the identity provider; only for users of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// When it was last changed, the password included.
    pub(crate) last_updated: Timestamp,
    /// Name of the identity provider; only for users of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) idp_name: Option<String>,
    /// Tells this user from another of the same name at another time.
    #[serde(skip)]
    pub(crate) uuid: Uuid,
    /// The account the user belongs to.
    #[serde(skip)]
    pub(crate) account_name: String,
}

/// A user to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct UserCreationRequest {
    /// The name to log in with.
    #[schema(value_type = String, pattern = r"^[a-zA-Z0-9][ a-zA-Z0-9@.!#$+-=^_`~;]{1,126}[a-zA-Z0-9_]$")]
    pub(crate) username: Name,
    /// The first password: 6 to 128 characters. Without one the user cannot log in yet.
    #[schema(value_type = Option<String>, min_length = 6, max_length = 128)]
    pub(crate) password: Option<NewPassword>,
    /// How the user logs in. Default: `native`.
    pub(crate) user_type: Option<UserType>,
    /// Name of the identity provider; only for users of one.
    pub(crate) idp_name: Option<String>,
}

/// A password of 6 to 128 characters.
#[derive(Clone)]
pub(crate) struct NewPassword(pub(crate) String);

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

impl<'de> Deserialize<'de> for NewPassword {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.chars().count() {
            6..=128 => Ok(Self(text)),
            length => Err(serde::de::Error::custom(format_args!(
                "invalid length {length}, expected 6 to 128 characters"
            ))),
        }
    }
}
