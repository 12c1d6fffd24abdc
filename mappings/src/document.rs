//! The document of the V1 API, derived from the one of V2.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use windlass_transforms::MappingSet;
use windlass_transforms::document::derive::Sources;
use windlass_transforms::document::{Dialect, Document, DocumentError};
use windlass_transforms::plan::operation::AnswerPlan;

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

/// The V1 documents of one set of mappings. Nothing is made before it is asked for.
#[derive(Debug)]
pub struct Documents {
    set: MappingSet,
    v2: &'static str,
    made: Mutex<HashMap<Asked, Arc<str>>>,
}

/// The service, how its document is written, and the members that its mapping gives it.
type Asked = (Option<String>, Dialect, Box<str>);

impl Documents {
    /// The documents of these mappings over a V2 document in JSON.
    pub fn new(set: MappingSet, v2: &'static str) -> Self {
        Self {
            set,
            v2,
            made: Mutex::default(),
        }
    }

    /// The JSON text of an answer; `service` is that of the port, where the port has one alone.
    ///
    /// # Errors
    /// The V2 document is none.
    pub fn answer(
        &self,
        plan: &AnswerPlan,
        service: Option<&str>,
    ) -> Result<Arc<str>, DocumentError> {
        let Some(dialect) = plan.document else {
            return Ok(Arc::from(&*plan.body));
        };
        let asked = (service.map(str::to_owned), dialect, plan.body.clone());
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = made.get(&asked) {
            return Ok(Arc::clone(text));
        }
        let v2 = Document::from_json(self.v2)?;
        let mut document = v1(&self.set, &v2, service)?.to_value(dialect);
        if let Ok(Value::Object(head)) = serde_json::from_str(&plan.body) {
            for (name, value) in head {
                document[name] = value;
            }
        }
        let text: Arc<str> = document.to_string().into();
        made.insert(asked, Arc::clone(&text));
        Ok(text)
    }
}
