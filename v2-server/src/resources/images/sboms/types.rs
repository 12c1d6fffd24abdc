//! SBOMs as clients see them.

use serde_json::{Map, Value};
use utoipa::ToSchema;

/// An SBOM, whose form is published elsewhere.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct SbomDocument(Map<String, Value>);
