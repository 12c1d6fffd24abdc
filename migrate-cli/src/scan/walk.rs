//! Which files are looked at.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ignore::WalkBuilder;

use super::{Confidence, FORMAT, Findings, Scanner};

/// Larger files are data, not code.
const LARGEST: u64 = 4 << 20;
/// Traffic is what `windlass audit` reads.
const TRAFFIC: [&str; 4] = ["log", "jsonl", "ndjson", "har"];
/// Longer lines are data, not code.
pub(super) const LONGEST_LINE: usize = 8192;

/// Looks at all files below these paths that .gitignore does not leave out.
pub(crate) fn scan(
    paths: &[PathBuf],
    scanner: &Scanner<'_>,
    least: Confidence,
) -> anyhow::Result<Findings> {
    let mut all = Findings {
        format: FORMAT,
        files: 0,
        places: Vec::new(),
    };
    for root in paths {
        let name = root.display();
        std::fs::metadata(root).with_context(|| format!("failed to open `{name}`"))?;
        let walk = WalkBuilder::new(root)
            // CI configuration lives in hidden folders.
            .hidden(false)
            .require_git(false)
            .filter_entry(|entry| entry.file_name() != ".git")
            .sort_by_file_path(Path::cmp)
            .build();
        for entry in walk {
            let entry = entry.with_context(|| format!("failed to read below `{name}`"))?;
            if !entry.file_type().is_some_and(|kind| kind.is_file()) || is_traffic(entry.path()) {
                continue;
            }
            let Some(text) = text(entry.path())? else {
                continue;
            };
            all.files += 1;
            let found = scanner.file(&entry.path().display().to_string(), &text);
            all.places
                .extend(found.into_iter().filter(|found| found.confidence >= least));
        }
    }
    Ok(all)
}

fn is_traffic(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| TRAFFIC.contains(&extension))
}

/// The text of a file; `None` for binary and large ones. Bytes that are not UTF-8 are replaced.
fn text(path: &Path) -> anyhow::Result<Option<String>> {
    let context = || format!("failed to read `{}`", path.display());
    let mut file = std::fs::File::open(path).with_context(context)?;
    if file.metadata().with_context(context)?.len() > LARGEST {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).with_context(context)?;
    if bytes.iter().take(8192).any(|byte| *byte == 0) {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
