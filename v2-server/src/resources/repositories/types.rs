//! Requests to watch repositories.

use serde::Deserialize;
use utoipa::IntoParams;

/// Which repository to watch, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RepositoryQuery {
    /// `registry/repository`.
    pub(crate) repository: String,
    /// Watch each new tag for new images, too. Default: false.
    pub(crate) auto_subscribe: Option<bool>,
    /// Only look: the answer is what would be stored. Default: false.
    pub(crate) dry_run: Option<bool>,
}
