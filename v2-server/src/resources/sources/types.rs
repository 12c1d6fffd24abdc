//! Sources as clients see them.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::resources::images::record::types::AnalysisStatus;
use crate::resources::images::vulnerabilities::types::ImagePackageVulnerability;
use crate::resources::policies::document::{Policy, SourceMappingRule};
use crate::resources::policies::engine::{
    Action, FinalActionReason, PolicyEvaluationFinding, PolicyEvaluationFindingAllowlistMatch,
    Status,
};
use crate::resources::policies::problem::PolicyEvaluationProblem;
use crate::time::Timestamp;

/// Whether a source is there to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SourceStatus {
    /// In use.
    Active,
}

/// Sources.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourcesList {
    /// The sources, newest first.
    pub(crate) items: Vec<Source>,
}

/// A revision of a source repository.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the words of the API")]
pub(crate) struct Source {
    /// Id of the source.
    pub(crate) uuid: String,
    /// The account that owns it.
    pub(crate) account_name: String,
    /// Host of the repository, e.g. `github.com`.
    pub(crate) host: String,
    /// Name of the repository on the host.
    pub(crate) repository_name: String,
    /// The revision, e.g. a commit.
    pub(crate) revision: String,
    /// How far the analysis is.
    pub(crate) analysis_status: AnalysisStatus,
    /// Whether the source is there to stay.
    pub(crate) source_status: SourceStatus,
    /// When the record was made.
    pub(crate) created_at: Timestamp,
    /// When the record was last changed.
    pub(crate) last_updated: Timestamp,
}

/// A revision of a source repository, with all that imports told about it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SourceManifest {
    /// Id of the source.
    pub(crate) uuid: String,
    /// The account that owns it.
    pub(crate) account_name: String,
    /// Kind of repository: `git`.
    pub(crate) vcs_type: String,
    /// Host of the repository, e.g. `github.com`.
    pub(crate) host: String,
    /// Name of the repository on the host.
    pub(crate) repository_name: String,
    /// The revision, e.g. a commit.
    pub(crate) revision: String,
    /// When the record was made.
    pub(crate) created_at: Timestamp,
    /// When the record was last changed.
    pub(crate) last_updated: Timestamp,
    /// How far the analysis is.
    pub(crate) analysis_status: AnalysisStatus,
    /// Whether the source is there to stay.
    pub(crate) source_status: SourceStatus,
    /// One entry for each import, oldest first.
    pub(crate) metadata_records: Vec<SourceMetadataRecord>,
}

/// What an import told about a source.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SourceMetadataRecord {
    /// Id of the entry.
    pub(crate) uuid: String,
    /// The workflow that imported it.
    #[schema(default = json!(null))]
    pub(crate) ci_workflow_name: Option<String>,
    /// When the workflow ran.
    #[schema(default = json!(null))]
    pub(crate) ci_workflow_execution_time: Option<Timestamp>,
    /// The branch.
    #[schema(default = json!(null))]
    pub(crate) branch_name: Option<String>,
    /// Who made the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) change_author: Option<String>,
}

/// One source.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SourcePath {
    /// Id of the source.
    pub(crate) source_id: String,
}

/// How to delete.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteSourceQuery {
    /// Delete also a source that is referred to. Default: false.
    pub(crate) force: Option<bool>,
}

/// One content listing.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SourceContentPath {
    /// Id of the source.
    pub(crate) source_id: String,
    /// Type of packages.
    pub(crate) content_type: String,
}

/// A listing of packages of one type.
#[derive(ToSchema)]
#[expect(dead_code, reason = "written piece by piece; only its schema is used")]
pub(crate) struct SourceContentPackageResponse {
    /// The source.
    source_id: String,
    /// The type asked for.
    content_type: String,
    /// The packages, by name, version and location.
    content: Vec<SourceContentPackageResponseContent>,
}

/// One package of a source.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceContentPackageResponseContent {
    /// Name as the package manager knows it.
    pub(crate) package: String,
    /// Version as the package manager writes it.
    pub(crate) version: String,
    /// Installed size in bytes, as text, where the package manager records it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<String>,
    /// Type of the package, in capitals.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Who made or maintains it.
    pub(crate) origin: String,
    /// Licences, one entry each.
    pub(crate) licenses: Vec<String>,
    /// Path within the repository.
    pub(crate) location: String,
    /// CPEs the package may be listed under.
    pub(crate) cpes: Vec<String>,
    /// Kind of `metadata`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metadata_type: Option<String>,
    /// What the package manager records besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) metadata: Option<Box<RawValue>>,
    /// Package URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) purl: Option<String>,
}

/// One report of a source.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SourceVulnerabilityPath {
    /// Id of the source.
    pub(crate) source_id: String,
    /// `os`, `non-os` or `all`.
    pub(crate) vuln_type: String,
}

/// How to report.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SourceVulnerabilityQuery {
    /// Match again first. Without feeds to match with, this changes nothing. Default: false.
    #[serde(rename = "force_refresh")]
    #[param(rename = "force_refresh")]
    _force_refresh: Option<bool>,
    /// Only matches whose `will_not_fix` is this. Default: all.
    pub(crate) will_not_fix: Option<bool>,
}

/// Vulnerabilities of a source.
#[derive(ToSchema)]
#[expect(dead_code, reason = "written piece by piece; only its schema is used")]
pub(crate) struct SourcePackageVulnerabilityResponse {
    /// The source.
    source_id: String,
    /// Which packages the report is about: `os`, `non-os` or `all`.
    vulnerability_type: String,
    /// Worst first.
    vulnerabilities: Vec<ImagePackageVulnerability>,
}

/// Which policy to use.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SourceCheckQuery {
    /// The policy; the active one when left out.
    pub(crate) policy_id: Option<String>,
}

/// What a policy makes of a source.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourcePolicyEvaluation {
    /// The account that owns the source.
    pub(crate) account_name: String,
    /// Names the outcome: the same policy, source and final action have the same id.
    pub(crate) evaluation_id: String,
    /// The source.
    pub(crate) source_id: String,
    /// Host of the repository.
    pub(crate) host: String,
    /// Name of the repository.
    pub(crate) repository_name: String,
    /// The revision.
    pub(crate) revision: String,
    /// The policy that was used.
    pub(crate) policy: Policy,
    /// Whether a mapping applied to the source.
    pub(crate) source_mapped_to_rule: bool,
    /// The mapping that applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) matched_mapping_rule: Option<SourceMappingRule>,
    /// What was found.
    pub(crate) findings: Vec<SourcePolicyEvaluationFinding>,
    /// How much was found.
    pub(crate) number_of_findings: usize,
    /// When the evaluation was made.
    pub(crate) evaluation_time: Timestamp,
    /// What the policy leads to.
    pub(crate) final_action: Action,
    /// Why.
    pub(crate) final_action_reason: FinalActionReason,
    /// What was in the way of it.
    pub(crate) evaluation_problems: Vec<PolicyEvaluationProblem>,
    /// Whether the source passes.
    pub(crate) status: Status,
}

/// One finding.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourcePolicyEvaluationFinding {
    /// Names the finding in allowlists.
    pub(crate) trigger_id: String,
    /// The gate that found it.
    pub(crate) gate: String,
    /// The trigger that found it.
    pub(crate) trigger: String,
    /// What was found, in words.
    pub(crate) message: String,
    /// What it leads to.
    pub(crate) action: Action,
    /// The id of the rule set.
    pub(crate) policy_id: String,
    /// What the rule says to do about it.
    pub(crate) recommendation: String,
    /// The id of the rule.
    pub(crate) rule_id: String,
    /// Whether an allowlist names it.
    pub(crate) allowlisted: bool,
    /// The allowlist that names it.
    #[schema(default = json!(null))]
    pub(crate) allowlist_match: Option<PolicyEvaluationFindingAllowlistMatch>,
}

impl From<PolicyEvaluationFinding> for SourcePolicyEvaluationFinding {
    fn from(finding: PolicyEvaluationFinding) -> Self {
        Self {
            trigger_id: finding.trigger_id,
            gate: finding.gate,
            trigger: finding.trigger,
            message: finding.message,
            action: finding.action,
            policy_id: finding.policy_id,
            recommendation: finding.recommendation,
            rule_id: finding.rule_id,
            allowlisted: finding.allowlisted,
            allowlist_match: finding.allowlist_match,
        }
    }
}
