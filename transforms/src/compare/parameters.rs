//! Parameters of the path, the query and headers, and their words.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::compare::endpoints::{Documented, path};
use crate::compare::{Comparer, Kind, Source, Verdict};
use crate::diagnostic::code::{NO_V1_PARAMETER, NO_V2_PARAMETER, PARAMETER_FORGOTTEN};
use crate::diagnostic::did_you_mean;
use crate::document::{Document, Operation, Parameter, Place, Schema};
use crate::mapping::composed::ComposedFile;
use crate::mapping::endpoint::WrittenEndpoint;
use crate::mapping::operation::{CallFile, OperationFile, Target};
use crate::mapping::place::Text;

/// What a mapping says of parameters.
#[derive(Clone, Copy)]
pub(super) struct Declared<'f> {
    file: &'f OperationFile,
    path: &'f [(Text, Target)],
    query: &'f [(Text, Target)],
    call: Option<&'f CallFile>,
    /// The composition that uses path values; `None`: the compiler checks that they are used.
    composition: Option<&'f str>,
}

impl<'f> Declared<'f> {
    pub(super) fn by_call(file: &'f OperationFile, call: &'f CallFile) -> Self {
        Self {
            file,
            path: &call.path,
            query: &call.query,
            call: Some(call),
            composition: None,
        }
    }

    pub(super) fn by_composition(file: &'f OperationFile, composed: &'f ComposedFile) -> Self {
        Self {
            file,
            path: &[],
            query: &composed.query,
            call: None,
            composition: Some(&composed.name.value),
        }
    }

    /// V2 names that the mapping writes besides those of `[query]`.
    fn more_names(self) -> impl Iterator<Item = &'f Text> {
        self.call.into_iter().flat_map(|call| {
            let defaults = call.query_default.iter().map(|(name, _)| name);
            let pages = call
                .pages
                .iter()
                .flat_map(|pages| [&pages.page, &pages.size]);
            let body = call.body_query.iter().map(|(_, name)| name);
            defaults.chain(pages).chain(body)
        })
    }
}

impl<'c> Comparer<'c> {
    /// Parameters in the braces of a V2 path have the names of its document.
    pub(super) fn same_parameter_names(
        &mut self,
        endpoint: &WrittenEndpoint,
        source: &Source,
        operation: &Operation,
    ) {
        let path = path(source, operation);
        for (name, known) in beside(endpoint, &path) {
            if name != known {
                let message = format!("{} calls `{{{name}}}` `{{{known}}}`", source.name);
                let diagnostic = endpoint.text.diagnostic(NO_V2_PARAMETER, message);
                self.tell_once(name, diagnostic);
            }
        }
    }

    /// What a path sends in its query is a parameter of the document.
    pub(super) fn fixed_query(&mut self, endpoint: &WrittenEndpoint, v2: &[Documented<'c>]) {
        for (name, _) in &endpoint.endpoint.template.query {
            let known = v2
                .iter()
                .any(|(_, operation)| operation.parameter(Place::Query, name).is_some());
            if !known && !v2.is_empty() {
                let message = format!("V2 has no query parameter `{name}` here");
                let diagnostic = endpoint.text.diagnostic(NO_V2_PARAMETER, message);
                self.found.diagnostics.push(diagnostic);
            }
        }
    }

    /// Parameters in the braces of a V1 path have the names of its document.
    pub(super) fn path_names(&mut self, endpoint: &WrittenEndpoint, v1: Documented<'c>) {
        let (source, operation) = v1;
        let path = path(source, operation);
        for (name, known) in beside(endpoint, &path) {
            if name != known {
                let message = format!("{} calls `{{{name}}}` `{{{known}}}`", source.name);
                let diagnostic = endpoint.text.diagnostic(NO_V1_PARAMETER, message);
                self.tell_once(name, diagnostic);
            }
        }
    }

    /// Every parameter of a call.
    pub(super) fn parameters(
        &mut self,
        declared: Declared<'c>,
        v1: Option<Documented<'c>>,
        v2: &[Documented<'c>],
    ) {
        let known: BTreeSet<&str> = v2
            .iter()
            .flat_map(|(_, operation)| &operation.parameters)
            .filter(|parameter| parameter.place == Place::Query)
            .map(|parameter| parameter.name.as_str())
            .collect();
        let check = |name: &Text| {
            // A composition reads what it is given by names of its own.
            let missing =
                declared.composition.is_none() && !v2.is_empty() && !known.contains(name.as_str());
            missing.then(|| {
                let message = format!("V2 has no query parameter `{}` here", name.value);
                let mut diagnostic = name.diagnostic(NO_V2_PARAMETER, message);
                diagnostic.help = did_you_mean(&name.value, known.iter().copied());
                diagnostic
            })
        };
        let targets = declared
            .query
            .iter()
            .filter_map(|(_, target)| match target {
                Target::Name { name, .. } => Some(name),
                Target::None { .. } => None,
            });
        let names = targets.chain(declared.more_names());
        let wrong: Vec<_> = names.filter_map(check).collect();
        self.found.diagnostics.extend(wrong);
        let Some((source, operation)) = v1 else {
            return;
        };
        self.unknown_v1_queries(declared, operation);
        for parameter in &operation.parameters {
            let verdict = Self::parameter(declared, parameter, v2);
            let name = format!("{} {}", parameter.place, parameter.name);
            if let Verdict::Forgotten(_) = &verdict {
                let message = format!(
                    "the {} parameter `{}` of V1 is forgotten",
                    parameter.place, parameter.name
                );
                let mut diagnostic = declared
                    .file
                    .v1
                    .text
                    .diagnostic(PARAMETER_FORGOTTEN, message);
                diagnostic.help = Some(format!(
                    "give it a V2 name, or write `{} = \"none: reason\"` in `[{}]`",
                    parameter.name, parameter.place
                ));
                self.found.diagnostics.push(diagnostic);
            }
            self.parameter_words(&name, (&source.document, parameter), declared, v2, &verdict);
            let v2 = target(declared, parameter).map(str::to_owned).or_else(|| {
                let passes = matches!(parameter.place, Place::Header | Place::Cookie);
                passes.then(|| parameter.name.clone())
            });
            let v2 = v2.filter(|_| verdict == Verdict::Exact);
            self.mapped_fact(Kind::Parameter, name, v2, verdict);
        }
    }

    /// What `[query]` declares beyond the V1 document.
    fn unknown_v1_queries(&mut self, declared: Declared<'c>, operation: &Operation) {
        let known: Vec<&str> = operation
            .parameters
            .iter()
            .filter(|parameter| parameter.place == Place::Query)
            .map(|parameter| parameter.name.as_str())
            .collect();
        for (name, target) in declared.query {
            // A parameter that only servers knew stands there with the reason.
            let explained = matches!(target, Target::None { .. });
            if !explained && !known.contains(&name.as_str()) {
                let message = format!("V1 has no query parameter `{}` here", name.value);
                let mut diagnostic = name.diagnostic(NO_V1_PARAMETER, message);
                diagnostic.help = did_you_mean(&name.value, known.iter().copied());
                self.found.diagnostics.push(diagnostic);
            }
        }
    }

    fn parameter(declared: Declared<'c>, parameter: &Parameter, v2: &[Documented<'c>]) -> Verdict {
        let listed = |list: &[(Text, Target)]| {
            let found = list.iter().find(|(name, _)| name.value == parameter.name);
            found.map(|(_, target)| match (target, declared.composition) {
                (Target::Name { .. }, Some(name)) => {
                    Verdict::Unseen(format!("by composition `{name}`"))
                }
                (Target::Name { .. }, None) => Verdict::Exact,
                (Target::None { reason }, _) => Verdict::Unsupported(reason.clone()),
            })
        };
        match parameter.place {
            Place::Path => listed(declared.path).unwrap_or_else(|| {
                // The compiler refuses a path value that nothing uses, so a look-up does.
                let template = &declared.file.v1.endpoint.template;
                if template.parameters().any(|name| name == parameter.name) {
                    match declared.composition {
                        Some(name) => Verdict::Unseen(format!("by composition `{name}`")),
                        None => Verdict::Exact,
                    }
                } else {
                    Verdict::Forgotten("the V1 path of the mapping does not have it".to_owned())
                }
            }),
            Place::Query => listed(declared.query)
                .unwrap_or_else(|| Verdict::Forgotten("`[query]` does not list it".to_owned())),
            // Headers pass as they are.
            Place::Header | Place::Cookie => {
                let known = v2.iter().flat_map(|(_, operation)| &operation.parameters);
                let mut known = known.filter(|p| p.place == parameter.place);
                if v2.is_empty() || known.any(|p| p.name.eq_ignore_ascii_case(&parameter.name)) {
                    Verdict::Exact
                } else {
                    Verdict::Unsupported("it is sent on, and V2 does not list it".to_owned())
                }
            }
        }
    }

    /// The values that a parameter may have, in V2 as well.
    fn parameter_words(
        &mut self,
        name: &str,
        (document, parameter): (&'c Document, &'c Parameter),
        declared: Declared<'c>,
        v2: &[Documented<'c>],
        verdict: &Verdict,
    ) {
        let words = |document: &'c Document, schema: &'c Schema| -> Vec<&'c Value> {
            let flat = document.flat(schema);
            match flat.items {
                Some(items) => document.flat(items).words,
                None => flat.words,
            }
        };
        let v1_words = words(document, &parameter.schema);
        if v1_words.is_empty() {
            return;
        }
        let target = target(declared, parameter);
        let v2_words: Vec<&Value> = v2
            .iter()
            .flat_map(|(source, operation)| {
                operation
                    .parameters
                    .iter()
                    .filter(|p| Some(p.name.as_str()) == target)
                    .flat_map(|p| words(&source.document, &p.schema))
            })
            .collect();
        for word in v1_words {
            let verdict = match verdict {
                Verdict::Exact if v2_words.is_empty() || v2_words.contains(&word) => Verdict::Exact,
                Verdict::Exact => Verdict::Forgotten("V2 does not list this value".to_owned()),
                other => other.clone(),
            };
            self.fact(Kind::Word, format!("{name}={}", text(word)), verdict);
        }
    }
}

/// The V2 name of a V1 parameter.
fn target<'f>(declared: Declared<'f>, parameter: &Parameter) -> Option<&'f str> {
    let list = match parameter.place {
        Place::Path => declared.path,
        Place::Query => declared.query,
        Place::Header | Place::Cookie => return None,
    };
    list.iter().find_map(|(v1, target)| match target {
        Target::Name { name, .. } if v1.value == parameter.name => Some(name.as_str()),
        _ => None,
    })
}

/// A value as reports write it.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Parameters of a path as the mapping and the document call them.
fn beside<'n>(
    endpoint: &'n WrittenEndpoint,
    path: &'n str,
) -> impl Iterator<Item = (&'n str, &'n str)> {
    let parts = path.split('/').filter(|part| !part.is_empty());
    let segments = endpoint.endpoint.template.segments.iter();
    segments.zip(parts).filter_map(|(segment, part)| {
        let known = part.strip_prefix('{')?.strip_suffix('}')?;
        Some((segment.parameter()?, known))
    })
}
