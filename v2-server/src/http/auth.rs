//! Who is calling: HTTP Basic and bearer tokens.
//!
//! Every failure looks the same from outside: unknown user, wrong password, bad token, no header.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use uuid::Uuid;

use super::{ApiError, ApiResult};
use crate::access::identity::{self, Identity};
use crate::state::AppState;

/// What the `Authorization` header carries.
#[derive(PartialEq, Eq)]
pub(crate) enum Credentials {
    /// User name and password.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: String,
    },
    /// An access token.
    Bearer(String),
}

impl Credentials {
    /// Reads the header; nothing when there is none or it cannot be read.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let (scheme, value) = headers
            .get(header::AUTHORIZATION)?
            .to_str()
            .ok()?
            .split_once(' ')?;
        let value = value.trim();
        if scheme.eq_ignore_ascii_case("basic") {
            let text = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
            let (username, password) = text.split_once(':')?;
            Some(Self::Basic {
                username: username.to_owned(),
                password: password.to_owned(),
            })
        } else if scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("jwt") {
            Some(Self::Bearer(value.to_owned()))
        } else {
            None
        }
    }
}

/// Finds the user behind the request's credentials.
///
/// # Errors
/// 401 for everything that is wrong with them.
pub(crate) async fn authenticate(state: &AppState, headers: &HeaderMap) -> ApiResult<Identity> {
    match Credentials::from_headers(headers) {
        Some(Credentials::Basic { username, password }) => {
            with_password(state, username, password).await
        }
        Some(Credentials::Bearer(token)) => {
            let user: Uuid = state.tokens.verify(&token, state.now())?;
            state
                .peek(move |tx| Ok(identity::by_uuid(tx, user)?))
                .await?
                .ok_or_else(ApiError::unauthorized)
        }
        None => Err(ApiError::unauthorized()),
    }
}

/// Finds the user with this name and password.
///
/// # Errors
/// 401 when there is none.
pub(crate) async fn with_password(
    state: &AppState,
    username: String,
    password: String,
) -> ApiResult<Identity> {
    let found = state
        .peek(move |tx| Ok(identity::by_username(tx, &username)?))
        .await?;
    let (identity, hash) = match found {
        Some((identity, hash)) => (Some(identity), hash),
        None => (None, None),
    };
    // Checked even when there is no such user, so that time does not tell.
    let is_right = state.passwords.verify(hash, password).await?;
    identity
        .filter(|_| is_right)
        .ok_or_else(ApiError::unauthorized)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Option<Credentials> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, header.parse().unwrap());
        Credentials::from_headers(&headers)
    }

    #[test]
    fn a_password_may_contain_colons() {
        let expected = Credentials::Basic {
            username: "alice".into(),
            password: "pa:ss".into(),
        };
        assert!(read("basic YWxpY2U6cGE6c3M=") == Some(expected));
    }

    #[test]
    fn unreadable_headers_are_no_credentials() {
        for header in [
            "Basic",
            "Basic !!!",
            "Basic YWxpY2U=",
            "Digest abc",
            "Bearer",
        ] {
            assert!(read(header).is_none(), "{header}");
        }
    }
}
