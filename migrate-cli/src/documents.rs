//! The documents that mappings are held against, and where they come from.

use std::fmt;
use std::path::{Path, PathBuf};

use windlass_transforms::MappingSet;
use windlass_transforms::compare::{Documents, Source};
use windlass_transforms::document::{Document, DocumentError};

/// Our own V2 document, as the V2 server publishes it.
const OWN_V2: &str = include_str!("../../v2-server/openapi/v2.json");

/// The files of a reference folder.
const REFERENCE_V1: [&str; 3] = ["v1-engine.yaml", "v1-enterprise.yaml", "v1-rbac.yaml"];
const REFERENCE_V2: &str = "v2-5.0.0.yaml";

/// Where documents come from, besides the V2 document that is built in.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// A folder with the specifications of the original APIs.
    pub reference: Option<PathBuf>,
    /// V1 documents: the service, where it was named, and the file.
    pub v1: Vec<(Option<String>, PathBuf)>,
    /// V2 documents.
    pub v2: Vec<PathBuf>,
}

/// Why a document cannot be used.
#[derive(Debug)]
pub enum LoadError {
    /// The file cannot be read.
    Unreadable(PathBuf, std::io::Error),
    /// The file is no OpenAPI document.
    NotADocument(PathBuf, DocumentError),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) => {
                write!(f, "failed to read `{}`: {error}", path.display())
            }
            Self::NotADocument(path, error) => {
                write!(f, "failed to use `{}`: {error}", path.display())
            }
        }
    }
}

impl std::error::Error for LoadError {}

/// Reads one document, JSON or YAML.
pub fn read(path: &Path) -> Result<Document, LoadError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| LoadError::Unreadable(path.to_owned(), error))?;
    Document::from_text(&text).map_err(|error| LoadError::NotADocument(path.to_owned(), error))
}

/// Our own V2 document.
pub fn built_in_v2() -> Document {
    Document::from_json(OWN_V2).expect("`the_built_in_document_is_one` keeps it right")
}

impl Places {
    /// Reads all documents. Files that were named replace those of the reference folder, and V2
    /// files the document that is built in too: they may be of another API.
    pub fn load(&self, set: &MappingSet) -> Result<Documents, LoadError> {
        let in_reference = |name: &str| self.reference.as_ref().map(|folder| folder.join(name));
        let v1 = if self.v1.is_empty() {
            let files = REFERENCE_V1.iter().filter_map(|name| in_reference(name));
            files.map(|file| (None, file)).collect()
        } else {
            self.v1.clone()
        };
        let v2 = if self.v2.is_empty() {
            in_reference(REFERENCE_V2).into_iter().collect()
        } else {
            self.v2.clone()
        };
        let services: Vec<&str> = set.services().collect();
        let mut documents = Documents::default();
        for (service, path) in v1 {
            let name = file_name(&path);
            let service = service.unwrap_or_else(|| service_of(&name));
            documents.v1.push(Source {
                mapped_as: services
                    .contains(&service.as_str())
                    .then(|| service.clone()),
                service,
                name,
                complete: true,
                document: read(&path)?,
            });
        }
        for path in v2 {
            documents.v2.push(Source {
                name: file_name(&path),
                service: "v2".to_owned(),
                mapped_as: None,
                complete: true,
                document: read(&path)?,
            });
        }
        if !self.v2.is_empty() {
            return Ok(documents);
        }
        documents.v2.push(Source {
            name: "the built-in V2 document".to_owned(),
            service: "v2".to_owned(),
            mapped_as: None,
            complete: false,
            document: built_in_v2(),
        });
        Ok(documents)
    }
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// `v1-engine.yaml` is the document of `engine`.
fn service_of(file: &str) -> String {
    let stem = file.split('.').next().unwrap_or(file);
    stem.strip_prefix("v1-").unwrap_or(stem).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_document_is_one() {
        let document = Document::from_json(OWN_V2).expect("OpenAPI");
        assert_eq!(document.base_path, "/v2");
        assert!(document.operations.len() > 90);
    }

    #[test]
    fn a_service_is_named_by_its_file() {
        assert_eq!(service_of("v1-rbac.yaml"), "rbac");
        assert_eq!(service_of("reports.json"), "reports");
    }
}
