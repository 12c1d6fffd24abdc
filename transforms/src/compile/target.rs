//! Where each value of an upstream path comes from.

use std::collections::BTreeMap;

use crate::diagnostic::code::{
    BAD_JSONPATH, MISSING_KEY, NAME_TWICE, NO_VALUE_FOR_V2_PATH, NOT_IN_V1_PATH, NOT_IN_V2_PATH,
    PATH_NOT_COVERED, UNKNOWN_QUERY, UNKNOWN_TAKE, UNSURE_LOOK_UP,
};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::mapping::endpoint::WrittenEndpoint;
use crate::mapping::layout::KeyForm;
use crate::mapping::lookup::LookupFile;
use crate::mapping::operation::{AllowedFile, CallFile, OperationFile, Target as Written};
use crate::mapping::place::Text;
use crate::mapping::request::RequestFile;
use crate::operation::Segment;
use crate::plan::call::{Target, TargetPart};
use crate::plan::lookup::{LookupPlan, Otherwise, Take};
use crate::plan::template::JsonTemplate;

/// What a value of an upstream path may come from.
struct Sources<'f> {
    /// Upstream name to V1 path parameter.
    path: BTreeMap<&'f str, &'f str>,
    /// Values taken by look-ups so far, and whether the look-up is always made.
    taken: BTreeMap<&'f str, bool>,
}

/// The upstream call, with its look-ups.
pub(super) struct Calls {
    pub(super) target: Target,
    pub(super) lookups: Vec<LookupPlan>,
}

/// Lowers the V2 call and the look-ups of an operation.
pub(super) fn lower(
    operation: &OperationFile,
    file: &CallFile,
    errors: &mut Vec<Diagnostic>,
) -> Calls {
    let v1 = &operation.v1;
    let v1_names: Vec<&str> = v1.endpoint.template.parameters().collect();
    check_path(v1, file, &v1_names, errors);
    let mut sources = Sources {
        // Look-ups name path values as V1 does.
        path: v1_names.iter().map(|name| (*name, *name)).collect(),
        taken: BTreeMap::new(),
    };
    let mut lookups = Vec::new();
    for lookup in &file.lookups {
        let plan = lower_lookup(lookup, file, &sources, errors);
        if lookup.take.is_empty() && !plan.kept {
            let message = format!("look-up `{}` takes nothing", lookup.name.value);
            let mut diagnostic = lookup.place.diagnostic(MISSING_KEY, message);
            diagnostic.help = Some("write `take`, or draw from it in a layout".into());
            errors.push(diagnostic);
        }
        lookups.push(plan);
        let always = lookup.unless.is_empty();
        for (name, _) in &lookup.take {
            if sources.taken.insert(name.as_str(), always).is_some() {
                let message = format!("an earlier look-up takes `{}` already", name.value);
                errors.push(name.diagnostic(NAME_TWICE, message));
            }
        }
    }
    check_allowed(&operation.allowed, &v1_names, &file.query, errors);
    sources.path = file
        .path
        .iter()
        .filter_map(|(v1, target)| match target {
            Written::Name { name, .. } => Some((name.as_str(), v1.as_str())),
            Written::None { .. } => None,
        })
        .collect();
    Calls {
        target: sources.target(&file.v2, errors),
        lookups,
    }
}

impl Sources<'_> {
    fn target(&self, written: &WrittenEndpoint, errors: &mut Vec<Diagnostic>) -> Target {
        let template = &written.endpoint.template;
        Target {
            method: written.endpoint.method.clone(),
            path: template
                .segments
                .iter()
                .map(|segment| self.part(segment, written, errors))
                .collect(),
            query: template
                .query
                .iter()
                .map(|(name, value)| (name.clone(), self.part(value, written, errors)))
                .collect(),
        }
    }

    fn part(
        &self,
        segment: &Segment,
        written: &WrittenEndpoint,
        errors: &mut Vec<Diagnostic>,
    ) -> TargetPart {
        let name = match segment {
            Segment::Literal(text) => return TargetPart::Literal(text.clone()),
            Segment::Parameter(name) | Segment::Rest(name) => name,
        };
        match (self.path.get(&**name), self.taken.get(&**name)) {
            (Some(_), Some(_)) => errors.push(parameter(written, name).diagnostic(
                NAME_TWICE,
                format!("`{name}` comes from the path and from a look-up"),
            )),
            (Some(v1), None) => return TargetPart::Path((*v1).into()),
            (None, Some(true)) => return TargetPart::LookedUp(name.clone()),
            (None, Some(false)) => {
                let mut diagnostic = parameter(written, name).diagnostic(
                    UNSURE_LOOK_UP,
                    format!("`{name}` comes from a look-up that is not always made"),
                );
                diagnostic.label = Some("the look-up has `unless`".into());
                errors.push(diagnostic);
            }
            (None, None) => {
                let mut diagnostic = parameter(written, name)
                    .diagnostic(NO_VALUE_FOR_V2_PATH, format!("`{name}` has no value"));
                let known = self.path.keys().chain(self.taken.keys()).copied();
                diagnostic.help =
                    Some(did_you_mean(name, known).unwrap_or_else(|| {
                        "name it in `[path]`, or take it in a look-up".to_owned()
                    }));
                errors.push(diagnostic);
            }
        }
        TargetPart::LookedUp(name.clone())
    }
}

/// The place of `{name}` in an endpoint as written.
fn parameter(written: &WrittenEndpoint, name: &str) -> Text {
    let text = &written.text;
    for form in [format!("{{{name}}}"), format!("{{{name}...}}")] {
        if let Some(at) = text.value.find(&form) {
            return text.part(at..at + form.len());
        }
    }
    text.clone()
}

/// `[path]` names parameters of both sides, and every V1 one goes somewhere.
fn check_path(
    v1: &WrittenEndpoint,
    file: &CallFile,
    v1_names: &[&str],
    errors: &mut Vec<Diagnostic>,
) {
    let v2_names: Vec<&str> = file.v2.endpoint.template.parameters().collect();
    let mut used: Vec<&str> = Vec::new();
    for (name, target) in &file.path {
        v1_parameter(name, &name.value, v1_names, errors);
        let Written::Name { name: v2, .. } = target else {
            continue;
        };
        if !v2_names.contains(&v2.as_str()) {
            let mut diagnostic = v2.diagnostic(
                NOT_IN_V2_PATH,
                format!("the V2 path has no parameter `{}`", v2.value),
            );
            diagnostic.help = did_you_mean(&v2.value, v2_names.iter().copied()).or_else(|| {
                Some("leave it out of `[path]` when only a look-up needs it".to_owned())
            });
            errors.push(diagnostic);
        }
        if used.contains(&v2.as_str()) {
            let message = format!("`{}` has two V1 sources", v2.value);
            errors.push(v2.diagnostic(NAME_TWICE, message));
        }
        used.push(&v2.value);
    }
    for name in v1_names {
        let in_path = file.path.iter().any(|(listed, _)| listed.value == *name);
        if !in_path && !used_elsewhere(file, name) {
            let mut diagnostic = parameter(v1, name).diagnostic(
                PATH_NOT_COVERED,
                format!("path parameter `{name}` goes nowhere"),
            );
            diagnostic.help = Some(format!("add `{name} = …` to `[path]`"));
            errors.push(diagnostic);
        }
    }
}

/// Whether a look-up or a layout uses a V1 path parameter.
fn used_elsewhere(file: &CallFile, name: &str) -> bool {
    let in_lookup = file.lookups.iter().any(|lookup| {
        lookup.v2.endpoint.template.parameters().any(|p| p == name)
            || lookup
                .otherwise
                .iter()
                .any(|(_, text)| braced(&text.value) == Some(name))
    });
    let in_body = match &file.request {
        Some(RequestFile::Body(body, _)) => JsonTemplate::new(body).names().contains(&name),
        Some(RequestFile::Layout(_)) | None => false,
    };
    let layouts = file.responses.iter().filter_map(|r| r.layout.as_ref());
    in_lookup
        || in_body
        || layouts
            .flat_map(|layout| layout.keys())
            .any(|key| key.form == KeyForm::RequestPath(name.to_owned()))
}

/// The name in `{name}`.
fn braced(text: &str) -> Option<&str> {
    text.strip_prefix('{')?.strip_suffix('}')
}

/// Reports a name that is no parameter of the V1 path.
pub(super) fn v1_parameter(
    place: &Text,
    name: &str,
    v1_names: &[&str],
    errors: &mut Vec<Diagnostic>,
) {
    if v1_names.contains(&name) {
        return;
    }
    let mut diagnostic = place.diagnostic(
        NOT_IN_V1_PATH,
        format!("the V1 path has no parameter `{name}`"),
    );
    diagnostic.help = did_you_mean(name, v1_names.iter().copied());
    errors.push(diagnostic);
}

fn lower_lookup(
    lookup: &LookupFile,
    file: &CallFile,
    sources: &Sources<'_>,
    errors: &mut Vec<Diagnostic>,
) -> LookupPlan {
    for (name, _) in &lookup.unless {
        v1_query(name, &name.value, &file.query, errors);
    }
    for (name, _) in &lookup.otherwise {
        if lookup
            .take
            .iter()
            .all(|(taken, _)| taken.value != name.value)
        {
            let mut diagnostic = name.diagnostic(
                UNKNOWN_TAKE,
                format!("look-up `{}` takes no `{}`", lookup.name.value, name.value),
            );
            let known = lookup.take.iter().map(|(taken, _)| taken.as_str());
            diagnostic.help = did_you_mean(&name.value, known);
            errors.push(diagnostic);
        }
    }
    let take = lookup
        .take
        .iter()
        .filter_map(|(name, path)| lower_take(name, path, lookup, sources, errors))
        .collect();
    LookupPlan {
        name: lookup.name.as_str().into(),
        v2: lookup.v2.endpoint.clone(),
        target: sources.target(&lookup.v2, errors),
        take,
        unless: lookup
            .unless
            .iter()
            .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
            .collect(),
        unchanging: lookup.unchanging.is_some(),
        kept: file
            .responses
            .iter()
            .filter_map(|r| r.layout.as_ref())
            .any(|layout| {
                let values = layout.values();
                values.iter().any(|v| {
                    v.lookup
                        .as_ref()
                        .is_some_and(|l| l.value == lookup.name.value)
                })
            }),
    }
}

/// `[allowed]` names parameters of V1.
pub(super) fn check_allowed(
    allowed: &[AllowedFile],
    path: &[&str],
    query: &[(Text, Written)],
    errors: &mut Vec<Diagnostic>,
) {
    let known = || {
        path.iter()
            .copied()
            .chain(query.iter().map(|(name, _)| name.as_str()))
    };
    for AllowedFile { name, .. } in allowed {
        if known().any(|known| known == name.value) {
            continue;
        }
        let message = format!("neither the V1 path nor `[query]` has `{}`", name.value);
        let mut diagnostic = name.diagnostic(UNKNOWN_QUERY, message);
        diagnostic.help = did_you_mean(&name.value, known());
        errors.push(diagnostic);
    }
}

/// Reports a name that is no declared V1 query parameter.
pub(super) fn v1_query(
    place: &Text,
    name: &str,
    query: &[(Text, Written)],
    errors: &mut Vec<Diagnostic>,
) {
    if query.iter().any(|(declared, _)| declared.value == name) {
        return;
    }
    let mut diagnostic = place.diagnostic(
        UNKNOWN_QUERY,
        format!("`[query]` declares no V1 parameter `{name}`"),
    );
    let known = query.iter().map(|(declared, _)| declared.as_str());
    diagnostic.help = did_you_mean(name, known);
    errors.push(diagnostic);
}

fn lower_take(
    name: &Text,
    path: &Text,
    lookup: &LookupFile,
    sources: &Sources<'_>,
    errors: &mut Vec<Diagnostic>,
) -> Option<Take> {
    let parsed = jsonpath_rust::parser::parse_json_path(&path.value);
    let Ok(parsed) = parsed else {
        let mut diagnostic =
            path.diagnostic(BAD_JSONPATH, format!("`{}` is not a JSONPath", path.value));
        diagnostic.help = Some("a JSONPath looks like `$.items[0].name`".into());
        errors.push(diagnostic);
        return None;
    };
    let otherwise = lookup
        .otherwise
        .iter()
        .find(|(listed, _)| listed.value == name.value)
        .map(|(_, text)| match braced(&text.value) {
            Some(parameter) => {
                let known: Vec<&str> = sources.path.keys().copied().collect();
                v1_parameter(text, parameter, &known, errors);
                Otherwise::Path(parameter.into())
            }
            None => Otherwise::Text(text.as_str().into()),
        });
    Some(Take {
        name: name.as_str().into(),
        path: parsed,
        path_text: path.as_str().into(),
        otherwise,
    })
}
