//! Trying a login against its registry.

use crate::distribution::{Distribution, Endpoint};

/// A login to try.
pub(super) struct Login<'a> {
    /// The registry, which may go on with a repository.
    pub(super) registry: &'a str,
    /// Kind of registry.
    pub(super) kind: &'a str,
    pub(super) user: &'a str,
    pub(super) password: &'a str,
    /// Whether the registry's certificate is checked. If not, a registry without TLS will do too.
    pub(super) verify: bool,
}

/// Tries the login.
///
/// # Errors
/// What stands against it, in words.
pub(super) async fn check(distribution: &Distribution, login: &Login<'_>) -> Result<(), String> {
    if login.kind != "docker_v2" {
        return Err(format!(
            "the login of a registry of type `{}` cannot be tried, only of `docker_v2`",
            login.kind
        ));
    }
    let server = login.registry.split('/').next().unwrap_or(login.registry);
    let endpoint = Endpoint {
        registry: server.to_owned(),
        login: Some((login.user.to_owned(), login.password.to_owned())),
        verify: login.verify,
    };
    distribution
        .ping(&endpoint)
        .await
        .map_err(|error| error.to_string())
}
