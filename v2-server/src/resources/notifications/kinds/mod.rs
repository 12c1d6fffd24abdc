//! The types of endpoints, one file each, and what their checks share.

pub(super) mod github;
pub(super) mod jira;
pub(super) mod slack;
pub(super) mod smtp;
pub(super) mod teams;
pub(super) mod webhook;

use reqwest::Url;

use super::configuration::Kind;
use super::message::Message;
use super::sending::Outgoing;
use super::types::EndpointType;
use crate::http::Problem;

/// What to send to tell a message to a stored configuration.
///
/// # Errors
/// Why it cannot be sent.
pub(super) fn outgoing(
    endpoint: EndpointType,
    settings: &str,
    secret: Option<&str>,
    message: &Message,
) -> Result<Outgoing, String> {
    fn of<K: Kind>(
        settings: &str,
        secret: Option<&str>,
        message: &Message,
    ) -> Result<Outgoing, String> {
        let settings = serde_json::from_str(settings)
            .map_err(|error| format!("the stored settings cannot be read: {error}"))?;
        K::outgoing(&settings, secret, message)
    }
    match endpoint {
        EndpointType::GitHub => of::<github::GitHub>(settings, secret, message),
        EndpointType::Jira => of::<jira::Jira>(settings, secret, message),
        EndpointType::Slack => of::<slack::Slack>(settings, secret, message),
        EndpointType::Smtp => of::<smtp::Smtp>(settings, secret, message),
        EndpointType::Teams => of::<teams::Teams>(settings, secret, message),
        EndpointType::Webhook => of::<webhook::Webhook>(settings, secret, message),
    }
}

/// Checks that a text is an address to send requests to. The address itself may be a secret, so messages do not repeat it.
fn check_url(field: &str, text: &str) -> Result<(), Problem> {
    let wrong = |got: &str| {
        Err(Problem::bad_request(format!(
            "Request body, `{field}`: expected an address that begins with `http://` or `https://`, got {got}"
        )))
    };
    match Url::parse(text) {
        Err(error) => wrong(&format!("none: {error}")),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            wrong(&format!("one that begins with `{}:`", url.scheme()))
        }
        Ok(url) if url.host_str().is_none() => wrong("one without a host"),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            wrong("one with a login, which answers would show")
        }
        Ok(_) => Ok(()),
    }
}

/// Checks that a text is not blank.
fn check_text(field: &str, text: &str) -> Result<(), Problem> {
    if text.trim().is_empty() {
        return Err(Problem::bad_request(format!(
            "Request body, `{field}`: expected a text that is not blank, got `{text}`"
        )));
    }
    Ok(())
}

/// Checks that each text of a list is one word.
fn check_words(field: &str, words: &[String]) -> Result<(), Problem> {
    match words
        .iter()
        .find(|word| word.is_empty() || word.contains(char::is_whitespace))
    {
        Some(word) => Err(Problem::bad_request(format!(
            "Request body, `{field}`: expected texts without blanks, got `{word}`"
        ))),
        None => Ok(()),
    }
}

/// A login is a name with or without a password, never a password alone; without a name there is none.
fn check_login(username: &mut Option<String>, password: Option<&String>) -> Result<(), Problem> {
    *username = username.take().filter(|name| !name.is_empty());
    if username.is_none() && password.is_some() {
        return Err(Problem::bad_request(
            "Request body: expected a text in `username` beside `password`, got none",
        ));
    }
    Ok(())
}

/// An address below an address.
fn below(url: &str, path: &str) -> String {
    format!("{}/{path}", url.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_address_is_not_repeated() {
        for (url, got) in [
            ("ftp://secret", "one that begins with `ftp:`"),
            ("//secret", "none: relative URL without a base"),
            ("http://", "none: empty host"),
            (
                "https://secret:word@host/",
                "one with a login, which answers would show",
            ),
        ] {
            let told = format!("{:?}", check_url("url", url).unwrap_err());
            assert!(told.contains(got), "{told}");
            assert!(!told.contains("secret"), "{told}");
        }
        assert!(check_url("url", "https://host:8443/services/T0/B0?x=1").is_ok());
    }
}
