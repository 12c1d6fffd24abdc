//! Which V2 operation a V1 operation is.

use std::collections::{BTreeMap, BTreeSet};

use windlass_transforms::compare::{Source, Typed};
use windlass_transforms::document::{Document, Operation};

use super::Confidence;
use super::likeness::{names, overlap, ratio, text_words, words};

/// A V1 operation and what it is in V2.
pub(super) struct Pair<'d> {
    /// The name of its mapping file: its id, with the service in front where ids clash.
    pub(super) id: String,
    pub(super) service: &'d str,
    pub(super) v1: Operated<'d>,
    pub(super) v2: Operated<'d>,
    pub(super) confidence: Confidence,
}

/// An operation with what is asked of it often.
#[derive(Clone)]
pub(super) struct Operated<'d> {
    pub(super) document: &'d Document,
    pub(super) operation: &'d Operation,
    /// Without version.
    pub(super) path: String,
    words: BTreeSet<String>,
    members: BTreeSet<String>,
    summary: BTreeSet<String>,
}

impl<'d> Operated<'d> {
    fn new(document: &'d Document, operation: &'d Operation) -> Self {
        let base = document.base_path.trim_end_matches('/');
        let whole = format!("{base}{}", operation.path);
        let inner = ["/v1", "/v2"].iter().find_map(|version| {
            let rest = whole.strip_prefix(version)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
        });
        let path = inner.unwrap_or(whole);
        let path = match path.trim_end_matches('/') {
            "" => "/".to_owned(),
            path => path.to_owned(),
        };
        Self {
            document,
            operation,
            path,
            words: operation.id.iter().flat_map(|id| words(id)).collect(),
            members: members(document, operation),
            summary: text_words(&operation.summary),
        }
    }

    /// The schema of the JSON body that answers success.
    pub(super) fn answer(&self) -> Option<(u16, Option<Typed<'d>>)> {
        let responses = self.operation.responses.iter();
        responses
            .filter_map(|response| match response.status {
                windlass_transforms::document::Status::Exact(status)
                    if response.status.is_success() =>
                {
                    let schema = response.content.as_json();
                    Some((status, schema.map(|s| Typed::new(self.document, s))))
                }
                _ => None,
            })
            .min_by_key(|(status, _)| *status)
    }

    /// The schema of the JSON body that is sent.
    pub(super) fn request(&self) -> Option<Typed<'d>> {
        let schema = self.operation.request.as_ref()?.content.as_json()?;
        Some(Typed::new(self.document, schema))
    }
}

/// Names in the bodies of an operation, two levels deep, in words.
fn members(document: &Document, operation: &Operation) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let answers = operation
        .responses
        .iter()
        .filter(|response| response.status.is_success())
        .filter_map(|response| response.content.as_json());
    let requests = operation.request.iter().filter_map(|r| r.content.as_json());
    for schema in answers.chain(requests) {
        let mut level = vec![Typed::new(document, schema)];
        for _ in 0..2 {
            let mut next = Vec::new();
            for mut typed in level {
                while let Some(items) = typed.items().filter(|_| typed.is_array()) {
                    typed = items;
                }
                for (name, member) in typed.members().named {
                    found.insert(words(name).join("_"));
                    next.push(member);
                }
            }
            level = next;
        }
    }
    found
}

/// Pairs each V1 operation with the V2 operation that resembles it most.
pub(super) fn pair<'d>(v1: &'d [Source], v2: &'d Source) -> Vec<Pair<'d>> {
    let all: Vec<Operated<'d>> = v2
        .document
        .operations
        .iter()
        .map(|operation| Operated::new(&v2.document, operation))
        .collect();
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    let mut alike = Segments::default();
    let mut pairs = Vec::new();
    for source in v1 {
        for operation in &source.document.operations {
            let v1 = Operated::new(&source.document, operation);
            let mut scored: Vec<(f64, &Operated<'d>)> = all
                .iter()
                .map(|v2| (score(&v1, v2, &mut alike), v2))
                .collect();
            scored.sort_by(|a, b| b.0.total_cmp(&a.0));
            let Some((best, chosen)) = scored.first() else {
                continue;
            };
            let id = operation.id.clone().unwrap_or_else(|| {
                words(&format!("{} {}", operation.method, operation.path)).join("_")
            });
            let count = ids.entry(id.clone()).or_default();
            *count += 1;
            let id = if *count > 1 {
                format!("{}_{id}", source.service)
            } else {
                id
            };
            let next = scored.get(1).map_or(0.0, |(score, _)| *score);
            pairs.push(Pair {
                id,
                service: &source.service,
                confidence: confidence(*best, next, (&v1, chosen), &mut alike),
                v1,
                v2: (*chosen).clone(),
            });
        }
    }
    pairs
}

/// Likeness of two operations.
fn score(v1: &Operated<'_>, v2: &Operated<'_>, alike: &mut Segments) -> f64 {
    let method = if v1.operation.method == v2.operation.method {
        1.0
    } else {
        0.0
    };
    let path = paths(&v1.path, &v2.path, alike);
    let id = overlap(&v1.words, &v2.words);
    let summary = overlap(&v1.summary, &v2.summary);
    let members = if v1.members.is_empty() && v2.members.is_empty() {
        0.5
    } else {
        overlap(&v1.members, &v2.members)
    };
    0.5 * path + 0.15 * method + 0.1 * id + 0.1 * summary + 0.15 * members
}

fn confidence(
    best: f64,
    next: f64,
    (v1, v2): (&Operated<'_>, &Operated<'_>),
    alike: &mut Segments,
) -> Confidence {
    if v1.operation.method == v2.operation.method && form(&v1.path) == form(&v2.path) {
        return Confidence::new(1.0, "same method and path");
    }
    // Two candidates that are equally good are no good.
    let margin = (best - next).clamp(0.0, 0.1) * 2.0;
    let path = paths(&v1.path, &v2.path, alike);
    Confidence::new(
        (best + margin).min(0.99),
        format!(
            "path {path:.2}, {}",
            if v1.operation.method == v2.operation.method {
                "same method"
            } else {
                "other method"
            }
        ),
    )
}

fn form(path: &str) -> String {
    let parts = path
        .split('/')
        .map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// How many segments of two paths go together in order, of all.
fn paths(a: &str, b: &str, alike: &mut Segments) -> f64 {
    fn split(path: &str) -> Vec<&str> {
        path.split('/').filter(|part| !part.is_empty()).collect()
    }
    let (a, b) = (split(a), split(b));
    if a.is_empty() && b.is_empty() {
        return 1.0;
    }
    // The longest way through both, as for texts, with likeness in place of sameness.
    let mut best = vec![vec![0.0_f64; b.len() + 1]; a.len() + 1];
    for (i, left) in a.iter().enumerate() {
        for (j, right) in b.iter().enumerate() {
            let together = best[i][j] + alike.value(left, right);
            best[i + 1][j + 1] = together.max(best[i][j + 1]).max(best[i + 1][j]);
        }
    }
    2.0 * best[a.len()][b.len()] * ratio(1, a.len() + b.len())
}

/// How alike segments are, each pair asked once: documents repeat them.
#[derive(Default)]
struct Segments(BTreeMap<String, BTreeMap<String, f64>>);

impl Segments {
    fn value(&mut self, a: &str, b: &str) -> f64 {
        match (a.starts_with('{'), b.starts_with('{')) {
            (true, true) => return 1.0,
            (false, false) => {}
            _ => return 0.0,
        }
        if let Some(known) = self.0.get(a).and_then(|known| known.get(b)) {
            return *known;
        }
        let likeness = names(a, b).value;
        let value = if likeness > 0.5 { likeness } else { 0.0 };
        self.0
            .entry(a.to_owned())
            .or_default()
            .insert(b.to_owned(), value);
        value
    }
}
