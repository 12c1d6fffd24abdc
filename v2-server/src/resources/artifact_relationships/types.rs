//! Relationships as clients see them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::resources::applications::types::ArtifactType;
use crate::time::Timestamp;

/// An edge from one artifact to another.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ArtifactRelationship {
    /// Id of the relationship.
    pub(crate) uuid: String,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// Where the edge begins.
    pub(crate) source: ArtifactReference,
    /// Where it ends.
    pub(crate) target: ArtifactReference,
    /// What it means.
    pub(crate) relationship_type: RelationshipType,
    /// What somebody said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) comment: Option<String>,
    /// What somebody noted about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) user_metadata: Option<Map<String, Value>>,
}

/// A relationship to add.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ArtifactRelationshipRequest {
    /// Where the edge begins.
    #[schema(required = false)]
    pub(crate) source: ArtifactReference,
    /// Where it ends.
    #[schema(required = false)]
    pub(crate) target: ArtifactReference,
    /// What it means.
    #[schema(required = false)]
    pub(crate) relationship_type: RelationshipType,
    /// What to say about it.
    pub(crate) comment: Option<String>,
    /// What to note about it.
    #[schema(value_type = Option<Object>)]
    pub(crate) user_metadata: Option<Map<String, Value>>,
}

/// An artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ArtifactReference {
    /// Digest of an image, or id of a source.
    #[schema(required = false)]
    pub(crate) artifact_id: String,
    /// Kind of artifact.
    #[schema(required = false)]
    pub(crate) artifact_type: ArtifactType,
}

/// What an edge means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RelationshipType {
    /// The source has the content of the target.
    Contains,
    /// The target has the content of the source.
    ContainedBy,
}

impl RelationshipType {
    /// The word clients and the database use.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Contains => "contains",
            Self::ContainedBy => "contained_by",
        }
    }

    /// Reads the word.
    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Contains, Self::ContainedBy]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// Which relationships to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RelationshipsQuery {
    /// Only those with an artifact of this kind at either end.
    #[param(inline)]
    pub(crate) artifact_type: Option<ArtifactType>,
    /// Only those with this artifact at either end.
    pub(crate) artifact_id: Option<String>,
}

/// Which relationships to delete.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteRelationshipsQuery {
    /// Ids of the relationships.
    #[param(style = Form, explode = false)]
    pub(crate) relationship_ids: Vec<String>,
}

/// One relationship.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct RelationshipPath {
    /// Id of the relationship.
    pub(crate) relationship_id: String,
}

/// What was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedRelationships {
    /// Ids of the relationships.
    pub(crate) deleted: Vec<String>,
}

/// How the packages of two artifacts differ.
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct RelationshipSbomDiff {
    /// Packages of the source alone.
    pub(crate) source_only: Vec<SbomPackage>,
    /// Packages of the target alone.
    pub(crate) target_only: Vec<SbomPackage>,
    /// Packages of both, in different versions.
    pub(crate) source_modified: Vec<ModifiedPackage>,
    /// Packages of both, as the source has them.
    pub(crate) both_unmodified: Vec<SbomPackage>,
}

/// A package of any type.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Package)]
pub(crate) struct SbomPackage {
    /// Name as the package manager knows it.
    pub(crate) name: String,
    /// Version as the package manager writes it.
    pub(crate) version: String,
    /// Release of an RPM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) release: Option<String>,
    /// The source package it was built from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sourcepkg: Option<String>,
    /// Path within the artifact.
    pub(crate) location: String,
    /// Who made or maintains it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<String>,
    /// Installed size in bytes, where the package manager records it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<i64>,
    /// Licences, one entry each.
    pub(crate) licenses: Vec<String>,
    /// Kind of `metadata`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metadata_type: Option<String>,
    /// What the package manager records besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) metadata: Option<Value>,
    /// `Specification-Version` of a Java archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) specification_version: Option<String>,
    /// `Implementation-Version` of a Java archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) implementation_version: Option<String>,
    /// Version in the Maven properties of a Java archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) maven_version: Option<String>,
    /// CPEs the package may be listed under.
    pub(crate) cpes: Vec<String>,
    /// Package URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) purl: Option<String>,
}

/// A package that is in both artifacts, in different versions.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct ModifiedPackage {
    /// As the source has it.
    pub(crate) source: SbomPackage,
    /// As the target has it.
    pub(crate) target: SbomPackage,
    /// What makes the former of the latter.
    pub(crate) patch: CustomJsonPatch,
}

/// Changes to an object, as RFC 6902 knows them, by kind; `operations` gives their order by id.
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct CustomJsonPatch {
    /// Ids of all changes, in order.
    pub(crate) operations: Vec<String>,
    /// Members that are new.
    pub(crate) add: Vec<PatchWithValue>,
    /// Members that go.
    pub(crate) remove: Vec<PatchWithoutValue>,
    /// Members that are something else.
    pub(crate) replace: Vec<PatchWithValue>,
}

/// A change that has a value.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct PatchWithValue {
    /// Id of the change.
    pub(crate) id: String,
    /// What is done.
    pub(crate) op: String,
    /// Where: a JSON pointer.
    pub(crate) path: String,
    /// The new value.
    #[schema(value_type = Object)]
    pub(crate) value: Value,
}

/// A change that has no value.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct PatchWithoutValue {
    /// Id of the change.
    pub(crate) id: String,
    /// What is done.
    pub(crate) op: String,
    /// Where: a JSON pointer.
    pub(crate) path: String,
}
