//! Which files are meant: files, folders, patterns and standard input.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use globset::{GlobBuilder, GlobMatcher};

/// One thing to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    /// `-` is standard input.
    pub(crate) path: PathBuf,
    /// Named by itself, not found in a folder or by a pattern: it must be readable.
    pub(crate) is_named: bool,
}

/// All files meant by the arguments, in their order; those of a folder or pattern by name.
pub(crate) fn expand(arguments: &[PathBuf]) -> anyhow::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in arguments {
        let name = path.display();
        if path.as_os_str() == "-" || path.is_file() {
            inputs.push(Input {
                path: path.clone(),
                is_named: true,
            });
        } else if path.is_dir() {
            let found = files_below(path, None)?;
            if found.is_empty() {
                bail!("failed to read `{name}`: the folder holds no files");
            }
            inputs.extend(found);
        } else if path.exists() {
            // A pipe or a device.
            inputs.push(Input {
                path: path.clone(),
                is_named: true,
            });
        } else if path.to_string_lossy().contains(['*', '?', '[']) {
            let found = matching(path)?;
            if found.is_empty() {
                bail!("no file fits the pattern `{name}`");
            }
            inputs.extend(found);
        } else {
            // Opening it says why not.
            std::fs::File::open(path).with_context(|| format!("failed to open `{name}`"))?;
        }
    }
    Ok(inputs)
}

fn matching(pattern: &Path) -> anyhow::Result<Vec<Input>> {
    let text = pattern.to_string_lossy();
    let matcher = GlobBuilder::new(&text)
        .literal_separator(true)
        .build()
        .with_context(|| format!("failed to read the pattern `{text}`"))?
        .compile_matcher();
    let fixed: PathBuf = pattern
        .components()
        .take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']))
        .collect();
    let root = if fixed.as_os_str().is_empty() {
        Path::new(".")
    } else {
        &fixed
    };
    if !root.is_dir() {
        return Ok(Vec::new());
    }
    files_below(root, Some(&matcher))
}

/// Files below a folder, sorted by path; hidden ones are left out.
fn files_below(folder: &Path, matcher: Option<&GlobMatcher>) -> anyhow::Result<Vec<Input>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("failed to read the folder `{}`", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("failed to read `{}`", folder.display()))?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            let path = entry.path();
            // Links are followed to files, never to folders: those could lead in a circle.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if path.is_file() && matcher.is_none_or(|matcher| fits(matcher, &path)) {
                found.push(Input {
                    path,
                    is_named: false,
                });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn fits(matcher: &GlobMatcher, path: &Path) -> bool {
    matcher.is_match(path)
        || path
            .strip_prefix(".")
            .is_ok_and(|path| matcher.is_match(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_patterns_stand_for_their_files_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("old")).unwrap();
        for name in ["b.log", "a.log", "a.txt", ".hidden.log", "old/c.log"] {
            std::fs::write(at(name), "x").unwrap();
        }
        let names = |pattern: &str| -> Vec<PathBuf> {
            expand(&[at(pattern)])
                .unwrap()
                .into_iter()
                .map(|input| input.path)
                .collect()
        };
        assert_eq!(
            names(""),
            [at("a.log"), at("a.txt"), at("b.log"), at("old/c.log")]
        );
        assert_eq!(names("*.log"), [at("a.log"), at("b.log")]);
        assert_eq!(
            names("**/*.log"),
            [at("a.log"), at("b.log"), at("old/c.log")]
        );
        let error = expand(&[at("*.gz")]).unwrap_err().to_string();
        assert!(error.contains("no file fits"), "{error}");
        let error = expand(&[at("none")]).unwrap_err().to_string();
        assert!(error.contains("failed to open"), "{error}");
    }
}
