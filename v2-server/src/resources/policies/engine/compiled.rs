//! A policy that is ready to be run.

use super::allowlist::CompiledAllowlist;
use super::finding::Origin;
use super::selection::{Selector, SourceSelector};
use super::{Action, Check, EvaluatedImage, EvaluatedSource, Needs, PatternError};
use crate::resources::policies::catalogue::{Gate, Trigger};
use crate::resources::policies::document::{ImageSelectionRule, MappingRule, SourceMappingRule};

/// A policy that is ready to be run.
#[derive(Debug, Default)]
pub(crate) struct CompiledPolicy {
    pub(super) rule_sets: Vec<CompiledRuleSet>,
    pub(super) allowlists: Vec<CompiledAllowlist>,
    pub(super) mappings: Vec<(Selector, MappingRule)>,
    pub(super) source_mappings: Vec<(SourceSelector, SourceMappingRule)>,
    pub(super) allowlisted_images: Vec<(Selector, ImageSelectionRule)>,
    pub(super) denylisted_images: Vec<(Selector, ImageSelectionRule)>,
}

#[derive(Debug)]
pub(super) struct CompiledRuleSet {
    pub(super) id: String,
    pub(super) is_for_sources: bool,
    pub(super) rules: Vec<CompiledRule>,
}

/// A rule of a known trigger.
#[derive(Debug)]
pub(super) struct CompiledRule {
    pub(super) gate: &'static Gate,
    pub(super) trigger: &'static Trigger,
    pub(super) id: String,
    pub(super) recommendation: String,
    pub(super) action: Action,
    pub(super) run: Run,
}

/// What running a rule means.
#[derive(Debug)]
pub(super) enum Run {
    /// Running this check.
    Check(Box<dyn Check>),
    /// Saying that this server cannot.
    NotAvailable,
    /// Saying that nobody does any more.
    Retired,
}

impl CompiledRule {
    pub(super) fn origin<'a>(&'a self, rule_set_id: &'a str) -> Origin<'a> {
        Origin {
            gate: self.gate.name,
            trigger: self.trigger.name,
            rule_set_id,
            rule_id: &self.id,
            recommendation: &self.recommendation,
            action: self.action,
        }
    }

    /// Where the rule stands, for people.
    pub(super) fn place(&self, rule_set_id: &str) -> String {
        format!(
            "gate `{}`, trigger `{}`, rule `{}` of rule set `{rule_set_id}`",
            self.gate.name, self.trigger.name, self.id
        )
    }

    /// What took the place of a retired trigger.
    pub(super) fn successor(&self) -> Option<&'static str> {
        self.gate.superseded_by
    }
}

impl CompiledPolicy {
    /// The mapping that applies to the image.
    pub(crate) fn mapping_for(
        &self,
        image: &EvaluatedImage,
    ) -> Result<Option<&MappingRule>, PatternError> {
        super::selection::first(&self.mappings, image)
    }

    /// The mapping that applies to the source.
    pub(super) fn source_mapping_for(
        &self,
        source: &EvaluatedSource,
    ) -> Result<Option<&SourceMappingRule>, PatternError> {
        for (selector, mapping) in &self.source_mappings {
            if selector.selects(source)? {
                return Ok(Some(mapping));
            }
        }
        Ok(None)
    }

    /// Whether a rule set looks at sources.
    pub(super) fn is_for_sources(&self, rule_set_id: &str) -> bool {
        self.rule_sets
            .iter()
            .any(|rule_set| rule_set.id == rule_set_id && rule_set.is_for_sources)
    }

    /// The listings that the rules of the mapping look at.
    pub(crate) fn needs(&self, mapping: &MappingRule) -> Needs {
        self.rule_sets_of(&mapping.rule_set_ids)
            .flat_map(|rule_set| &rule_set.rules)
            .map(|rule| match &rule.run {
                Run::Check(check) => check.needs(),
                Run::NotAvailable | Run::Retired => Needs::default(),
            })
            .fold(Needs::default(), |all, needs| all | needs)
    }

    /// The rule sets of these ids, in their order.
    pub(super) fn rule_sets_of<'a>(
        &'a self,
        ids: &'a [String],
    ) -> impl Iterator<Item = &'a CompiledRuleSet> {
        ids.iter()
            .filter_map(|id| self.rule_sets.iter().find(|rule_set| rule_set.id == *id))
    }

    /// The allowlists of these ids, in their order.
    pub(super) fn allowlists_of<'a>(
        &'a self,
        ids: &'a [String],
    ) -> impl Iterator<Item = &'a CompiledAllowlist> {
        ids.iter()
            .filter_map(|id| self.allowlists.iter().find(|list| list.id() == id))
    }
}
