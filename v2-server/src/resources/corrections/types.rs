//! Corrections as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::time::Timestamp;

/// A correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Correction {
    /// Id of the correction; given by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uuid: Option<String>,
    /// What it is about.
    #[serde(rename = "type")]
    pub(crate) kind: CorrectionType,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// Which packages it is for.
    #[serde(rename = "match")]
    pub(crate) matches: CorrectionMatch,
    /// What they get.
    pub(crate) replace: Vec<CorrectionFieldMatch>,
    /// When it was made; given by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<Timestamp>,
    /// When it was last changed; given by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_updated: Option<Timestamp>,
}

/// What a correction is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CorrectionType {
    /// Packages.
    Package,
}

/// Which packages a correction is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct CorrectionMatch {
    /// Type of the packages, as of content listings: `os`, `npm`, `java`, …
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// What must hold of the packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) field_matches: Option<Vec<CorrectionFieldMatch>>,
}

/// A field of a package and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct CorrectionFieldMatch {
    /// Name of the field, as content listings show it.
    pub(crate) field_name: String,
    /// Its value.
    pub(crate) field_value: String,
}

/// Which corrections to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CorrectionsQuery {
    /// Only corrections of this kind. There is only one kind.
    #[serde(rename = "correction_type")]
    #[param(inline, rename = "correction_type")]
    _correction_type: Option<CorrectionType>,
}

/// One correction.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct CorrectionPath {
    /// Id of the correction.
    pub(crate) uuid: String,
}
