//! Compares two documents: what would a client of the old one notice at the new one?

mod change;
mod schema;

use serde::Serialize;

use crate::document::compare::schema::Bodies;
use crate::document::{Content, Document, Operation, Parameter, Place, Status};

pub use change::{Area, Change, Difference};

/// The version of the JSON form of a [`Comparison`].
const FORMAT: u32 = 1;

/// All differences between two documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The version of this form.
    pub format: u32,
    /// The differences, by operation.
    pub differences: Vec<Difference>,
}

impl Comparison {
    /// Those over which a client of the old document may fail.
    pub fn breaking(&self) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(|found| found.breaking)
    }
}

/// Compares two documents. Operations belong together when method and path (with base path) are
/// alike, whatever the parameters in the path are called.
pub fn compare(old: &Document, new: &Document) -> Comparison {
    let mut differences = Vec::new();
    for operation in &old.operations {
        let mut at = Reporter {
            operation: format!("{} {}{}", operation.method, old.base_path, operation.path),
            differences: &mut differences,
        };
        match partner(old, operation, new) {
            None => at.whole(Change::OperationRemoved),
            Some(partner) => {
                if partner.deprecated && !operation.deprecated {
                    at.whole(Change::OperationDeprecated);
                }
                parameters((old, operation), (new, partner), &mut at);
                request((old, operation), (new, partner), &mut at);
                responses((old, operation), (new, partner), &mut at);
            }
        }
    }
    for operation in &new.operations {
        if partner(new, operation, old).is_none() {
            let name = format!("{} {}{}", operation.method, new.base_path, operation.path);
            let mut at = Reporter {
                operation: name,
                differences: &mut differences,
            };
            at.whole(Change::OperationAdded);
        }
    }
    differences.sort();
    differences.dedup();
    Comparison {
        format: FORMAT,
        differences,
    }
}

/// An operation with the document it is from.
type Of<'d> = (&'d Document, &'d Operation);

fn partner<'d>(from: &Document, operation: &Operation, to: &'d Document) -> Option<&'d Operation> {
    let wanted = anonymous(&from.base_path, &operation.path);
    to.operations.iter().find(|other| {
        other.method == operation.method && anonymous(&to.base_path, &other.path) == wanted
    })
}

/// A whole path whose parameters have no names.
fn anonymous(base: &str, path: &str) -> String {
    let whole = format!("{base}{path}");
    let segments = whole.split('/').map(|segment| {
        if segment.starts_with('{') {
            "{}"
        } else {
            segment
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Reports differences of one operation.
struct Reporter<'r> {
    operation: String,
    differences: &'r mut Vec<Difference>,
}

impl Reporter<'_> {
    fn whole(&mut self, change: Change) {
        self.report(Area::Operation, String::new(), None, change, None, None);
    }

    fn report(
        &mut self,
        area: Area,
        place: String,
        schema_place: Option<String>,
        change: Change,
        old: Option<String>,
        new: Option<String>,
    ) {
        self.differences.push(Difference {
            operation: self.operation.clone(),
            area,
            place,
            schema_place,
            change,
            old,
            new,
            breaking: change.is_breaking(area),
        });
    }

    fn part(&mut self, area: Area, place: &str, change: Change) {
        self.report(area, place.to_owned(), None, change, None, None);
    }
}

fn parameters((old, from): Of<'_>, (new, to): Of<'_>, at: &mut Reporter<'_>) {
    // In a path only the place of a parameter counts.
    let named = |parameter: &&Parameter| parameter.place != Place::Path;
    for parameter in from.parameters.iter().filter(named) {
        let place = format!("{} {}", parameter.place, parameter.name);
        let Some(partner) = to.parameter(parameter.place, &parameter.name) else {
            at.part(Area::Parameter, &place, Change::ParameterRemoved);
            continue;
        };
        if partner.required && !parameter.required {
            at.part(Area::Parameter, &place, Change::ParameterRequired);
        }
        Bodies::new(old, new, Area::Parameter, at).compare(
            &place,
            &parameter.schema,
            &partner.schema,
        );
    }
    for parameter in to.parameters.iter().filter(named) {
        if from.parameter(parameter.place, &parameter.name).is_none() {
            let change = if parameter.required {
                Change::ParameterRequired
            } else {
                Change::ParameterAdded
            };
            let place = format!("{} {}", parameter.place, parameter.name);
            at.part(Area::Parameter, &place, change);
        }
    }
}

fn request((old, from): Of<'_>, (new, to): Of<'_>, at: &mut Reporter<'_>) {
    match (&from.request, &to.request) {
        (None, Some(request)) if request.required => {
            at.part(Area::Request, "", Change::RequestRequired);
        }
        (Some(_), None) => at.part(Area::Request, "", Change::RequestRemoved),
        (Some(from), Some(to)) => {
            if to.required && !from.required {
                at.part(Area::Request, "", Change::RequestRequired);
            }
            content(
                (old, &from.content),
                (new, &to.content),
                Area::Request,
                "",
                at,
            );
        }
        (None, _) => {}
    }
}

fn responses((old, from): Of<'_>, (new, to): Of<'_>, at: &mut Reporter<'_>) {
    for response in &from.responses {
        let place = response.status.to_string();
        let partner = match response.status {
            Status::Exact(status) => to.response(status),
            status => to.responses.iter().find(|other| other.status == status),
        };
        match partner {
            None => at.part(Area::Response, &place, Change::StatusRemoved),
            Some(partner) => content(
                (old, &response.content),
                (new, &partner.content),
                Area::Response,
                &place,
                at,
            ),
        }
    }
    for response in &to.responses {
        let is_new = match response.status {
            Status::Exact(status) => from.response(status).is_none(),
            status => from.responses.iter().all(|other| other.status != status),
        };
        if is_new {
            let place = response.status.to_string();
            at.part(Area::Response, &place, Change::StatusAdded);
        }
    }
}

fn content(
    (old, from): (&Document, &Content),
    (new, to): (&Document, &Content),
    area: Area,
    place: &str,
    at: &mut Reporter<'_>,
) {
    match (from.as_json(), to.as_json()) {
        (Some(from), Some(to)) => Bodies::new(old, new, area, at).compare(place, from, to),
        (None, _) | (Some(_), None) => {
            for (kind, _) in &from.0 {
                if to.get(kind).is_none() {
                    let was = Some(kind.clone());
                    let change = Change::MediaTypeRemoved;
                    at.report(area, place.to_owned(), None, change, was, None);
                }
            }
        }
    }
}
