//! Accounts as clients see them, and the texts they may be named with.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::access::identity::AccountState;
use crate::store::{FromValue, ToValue, Value};
use crate::time::Timestamp;

/// What kind of account this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccountType {
    /// An ordinary account.
    User,
    /// The account whose users may do everything.
    Admin,
    /// The system's own.
    Service,
}

impl AccountType {
    fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
            Self::Service => "service",
        }
    }
}

impl ToValue for AccountType {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self.as_str().into())
    }
}

impl FromValue for AccountType {
    const EXPECTED: &'static str = "an account type";

    fn from_value(value: Value<'_>) -> Option<Self> {
        let Value::Text(text) = value else {
            return None;
        };
        [Self::User, Self::Admin, Self::Service]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// An account: it owns images, policies and everything else, and has users.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Account {
    /// The name; never changes.
    pub(crate) name: String,
    /// What kind of account this is.
    #[serde(rename = "type")]
    pub(crate) kind: AccountType,
    /// Whether its users may work.
    pub(crate) state: AccountState,
    /// Whom to write to about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// When the account itself (not its users) was last changed.
    pub(crate) last_updated: Timestamp,
}

/// An account to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct AccountCreationRequest {
    /// The name, unlike any other in the system.
    #[schema(value_type = String, pattern = r"^[a-zA-Z0-9][ a-zA-Z0-9@.!#$+-=^_`~;]{1,126}[a-zA-Z0-9_]$")]
    pub(crate) name: Name,
    /// Whom to write to about it.
    #[schema(value_type = Option<String>, pattern = r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$")]
    pub(crate) email: Option<Email>,
}

/// What can be changed about an account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct AccountInfo {
    /// Whom to write to about it. Left out, it stays as it is.
    #[schema(value_type = Option<String>, pattern = r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$")]
    pub(crate) email: Option<Email>,
}

/// A state to put an account in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WantedState {
    /// Its users may work.
    Enabled,
    /// Its users are refused.
    Disabled,
}

impl From<WantedState> for AccountState {
    fn from(wanted: WantedState) -> Self {
        match wanted {
            WantedState::Enabled => Self::Enabled,
            WantedState::Disabled => Self::Disabled,
        }
    }
}

/// Whether the users of an account may work.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub(crate) struct AccountStatus {
    /// The state; must be given in a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<WantedState>,
}

/// Which accounts to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AccountsQuery {
    /// Only accounts in this state.
    #[param(inline)]
    pub(crate) state: Option<AccountState>,
}

/// A name for an account or a user.
#[derive(Debug, Clone)]
pub(crate) struct Name(pub(crate) String);

impl Name {
    /// Whether an account or a user can have this name.
    pub(crate) fn is_valid(text: &str) -> bool {
        let letters = text.as_bytes();
        let allowed = |byte: &u8| {
            byte.is_ascii_alphanumeric()
                || b" @.!#$^_`~;".contains(byte)
                || (b'+'..=b'=').contains(byte)
        };
        matches!(letters.len(), 3..=128)
            && letters.first().is_some_and(u8::is_ascii_alphanumeric)
            && letters
                .last()
                .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            && letters.iter().all(allowed)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if Self::is_valid(&text) {
            Ok(Self(text))
        } else {
            Err(serde::de::Error::custom(format_args!(
                "invalid value: `{text}`, expected 3 to 128 letters, digits, blanks or \
                 `@.!#$^_`~;+,-/:<=`, the first a letter or digit, the last one too or `_`"
            )))
        }
    }
}

/// An e-mail address.
#[derive(Debug, Clone)]
pub(crate) struct Email(pub(crate) String);

impl Email {
    fn is_valid(text: &str) -> bool {
        let Some((user, host)) = text.split_once('@') else {
            return false;
        };
        text.len() <= 254
            && !text.contains(char::is_whitespace)
            && !user.is_empty()
            && !host.contains('@')
            && host.contains('.')
            && host.split('.').all(|label| !label.is_empty())
    }
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        if Self::is_valid(&text) {
            Ok(Self(text.into_owned()))
        } else {
            Err(serde::de::Error::custom(format_args!(
                "invalid value: `{text}`, expected an e-mail address such as `ops@example.com`"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_their_pattern() {
        for name in [
            "acme",
            "a-1",
            "a@b.c",
            "team one",
            "x/y:z",
            "abc_",
            &"a".repeat(128),
        ] {
            assert!(Name::is_valid(name), "{name}");
        }
        for name in [
            "",
            "ab",
            "_abc",
            "-abc",
            "abc-",
            "a\u{e9}b",
            "a\nb",
            "a\"b",
            &"a".repeat(129),
        ] {
            assert!(!Name::is_valid(name), "{name}");
        }
    }

    #[test]
    fn addresses_have_a_user_and_a_domain() {
        for address in ["ops@example.com", "a.b+c@mail.example.org"] {
            assert!(Email::is_valid(address), "{address}");
        }
        for address in [
            "",
            "no-mail",
            "@example.com",
            "a@b",
            "a@b..c",
            "a b@example.com",
            "a@b@c.d",
        ] {
            assert!(!Email::is_valid(address), "{address}");
        }
    }
}
