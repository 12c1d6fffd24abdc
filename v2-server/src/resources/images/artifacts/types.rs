//! Shapes of an image's analysis by-products.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The matches of content or secret searches in one file.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct FileMatches {
    /// Absolute path.
    pub(crate) path: String,
    /// One entry for each search that matched.
    pub(crate) matches: Vec<RegexContentMatch>,
}

/// Where one search matched within a file.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct RegexContentMatch {
    /// Name of the search.
    pub(crate) name: String,
    /// Its regular expression; empty when only the name was uploaded.
    pub(crate) regex: String,
    /// Lines with a match, ascending.
    pub(crate) lines: Vec<i64>,
}

/// A file whose content was kept.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct RetrievedFile {
    /// Absolute path.
    pub(crate) path: String,
    /// Its content in base64.
    pub(crate) b64_content: String,
}
