//! Writes a draft as mapping files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use windlass_transforms::operation::PathTemplate;

use super::fields::{Picture, Schemas, Shape, Wrap};
use super::operations::Pair;
use super::{Confidence, Draft, parameters};

/// Methods that a mapping knows.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "PATCH"];

/// The files of a draft.
pub(super) fn draft(pairs: &[Pair<'_>], schemas: &Schemas<'_>) -> Draft {
    let mut writer = Writer {
        schemas,
        differing: differing(schemas),
        used: BTreeSet::new(),
        draft: Draft {
            operations: pairs.len(),
            ..Draft::default()
        },
    };
    let mut unmapped = String::from(
        "# V1 operations for which no V2 operation is sure enough, each with the best guess.\n",
    );
    let mut routes: BTreeMap<String, &str> = BTreeMap::new();
    for pair in pairs {
        let v1 = format!("{} {}", pair.v1.operation.method, pair.v1.path);
        let v2 = format!("{} {}", pair.v2.operation.method, pair.v2.path);
        let known = METHODS.contains(&pair.v1.operation.method.as_str())
            && PathTemplate::parse(&pair.v1.path).is_ok();
        if !known {
            let _ = writeln!(
                unmapped,
                "# {} = {v1:?}  # cannot be written as a mapping",
                pair.id
            );
            continue;
        }
        let route = route(&v1);
        let first = *routes.entry(route).or_insert(pair.service);
        let twice = first != pair.service;
        let path = parameters::path(&pair.v1.path, &pair.v2.path);
        let fits = METHODS.contains(&pair.v2.operation.method.as_str())
            && PathTemplate::parse(&pair.v2.path).is_ok();
        if let Some(path) = path.filter(|_| fits && pair.confidence.is_sure()) {
            let group = group(&pair.v1.path);
            let text = writer.operation(pair, (&v1, &v2), &path, twice);
            let file = format!("operations/{group}/{}.toml", pair.id);
            writer.draft.files.insert(file, text);
            writer.draft.mapped += 1;
        } else {
            let comment = if twice { "# " } else { "" };
            let _ = writeln!(
                unmapped,
                "{comment}{} = {v1:?}  # {:.2} {v2}",
                key(&pair.id),
                pair.confidence.value
            );
            writer.draft.comments += 1;
        }
    }
    writer.shapes();
    writer
        .draft
        .files
        .insert("unmapped.toml".to_owned(), unmapped);
    writer.draft
}

/// Shapes that say anything, by themselves or below.
fn differing(schemas: &Schemas<'_>) -> Vec<bool> {
    let mut differing: Vec<bool> = schemas.shapes.iter().map(Shape::differs).collect();
    loop {
        let mut changed = false;
        for (index, shape) in schemas.shapes.iter().enumerate() {
            let below = shape.fields.iter().filter_map(|field| field.below);
            if !differing[index] && below.into_iter().any(|below| differing[below]) {
                differing[index] = true;
                changed = true;
            }
        }
        if !changed {
            return differing;
        }
    }
}

struct Writer<'w, 'd> {
    schemas: &'w Schemas<'d>,
    differing: Vec<bool>,
    /// Shapes that a written file names.
    used: BTreeSet<usize>,
    draft: Draft,
}

impl Writer<'_, '_> {
    fn operation(
        &mut self,
        pair: &Pair<'_>,
        (v1, v2): (&str, &str),
        path: &[(&str, &str)],
        twice: bool,
    ) -> String {
        let mut out = format!(
            "# {}\nsummary = \"Drafted from two documents: say here what differs for a client.\"\n",
            pair.confidence
        );
        if twice {
            let _ = writeln!(out, "service = {:?}", pair.service);
        }
        let _ = writeln!(out, "v1 = {v1:?}\nv2 = {v2:?}");
        self.draft.rules += 1;
        if !path.is_empty() {
            out.push_str("\n[path]\n");
            for (v1, v2) in path {
                let _ = writeln!(out, "{} = {v2:?}  # by its place in the path", key(v1));
                self.draft.rules += 1;
            }
        }
        self.query(pair, &mut out);
        if let Some(picture) = self.schemas.requests.get(&pair.id) {
            // Without a layout a request passes as it is, which is right where nothing differs.
            if let Some(layout) = self.layout(picture) {
                let _ = writeln!(out, "\n[request]\nlayout = '{layout}'");
            }
        }
        let (s1, s2) = (pair.v1.answer(), pair.v2.answer());
        let picture = self.schemas.answers.get(&pair.id);
        let layout = picture.and_then(|picture| self.layout(picture));
        let statuses = s1.zip(s2).map(|((s1, _), (s2, _))| (s1, s2));
        if let Some((s1, s2)) = statuses
            && (s1 != s2 || layout.is_some())
        {
            let _ = writeln!(out, "\n[response.{s2}]");
            if s1 != s2 {
                let _ = writeln!(out, "status = {s1}");
            }
            if let Some(layout) = layout {
                let _ = writeln!(out, "layout = '{layout}'");
            }
        }
        out
    }

    fn query(&mut self, pair: &Pair<'_>, out: &mut String) {
        let matched = parameters::query(pair);
        if matched.is_empty() {
            return;
        }
        out.push_str("\n[query]\n");
        for parameter in matched {
            let name = key(&parameter.v1.name);
            let _ = match &parameter.v2 {
                Some((v2, confidence)) if confidence.is_sure() => {
                    self.draft.rules += 1;
                    writeln!(out, "{name} = '{}'  # {confidence}", expression(&v2.name))
                }
                Some((v2, confidence)) => {
                    self.draft.comments += 1;
                    writeln!(out, "# {name} = '{}'  # {confidence}", expression(&v2.name))
                }
                None => {
                    self.draft.comments += 1;
                    writeln!(out, "# {name} = \"none: …\"  # nothing in V2 resembles it")
                }
            };
        }
    }

    /// The layout line; `None` where nothing differs.
    fn layout(&mut self, picture: &Picture) -> Option<String> {
        let shape = picture.shape.filter(|shape| self.differing[*shape]);
        if shape.is_none() && picture.path == "$" && !picture.array {
            return None;
        }
        let named = shape.map(|shape| {
            self.used.insert(shape);
            format!(" as {}", self.schemas.shapes[shape].name)
        });
        let line = format!("{}{}", picture.path, named.unwrap_or_default());
        Some(if picture.array {
            format!("[ {line} ]")
        } else {
            line
        })
    }

    /// Every shape that is used, and those below.
    fn shapes(&mut self) {
        let mut queue: Vec<usize> = self.used.iter().copied().collect();
        while let Some(index) = queue.pop() {
            for field in &self.schemas.shapes[index].fields {
                if let Some(below) = field.below
                    && self.differing[below]
                    && self.used.insert(below)
                {
                    queue.push(below);
                }
            }
        }
        for index in self.used.clone() {
            let shape = &self.schemas.shapes[index];
            let text = self.shape(shape);
            let file = format!("shapes/{}.toml", shape.name);
            self.draft.files.insert(file, text);
        }
    }

    fn shape(&mut self, shape: &Shape<'_>) -> String {
        let mut out = format!("summary = \"Drafted: what `{}` is.\"\n", shape.name);
        let mut fields = String::new();
        for field in &shape.fields {
            let below = field.below.filter(|below| self.differing[*below]);
            if field.v1 == field.v2 && field.wrap == Wrap::Neither && below.is_none() {
                continue;
            }
            let named = below.map(|below| format!(" as {}", self.schemas.shapes[below].name));
            let named = named.unwrap_or_default();
            let name = expression(field.v2);
            let right = match field.wrap {
                Wrap::Neither => format!("{name}{named}"),
                Wrap::V1 => format!("[ {name}{named} ]"),
                Wrap::V2 => format!("{name}[0]{named}"),
            };
            let _ = writeln!(
                fields,
                "{} = '{right}'  # {}",
                key(field.v1),
                field.confidence
            );
            self.draft.rules += 1;
        }
        for (name, guess) in &shape.left_v1 {
            let _ = match guess {
                Some((v2, confidence)) => {
                    writeln!(
                        fields,
                        "# {} = '{}'  # {confidence}",
                        key(name),
                        expression(v2)
                    )
                }
                None => writeln!(fields, "# {}: nothing in V2 resembles it", key(name)),
            };
            self.draft.comments += 1;
        }
        if !fields.is_empty() {
            let _ = write!(out, "\n[fields]\n{fields}");
        }
        if !shape.left_v2.is_empty() {
            out.push_str("\n[only_v2]\n");
            for name in &shape.left_v2 {
                let reason = match shape.guess_for(name) {
                    Some((v1, Confidence { value, .. })) => {
                        format!("drafted: perhaps `{v1}`, {value:.2}")
                    }
                    None => "drafted: only the V2 document has it".to_owned(),
                };
                let _ = writeln!(out, "{} = {reason:?}", key(name));
                self.draft.rules += 1;
            }
        }
        out
    }
}

/// A TOML key.
fn key(name: &str) -> String {
    let plain = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if plain {
        name.to_owned()
    } else {
        format!("{name:?}")
    }
}

/// A name in an expression of the mapping language.
fn expression(name: &str) -> String {
    let plain = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-@/".contains(c));
    if plain {
        name.to_owned()
    } else {
        format!("{name:?}")
    }
}

fn route(name: &str) -> String {
    let parts = name
        .split('/')
        .map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The folder of an operation: the first word of its path.
fn group(path: &str) -> String {
    let mut parts = path
        .split('/')
        .filter(|part| !part.is_empty() && !part.starts_with('{'));
    let word = parts.next().unwrap_or("root");
    word.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect()
}
