//! All mapping files together.

use crate::diagnostic::Diagnostic;

/// All mapping files, parsed.
#[derive(Debug, Default)]
pub struct MappingSet {}

impl MappingSet {
    /// Reads mapping files: `(path relative to the mappings folder, text)`.
    pub fn parse<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let _ = files;
        Ok(Self::default())
    }
}
