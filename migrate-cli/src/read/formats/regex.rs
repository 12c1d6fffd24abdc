//! Text of any form: a regular expression whose groups are named as the parts of a call.

use anyhow::{Context as _, bail};
use regex::bytes::Regex;

use super::named::{NAMES, Name, Parts};
use crate::read::lines::{LineFormat, Observed, Read, Unreadable};

/// Lines that fit a regular expression.
pub(super) struct NamedGroups {
    regex: Regex,
    groups: Vec<(usize, Name)>,
}

impl NamedGroups {
    /// Reads the regular expression.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let regex = Regex::new(text).context("failed to read `--regex`")?;
        let mut groups = Vec::new();
        for (index, group) in regex.capture_names().enumerate() {
            let Some(group) = group else { continue };
            let name = Name::parse(group).with_context(|| {
                format!("`--regex`: no part of a call is called `{group}`; expected {NAMES}")
            })?;
            groups.push((index, name));
        }
        if !groups
            .iter()
            .any(|(_, name)| matches!(name, Name::Path | Name::Request))
        {
            bail!(
                "`--regex` has neither a group `path` nor a group `request`: without one no call can be told"
            );
        }
        Ok(Self { regex, groups })
    }
}

impl LineFormat for NamedGroups {
    fn read(
        &self,
        line: &[u8],
        take: &mut dyn FnMut(Observed<'_>) -> Read,
    ) -> Result<Read, Unreadable> {
        let found = self
            .regex
            .captures(line)
            .ok_or("it does not fit `--regex`")?;
        let mut parts = Parts::default();
        for (index, name) in &self.groups {
            if let Some(group) = found.get(*index) {
                parts.set(*name, group.as_bytes());
            }
        }
        Ok(take(Observed::Call(parts.call()?)))
    }
}
