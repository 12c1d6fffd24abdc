//! Results for scripts.

use anyhow::Context as _;
use serde::Serialize;

/// Appends `value` as indented JSON with a final newline.
pub(crate) fn pretty(value: &impl Serialize, out: &mut String) -> anyhow::Result<()> {
    out.push_str(&serde_json::to_string_pretty(value).context("failed to write JSON")?);
    out.push('\n');
    Ok(())
}
