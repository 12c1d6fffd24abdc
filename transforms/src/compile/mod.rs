//! From mapping files to plans: names are resolved, every rule is checked, then lowered.

mod alone;
mod body;
mod check;
mod composed;
mod explain;
mod names;
mod operation;
mod pages;
mod prune;
mod shape;
mod target;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::compile::names::Names;
use crate::composition::Composition;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::code::{MAPPED_AND_UNMAPPED, ROUTE_TWICE};
use crate::mapping::MappingSet;
use crate::mapping::place::Text;
use crate::plan::operation::{Kind, Operation};
use crate::route::RouteTable;
use crate::step::Step;

pub use alone::LayoutPlan;

/// All mappings, compiled.
#[derive(Debug, Default)]
pub struct Mappings {
    routes: RouteTable,
    service_routes: BTreeMap<String, RouteTable>,
    operations: Vec<Arc<Operation>>,
}

/// Which way a body goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// A request.
    V1ToV2,
    /// An answer.
    V2ToV1,
}

impl Direction {
    /// The other way.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::V1ToV2 => Self::V2ToV1,
            Self::V2ToV1 => Self::V1ToV2,
        }
    }
}

impl Mappings {
    /// Compiles mapping files. All mistakes are reported at once, in the order of the files.
    pub fn compile(set: &MappingSet, steps: &[Step]) -> Result<Self, Vec<Diagnostic>> {
        Self::compile_with(set, steps, &[])
    }

    /// The same with compositions, for mappings that name some.
    pub fn compile_with(
        set: &MappingSet,
        steps: &[Step],
        compositions: &[Composition],
    ) -> Result<Self, Vec<Diagnostic>> {
        let names = Names::new(set, steps, compositions);
        let mut errors = Vec::new();
        check::check(set, &names, &mut errors);
        let operations = operation::lower_all(&names, &mut errors);
        let mappings = Self::from_operations(operations, &mut errors);
        if errors.is_empty() {
            return Ok(mappings);
        }
        // A shape is lowered for every body that uses it; its mistakes count once.
        errors.sort_by(|a, b| order(a).cmp(&order(b)));
        errors.dedup_by(|a, b| order(a) == order(b));
        Err(errors)
    }

    fn from_operations(mut lowered: Vec<(Text, Operation)>, errors: &mut Vec<Diagnostic>) -> Self {
        // The main service comes first: where routes coincide it wins.
        lowered.sort_by(|(_, a), (_, b)| (&a.service, &a.id).cmp(&(&b.service, &b.id)));
        let mut mappings = Self::default();
        for (place, operation) in lowered {
            let operation = Arc::new(operation);
            if let Err(taken) = mappings.routes.insert(&operation)
                && (taken.service == operation.service || is_unmapped(&taken))
                // Two files, or a file and a line of `unmapped.toml`: reported by that.
                && taken.id != operation.id
            {
                errors.push(route_twice(&place, &operation, &taken));
            }
            for service in operation.service.iter().chain(&operation.also_on) {
                let table = mappings.service_routes.entry(service.clone()).or_default();
                // A route taken twice within a service was reported above, or is a clash
                // that only this table sees.
                if let Err(taken) = table.insert(&operation) {
                    errors.push(route_twice(&place, &operation, &taken));
                }
            }
            mappings.operations.push(operation);
        }
        mappings.operations.sort_by(|a, b| a.id.cmp(&b.id));
        mappings
    }

    /// From request lines to operations, of all services on one port.
    pub fn routes(&self) -> &RouteTable {
        &self.routes
    }

    /// The operations that one V1 service offered on a port of its own (`service` or `also_on` in
    /// their mapping files); `None` for an unknown service.
    pub fn service_routes(&self, service: &str) -> Option<&RouteTable> {
        self.service_routes.get(service)
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

fn order(diagnostic: &Diagnostic) -> (&str, usize, usize, crate::diagnostic::Code) {
    (
        &diagnostic.file,
        diagnostic.line,
        diagnostic.column,
        diagnostic.code,
    )
}

fn is_unmapped(operation: &Operation) -> bool {
    matches!(operation.kind, Kind::Unmapped)
}

fn route_twice(place: &Text, operation: &Operation, taken: &Operation) -> Diagnostic {
    if is_unmapped(operation) || is_unmapped(taken) {
        return place.diagnostic(
            MAPPED_AND_UNMAPPED,
            format!(
                "`{}` and `{}` have one route, and one is unmapped",
                operation.id, taken.id
            ),
        );
    }
    place.diagnostic(
        ROUTE_TWICE,
        format!("`{}` has the route of `{}`", operation.id, taken.id),
    )
}
