//! Operations: each V1 operation is mapped, each mapped operation exists, and requests reach it.

use http::Method;

use crate::compare::parameters::Declared;
use crate::compare::{Comparer, Kind, Source, Verdict};
use crate::compile::Mappings;
use crate::diagnostic::code::{
    NO_V1_OPERATION, NO_V2_OPERATION, OPERATION_FORGOTTEN, ROUTE_SHADOWED,
};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::document::Operation;
use crate::mapping::composed::ComposedFile;
use crate::mapping::endpoint::WrittenEndpoint;
use crate::mapping::operation::{CallFile, FileKind, OperationFile};
use crate::operation::{PathTemplate, Segment};
use crate::route::Route;

/// A path with `{}` for every parameter.
pub(super) fn form(path: &str) -> String {
    let parts = path
        .split('/')
        .map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

fn template_form(template: &PathTemplate) -> String {
    let parts = template.segments.iter().map(|segment| match segment {
        Segment::Literal(text) => text.to_string(),
        Segment::Parameter(_) | Segment::Rest(_) => "{}".to_owned(),
    });
    format!("/{}", parts.collect::<Vec<_>>().join("/"))
}

/// The path of a documented operation as mappings write it: without the version.
pub(super) fn path(source: &Source, operation: &Operation) -> String {
    let base = source.document.base_path.trim_end_matches('/');
    let whole = format!("{base}{}", operation.path);
    let inner = ["/v1", "/v2"].iter().find_map(|version| {
        whole
            .strip_prefix(version)
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    let path = inner.unwrap_or(&whole).trim_end_matches('/');
    if path.is_empty() { "/" } else { path }.to_owned()
}

/// A documented operation and its document.
pub(super) type Documented<'c> = (&'c Source, &'c Operation);

fn documented<'c>(
    sources: impl Iterator<Item = &'c Source>,
    endpoint: &WrittenEndpoint,
) -> Vec<Documented<'c>> {
    let template = &endpoint.endpoint.template;
    let wanted = template_form(template);
    let method = &endpoint.endpoint.method;
    sources
        .filter_map(|source| {
            let operations = || {
                source
                    .document
                    .operations
                    .iter()
                    .filter(|o| o.method == *method)
            };
            // A mapping may write a value where the document has a parameter.
            let found = operations()
                .find(|o| form(&path(source, o)) == wanted)
                .or_else(|| operations().find(|o| takes(&path(source, o), template)))?;
            Some((source, found))
        })
        .collect()
}

/// Whether a documented path takes what a template writes.
fn takes(path: &str, template: &PathTemplate) -> bool {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let fits = template.segments.iter().all(|segment| {
        parts.next().is_some_and(|part| match segment {
            Segment::Literal(text) => part.starts_with('{') || part == &**text,
            Segment::Parameter(_) | Segment::Rest(_) => part.starts_with('{'),
        })
    });
    fits && parts.next().is_none()
}

impl<'c> Comparer<'c> {
    /// A request for each operation must reach it.
    pub(super) fn routes(&mut self, mappings: &Mappings) {
        for file in &self.set.operations {
            let parts = file
                .v1
                .endpoint
                .template
                .segments
                .iter()
                .map(|segment| match segment {
                    Segment::Literal(text) => text.to_string(),
                    // No literal of any path.
                    Segment::Parameter(_) | Segment::Rest(_) => "\u{7f}x".to_owned(),
                });
            let request = format!("/{}", parts.collect::<Vec<_>>().join("/"));
            let table = match &file.service {
                Some(service) => mappings.service_routes(service),
                None => Some(mappings.routes()),
            };
            let request = request.replace('\u{7f}', "%7F");
            let goes_to = table.map(|table| table.find(&file.v1.endpoint.method, &request));
            match goes_to {
                Some(Route::Found { operation, .. }) if operation.id == file.id => {}
                Some(Route::Found { operation, .. }) => {
                    let message = format!(
                        "no request reaches `{}`: `{}` takes them",
                        file.id, operation.id
                    );
                    let diagnostic = file.v1.text.diagnostic(ROUTE_SHADOWED, message);
                    self.found.diagnostics.push(diagnostic);
                }
                _ => {
                    let message = format!("no request reaches `{}`", file.id);
                    let diagnostic = file.v1.text.diagnostic(ROUTE_SHADOWED, message);
                    self.found.diagnostics.push(diagnostic);
                }
            }
        }
    }

    /// Walks V1 documents, then what they do not have.
    pub(super) fn operations(&mut self) {
        let set = self.set;
        let documents = self.documents;
        let mut seen: Vec<&str> = Vec::new();
        for source in &documents.v1 {
            for operation in &source.document.operations {
                let path = path(source, operation);
                self.service.clone_from(&source.service);
                if let Some(file) = self.mapped(source, &operation.method, &path) {
                    seen.push(&file.id);
                    self.operation.clone_from(&file.id);
                    let stands_in = source.mapped_as.is_some() && file.service.is_none();
                    self.stands_in_for = stands_in.then(|| source.service.clone());
                    self.operation_of(file, Some((source, operation)));
                    self.stands_in_for = None;
                    continue;
                }
                let unmapped = set.unmapped.iter().find(|unmapped| {
                    unmapped.v1.endpoint.method == operation.method
                        && template_form(&unmapped.v1.endpoint.template) == form(&path)
                });
                let why = if let Some(unmapped) = unmapped {
                    self.operation.clone_from(&unmapped.id.value);
                    "it is listed in `unmapped.toml`"
                } else {
                    self.operation = format!("{} {path}", operation.method);
                    self.forgotten_operation(source, operation, &path);
                    "no mapping file has it"
                };
                let verdict = Verdict::Forgotten(why.to_owned());
                self.fact(Kind::Operation, "", verdict.clone());
                self.everything((source, operation), &verdict);
            }
        }
        for file in &set.operations {
            if !seen.contains(&file.id.as_str()) {
                self.operation.clone_from(&file.id);
                self.service = file.service.clone().unwrap_or_else(|| "main".to_owned());
                self.without_v1_document(file);
            }
        }
    }

    /// The mapping file of a documented V1 operation. What the main port serves too counts, where
    /// a service has no file of its own.
    fn mapped(&self, source: &Source, method: &Method, path: &str) -> Option<&'c OperationFile> {
        let wanted = form(path);
        let fits = |file: &&OperationFile| {
            file.v1.endpoint.method == *method
                && template_form(&file.v1.endpoint.template) == wanted
        };
        let of = |service: Option<&str>| {
            let mut files = self.set.operations.iter();
            files.find(|file| file.service.as_deref() == service && fits(file))
        };
        of(source.mapped_as.as_deref()).or_else(|| of(None))
    }

    fn forgotten_operation(&mut self, source: &Source, operation: &Operation, path: &str) {
        let name = format!("{} {path}", operation.method);
        let mut diagnostic = Diagnostic {
            code: OPERATION_FORGOTTEN,
            message: format!("the V1 operation `{name}` is forgotten"),
            file: source.name.clone(),
            line: 1,
            column: 1,
            length: 1,
            source_line: name,
            label: None,
            help: None,
        };
        diagnostic.help = Some(format!(
            "write `operations/<group>/{}.toml`",
            operation.id.as_deref().unwrap_or("<id>")
        ));
        self.found.diagnostics.push(diagnostic);
    }

    fn without_v1_document(&mut self, file: &'c OperationFile) {
        if let Some(reason) = &file.assumed {
            self.fact(Kind::Operation, "", Verdict::Assumed(reason.clone()));
        } else if self.documents.v1.iter().any(|source| source.complete) {
            let message = format!("no V1 document has `{}`", file.v1.text.value);
            let mut diagnostic = file.v1.text.diagnostic(NO_V1_OPERATION, message);
            let names: Vec<String> = self
                .documents
                .v1
                .iter()
                .flat_map(|s| s.document.operations.iter().map(move |o| (s, o)))
                .map(|(source, o)| format!("{} {}", o.method, path(source, o)))
                .collect();
            diagnostic.help = did_you_mean(&file.v1.text.value, names.iter().map(String::as_str));
            self.found.diagnostics.push(diagnostic);
        } else {
            self.not_checked("V1 names", "no V1 document was given");
        }
        self.operation_of(file, None);
    }

    /// One mapped operation; `v1` is what its document says.
    fn operation_of(&mut self, file: &'c OperationFile, v1: Option<Documented<'c>>) {
        self.assumed.clone_from(&file.assumed);
        let lost = match (&file.assumed, file.losses.as_slice()) {
            (Some(reason), _) => Verdict::Assumed(reason.clone()),
            (None, []) => Verdict::Exact,
            (None, losses) => Verdict::Loss(losses.join("; ")),
        };
        let call = match &file.kind {
            FileKind::Call(call) => call,
            FileKind::Composed(composed) => {
                self.composed(file, composed, v1, lost);
                return;
            }
            FileKind::Answer { body, .. } => {
                if let Some(v1) = v1 {
                    self.fact(Kind::Operation, "", lost);
                    self.answered(v1, body);
                }
                return;
            }
            FileKind::None { reason, .. } => {
                if let Some(v1) = v1 {
                    let verdict = Verdict::Unsupported(reason.clone());
                    self.fact(Kind::Operation, "", verdict.clone());
                    self.everything(v1, &verdict);
                }
                return;
            }
        };
        let v2 = self.v2(&call.v2);
        for (source, operation) in &v2 {
            self.same_parameter_names(&call.v2, source, operation);
        }
        if v1.is_some() {
            let name = call.v2.endpoint.to_string();
            self.mapped_fact(Kind::Operation, "", Some(name), lost);
        }
        if let Some(v1) = v1 {
            self.path_names(&file.v1, v1);
        }
        self.parameters(Declared::by_call(file, call), v1, &v2);
        let lookups = call
            .lookups
            .iter()
            .map(|lookup| (lookup.name.value.as_str(), self.v2(&lookup.v2)))
            .collect();
        if v1.is_none() && v2.is_empty() {
            return;
        }
        self.answers(call, v1, &v2, &lookups);
        self.request(call, v1, &v2);
    }

    /// A composition is code: its calls exist, and what it answers other tests hold.
    fn composed(
        &mut self,
        file: &'c OperationFile,
        composed: &'c ComposedFile,
        v1: Option<Documented<'c>>,
        lost: Verdict,
    ) {
        let mut v2 = Vec::new();
        for part in &composed.calls {
            v2.extend(self.v2(&part.v2));
        }
        if let Some(v1) = v1 {
            let names: Vec<&str> = composed
                .calls
                .iter()
                .map(|part| part.v2.text.value.as_str())
                .collect();
            self.mapped_fact(Kind::Operation, "", Some(names.join(", ")), lost);
            self.path_names(&file.v1, v1);
        }
        self.parameters(Declared::by_composition(file, composed), v1, &v2);
        if let Some(v1) = v1 {
            let reason = format!("by composition `{}`", composed.name.value);
            self.statuses_and_bodies(v1, &Verdict::Unseen(reason));
        }
    }

    /// The V2 operation in each document that has it, most complete first.
    fn v2(&mut self, endpoint: &WrittenEndpoint) -> Vec<Documented<'c>> {
        let documents = self.documents;
        let found = documented(documents.v2.iter(), endpoint);
        if !found.is_empty() {
            self.fixed_query(endpoint, &found);
            return found;
        }
        let name = endpoint.text.value.as_str();
        let assumed = self.assumed.is_some();
        if documents.v2.iter().any(|source| source.complete) && !assumed {
            let message = format!("no V2 document has `{name}`");
            let mut diagnostic = endpoint.text.diagnostic(NO_V2_OPERATION, message);
            let names: Vec<String> = documents
                .v2
                .iter()
                .flat_map(|s| s.document.operations.iter().map(move |o| (s, o)))
                .map(|(source, o)| format!("{} {}", o.method, path(source, o)))
                .collect();
            diagnostic.help = did_you_mean(name, names.iter().map(String::as_str));
            self.found.diagnostics.push(diagnostic);
        } else {
            let why = match documents.v2.as_slice() {
                _ if assumed => "no V2 document has it, and the mapping is assumed".to_owned(),
                [] => "no V2 document was given".to_owned(),
                [one] => format!("{} does not have it", one.name),
                _ => "none of the V2 documents has it".to_owned(),
            };
            self.not_checked(format!("V2 operation `{name}`"), why);
        }
        found
    }
}

/// The one document of a call that bodies are compared with.
pub(super) fn primary<'c>(v2: &[Documented<'c>]) -> Option<Documented<'c>> {
    v2.iter()
        .find(|(source, _)| source.complete)
        .or(v2.first())
        .copied()
}

/// What a call declares, for messages.
pub(super) fn call_place(call: &CallFile) -> &crate::mapping::place::Text {
    &call.v2.text
}
