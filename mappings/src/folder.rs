//! Mappings from a folder, in place of the embedded ones.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use windlass_transforms::diagnostic::Diagnostic;
use windlass_transforms::{MappingSet, Mappings};

/// Why mappings could not be had.
#[derive(Debug)]
pub enum LoadError {
    /// A file or folder could not be read.
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The folder holds no mapping file.
    Empty(PathBuf),
    /// The files are not right: every mistake, in the order of the files.
    Wrong(Vec<Diagnostic>),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, error } => {
                write!(f, "failed to read `{}`: {error}", path.display())
            }
            Self::Empty(path) => write!(
                f,
                "no mapping files in `{}`: expected folders `operations` and `shapes` with `.toml` files",
                path.display()
            ),
            Self::Wrong(diagnostics) => {
                for diagnostic in diagnostics {
                    writeln!(f, "{diagnostic}")?;
                }
                write!(f, "the mappings have {} mistakes", diagnostics.len())
            }
        }
    }
}

impl std::error::Error for LoadError {}

/// Reads and compiles the mapping files of `folder`, which is laid out as `mappings/` is; with
/// `None`, compiles the embedded ones.
pub fn load(folder: Option<&Path>) -> Result<Mappings, LoadError> {
    crate::compile_set(&read_set(folder)?).map_err(LoadError::Wrong)
}

/// As [`load`], but only parses the files.
pub fn read_set(folder: Option<&Path>) -> Result<MappingSet, LoadError> {
    let Some(folder) = folder else {
        return MappingSet::parse(crate::FILES.iter().copied()).map_err(LoadError::Wrong);
    };
    let mut files = Vec::new();
    for name in ["operations", "shapes"] {
        collect(folder, &folder.join(name), &mut files)?;
    }
    for name in ["defaults.toml", "unmapped.toml"] {
        let path = folder.join(name);
        if path.is_file() {
            files.push(read(folder, &path)?);
        }
    }
    if files.is_empty() {
        return Err(LoadError::Empty(folder.to_owned()));
    }
    files.sort();
    let files = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    MappingSet::parse(files).map_err(LoadError::Wrong)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) -> Result<(), LoadError> {
    let unreadable = |error| LoadError::Unreadable {
        path: folder.to_owned(),
        error,
    };
    if !folder.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(read(root, &path)?);
        }
    }
    Ok(())
}

fn read(root: &Path, path: &Path) -> Result<(String, String), LoadError> {
    let text = fs::read_to_string(path).map_err(|error| LoadError::Unreadable {
        path: path.to_owned(),
        error,
    })?;
    let name = path
        .strip_prefix(root)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/");
    Ok((name, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_mapping_files_is_not_taken_for_an_empty_set() {
        let folder = std::env::temp_dir().join("windlass-no-such-mappings");
        assert!(matches!(load(Some(&folder)), Err(LoadError::Empty(_))));
    }

    #[test]
    fn the_source_folder_gives_the_operations_that_are_embedded() {
        let ids = |mappings: &Mappings| {
            mappings
                .operations()
                .iter()
                .map(|o| o.id.clone())
                .collect::<Vec<_>>()
        };
        let folder =
            load(Some(Path::new(env!("CARGO_MANIFEST_DIR")))).expect("the source folder is right");
        assert_eq!(ids(&folder), ids(crate::mappings()));
    }
}
