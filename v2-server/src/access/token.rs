//! Access tokens: signed statements that somebody logged in, checked without a look-up.
//!
//! Only the user's UUID is inside. The user and the account are read on every request, so a token
//! ends at once with its user, and sleeps while the account is disabled.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::http::{ApiError, ApiResult};
use crate::time::Timestamp;

/// Who issues our tokens.
const ISSUER: &str = "windlass-v2-server";

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    /// The user's UUID, not the name: a name made anew does not inherit tokens.
    sub: Uuid,
    iat: i64,
    exp: i64,
    jti: String,
}

/// Signs and checks access tokens.
pub(crate) struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    /// Seconds an access token is good for.
    pub(crate) lifetime: i64,
    /// Seconds a refresh token is good for.
    pub(crate) refresh_lifetime: i64,
}

impl Tokens {
    /// Tokens signed with `secret` (HS256).
    pub(crate) fn new(secret: &[u8], lifetime: i64, refresh_lifetime: i64) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        // Checked against our own clock in `verify`.
        validation.validate_exp = false;
        validation.validate_aud = false;
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
            lifetime,
            refresh_lifetime,
        }
    }

    /// A new access token for the user.
    ///
    /// # Errors
    /// 500 when signing fails.
    pub(crate) fn issue(&self, user: Uuid, id: Uuid, now: Timestamp) -> ApiResult<String> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: user,
            iat: now.unix(),
            exp: now.unix() + self.lifetime,
            jti: id.simple().to_string(),
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).map_err(ApiError::internal)
    }

    /// The UUID of the user a token was issued to.
    ///
    /// # Errors
    /// 401 when it was not issued here, was changed, or is over.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> ApiResult<Uuid> {
        let claims = decode::<Claims>(token, &self.decoding, &self.validation)
            .map_err(|_| ApiError::unauthorized())?
            .claims;
        if claims.exp <= now.unix() {
            return Err(ApiError::unauthorized());
        }
        Ok(claims.sub)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: Uuid = Uuid::from_u128(7);

    fn moment(seconds: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn a_token_is_good_until_it_is_over() {
        let tokens = Tokens::new(b"secret", 3600, 86_400);
        let token = tokens.issue(USER, Uuid::from_u128(1), moment(0)).unwrap();
        assert_eq!(tokens.verify(&token, moment(3599)).unwrap(), USER);
        assert!(tokens.verify(&token, moment(3600)).is_err());
    }

    #[test]
    fn foreign_and_changed_tokens_are_refused() {
        let tokens = Tokens::new(b"secret", 3600, 86_400);
        let foreign = Tokens::new(b"other", 3600, 86_400)
            .issue(USER, Uuid::from_u128(1), moment(0))
            .unwrap();
        let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIwIn0.";
        for token in [foreign.as_str(), unsigned, "", "a.b.c"] {
            assert!(tokens.verify(token, moment(0)).is_err(), "{token}");
        }
    }
}
