//! The document of the V1 API, derived from the one of V2.

use windlass_transforms::MappingSet;
use windlass_transforms::document::derive::Sources;
use windlass_transforms::document::{Document, DocumentError};

use crate::steps;

/// What every path begins with, on the main port and on those of other services.
const BASE_PATH: &str = "/v1";

/// The V1 document of one V1 service that had a port of its own (`service` in operation files),
/// or, with `None`, of the main port.
pub fn v1(
    set: &MappingSet,
    v2: &Document,
    service: Option<&str>,
) -> Result<Document, DocumentError> {
    let sources = Sources {
        set,
        steps: steps::STEPS,
        schemas: steps::SCHEMAS,
        v2,
    };
    let mut document = sources.derive(service)?;
    BASE_PATH.clone_into(&mut document.base_path);
    Ok(document)
}
