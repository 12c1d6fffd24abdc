//! Who requests are sent as: from the environment or a file, never from the recording.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// The variables that name the user of all requests.
const USER: &str = "WINDLASS_REPLAY_USER";
const PASSWORD: &str = "WINDLASS_REPLAY_PASSWORD";
const TOKEN: &str = "WINDLASS_REPLAY_TOKEN";

/// Credentials, ready to be sent.
pub(crate) struct Credentials {
    /// `Authorization` of everybody who is not listed.
    others: Option<String>,
    /// `Authorization` by recorded user.
    users: BTreeMap<String, String>,
}

/// The credentials file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    user: Option<String>,
    password: Option<String>,
    token: Option<String>,
    /// Passwords by user.
    #[serde(default)]
    users: BTreeMap<String, String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

impl Credentials {
    /// Reads a file, or the environment (`variable` asks it) where no file is named.
    pub(crate) fn read(
        file: Option<&Path>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Self> {
        let file = match file {
            Some(path) => Self::file(path)?,
            None => File {
                user: variable(USER),
                password: variable(PASSWORD),
                token: variable(TOKEN),
                users: BTreeMap::new(),
            },
        };
        let others = match (file.user, file.password, file.token) {
            (Some(user), Some(password), None) => Some(basic(&user, &password)),
            (None, None, Some(token)) => Some(format!("Bearer {token}")),
            (None, None, None) => None,
            _ => bail!("credentials are either a user and a password, or a token"),
        };
        if others.is_none() && file.users.is_empty() {
            bail!(
                "`--against` needs credentials: set {USER} and {PASSWORD}, or {TOKEN}, or name a file with `--credentials`"
            );
        }
        let users = file.users.into_iter();
        Ok(Self {
            others,
            users: users
                .map(|(user, password)| {
                    let header = basic(&user, &password);
                    (user, header)
                })
                .collect(),
        })
    }

    fn file(path: &Path) -> anyhow::Result<File> {
        let name = path.display();
        let text =
            std::fs::read_to_string(path).with_context(|| format!("failed to read `{name}`"))?;
        match toml::from_str(&text) {
            Ok(file) => Ok(file),
            // The whole error quotes the line, and with it a secret.
            Err(error) => {
                let start = error.span().map_or(0, |span| span.start);
                let line = text[..start.min(text.len())].matches('\n').count() + 1;
                bail!(
                    "failed to read `{name}`: line {line}: expected `user` and `password`, or `token`, and `[users]` with a password for each"
                )
            }
        }
    }

    /// The `Authorization` of a request that was recorded of this user.
    pub(super) fn of(&self, user: Option<&[u8]>) -> Option<&str> {
        let known = user
            .and_then(|user| std::str::from_utf8(user).ok())
            .and_then(|user| self.users.get(user));
        known.or(self.others.as_ref()).map(String::as_str)
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_file(text: &str) -> anyhow::Result<Credentials> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials.toml");
        std::fs::write(&path, text).unwrap();
        Credentials::read(Some(&path), |_| None)
    }

    #[test]
    fn users_who_are_listed_are_sent_as_themselves() {
        let read = from_file("user = 'admin'\npassword = 'a'\n[users]\nci = 'b'").unwrap();
        assert_eq!(read.of(Some(b"ci")).unwrap(), basic("ci", "b"));
        assert_eq!(read.of(Some(b"bob")).unwrap(), basic("admin", "a"));
        assert_eq!(read.of(None).unwrap(), basic("admin", "a"));
        let variable = |name: &str| (name == TOKEN).then(|| "t".to_owned());
        let read = Credentials::read(None, variable).unwrap();
        assert_eq!(read.of(None).unwrap(), "Bearer t");
    }

    #[test]
    fn errors_never_quote_the_file() {
        for text in [
            "password = hunter2",
            "user = 'a'\npasword = 'hunter2'",
            "token = ['hunter2']",
        ] {
            let error = format!("{:#}", from_file(text).unwrap_err());
            assert!(
                error.contains("line") && !error.contains("hunter2"),
                "{error}"
            );
        }
        let error = Credentials::read(None, |_| None).unwrap_err().to_string();
        assert!(
            error.contains(USER) && error.contains("--credentials"),
            "{error}"
        );
    }
}
