//! JSON lines of any form: `--field client=$.user.name`.

use anyhow::{Context as _, anyhow, bail};
use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;

use super::json::object;
use super::named::{NAMES, Name, Parts};
use crate::read::lines::{LineFormat, Observed, Read, Unreadable};

/// JSON lines whose parts are found by JSONPath.
pub(super) struct Fields(Vec<(Name, JpQuery)>);

impl Fields {
    /// Reads `name=path` options.
    pub(super) fn parse(options: &[String]) -> anyhow::Result<Self> {
        let mut fields = Vec::new();
        for option in options {
            let (name, path) = option.split_once('=').with_context(|| {
                format!("`--field {option}` has no `=`; expected such as client=$.user.name")
            })?;
            let name = Name::parse(name).with_context(|| {
                format!(
                    "`--field {option}`: no part of a call is called `{name}`; expected {NAMES}"
                )
            })?;
            let path = parse_json_path(path)
                .map_err(|error| anyhow!("`--field {option}` is no JSONPath: {error}"))?;
            fields.push((name, path));
        }
        if !fields
            .iter()
            .any(|(name, _)| matches!(name, Name::Path | Name::Request))
        {
            bail!(
                "`--field` names neither a `path` nor a `request`: without one no call can be told"
            );
        }
        Ok(Self(fields))
    }
}

impl LineFormat for Fields {
    fn read(
        &self,
        line: &[u8],
        take: &mut dyn FnMut(Observed<'_>) -> Read,
    ) -> Result<Read, Unreadable> {
        let value = object(line)?;
        let found: Vec<(Name, String)> = self
            .0
            .iter()
            .filter_map(|(name, path)| {
                let selected = js_path_process(path, &value).ok()?.into_iter().next()?;
                let text = match selected.val() {
                    Value::String(text) => text.clone(),
                    Value::Null => return None,
                    other => other.to_string(),
                };
                Some((*name, text))
            })
            .collect();
        let mut parts = Parts::default();
        for (name, text) in &found {
            parts.set(*name, text.as_bytes());
        }
        Ok(take(Observed::Call(parts.call()?)))
    }
}
