//! The policy language as clients are told it: the catalogue in the form of `GET /system/policy-spec`.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::catalogue::{Gate, Parameter, State, Trigger, gates};

/// A gate: a group of triggers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GateSpec {
    /// The name that rules use.
    name: &'static str,
    /// What the gate looks at.
    description: &'static str,
    /// What its rules are evaluated on.
    #[schema(value_type = super::document::ArtifactType)]
    supported_artifact_type: &'static str,
    /// Whether the gate is evaluated.
    state: SpecState,
    /// The gate to use instead.
    #[schema(default = json!(null))]
    superseded_by: Option<&'static str>,
    /// Its triggers.
    triggers: Vec<TriggerSpec>,
}

/// A condition that a rule can look for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TriggerSpec {
    /// The name that rules use.
    name: &'static str,
    /// When it fires.
    description: &'static str,
    /// Whether the trigger is evaluated.
    state: SpecState,
    /// The trigger to use instead.
    #[schema(default = json!(null))]
    superseded_by: Option<&'static str>,
    /// Its parameters.
    parameters: Vec<TriggerParamSpec>,
}

/// A parameter of a trigger.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TriggerParamSpec {
    /// The name that rules use.
    name: &'static str,
    /// What it means.
    description: &'static str,
    /// A value that could be given.
    #[schema(default = json!(null))]
    example: Option<&'static str>,
    /// Whether the parameter is read.
    state: SpecState,
    /// The parameter to use instead.
    #[schema(default = json!(null))]
    superseded_by: Option<&'static str>,
    /// Whether a rule must give it.
    required: bool,
    /// Which values it takes: `type`, `description`, and a JSON schema in `criteria`.
    #[schema(value_type = Object)]
    validator: Value,
}

/// Whether a part of the language is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SpecState {
    /// It is.
    Active,
    /// It is, but should not be used in new rules.
    #[expect(
        dead_code,
        reason = "part of the language, but nothing is deprecated at present"
    )]
    Deprecated,
    /// It is not evaluated any more.
    Eol,
}

impl From<State> for SpecState {
    fn from(state: State) -> Self {
        match state {
            State::Active => Self::Active,
            State::EndOfLife => Self::Eol,
        }
    }
}

impl From<&Gate> for GateSpec {
    fn from(gate: &Gate) -> Self {
        Self {
            name: gate.name,
            description: gate.description,
            supported_artifact_type: "image",
            state: gate.state.into(),
            superseded_by: gate.superseded_by,
            triggers: gate.triggers.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Trigger> for TriggerSpec {
    fn from(trigger: &Trigger) -> Self {
        Self {
            name: trigger.name,
            description: trigger.description,
            state: trigger.state().into(),
            superseded_by: None,
            parameters: trigger.parameters.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Parameter> for TriggerParamSpec {
    fn from(parameter: &Parameter) -> Self {
        Self {
            name: parameter.name,
            description: parameter.description,
            example: parameter.example,
            state: SpecState::Active,
            superseded_by: None,
            required: parameter.required,
            validator: parameter.kind.validator(),
        }
    }
}

/// The whole language, what is in use first.
pub(crate) fn gate_specs() -> Vec<GateSpec> {
    gates().map(Into::into).collect()
}
