//! SBOM documents in published forms, made of the documents that Syft writes.
//!
//! Packages, their licences, CPEs, package URLs and places are carried over; files are not. The same document about
//! the same thing always gives the same text.

mod cyclonedx;
mod licenses;
mod spdx;

use serde::Serialize;
use uuid::Uuid;

use super::syft;
use crate::time::Timestamp;

/// A published form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// SPDX 2.3.
    Spdx,
    /// CycloneDX 1.5.
    CycloneDx,
}

/// What a document is about.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// What kind of thing.
    pub(crate) kind: SubjectKind,
    /// Name of the thing, without its version.
    pub(crate) name: String,
    /// Which one of that name: a digest, a revision.
    pub(crate) version: String,
    /// When it was analysed.
    pub(crate) made_at: Timestamp,
}

/// What kind of thing a document is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SubjectKind {
    /// A container image.
    Image,
    /// A revision of a source repository.
    Source,
}

impl Format {
    /// Writes a document of Syft in this form.
    ///
    /// # Errors
    /// The bytes are no document of Syft.
    pub(crate) fn convert(self, sbom: &[u8], subject: &Subject) -> serde_json::Result<Vec<u8>> {
        let document = syft::Document::parse(sbom)?;
        match self {
            Self::Spdx => write(&spdx::Spdx::of(&document, subject)),
            Self::CycloneDx => write(&cyclonedx::Bom::of(&document, subject)),
        }
    }
}

fn write(document: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(document)
}

impl Subject {
    /// An id that is the same for the same thing.
    fn id(&self) -> Uuid {
        let text = format!("{}@{}", self.name, self.version);
        Uuid::new_v5(&Uuid::NAMESPACE_URL, text.as_bytes())
    }
}

/// Name and version of this program, as documents name the tool they were made with.
const TOOL: (&str, &str) = ("windlass", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests;
