//! Which V2 member a V1 member is, schema by schema.

use std::collections::{BTreeMap, BTreeSet};

use windlass_transforms::compare::Typed;

use super::likeness::{names, overlap, ratio, texts, types, words};
use super::operations::Pair;
use super::{Confidence, SURE};

/// A V1 schema and the V2 schema that stands in its place.
pub(super) struct Shape<'d> {
    pub(super) name: String,
    v1: Typed<'d>,
    v2: Typed<'d>,
    /// Matched members, V1 order.
    pub(super) fields: Vec<Field<'d>>,
    /// V1 members without a match, each with the best guess.
    pub(super) left_v1: Vec<(&'d str, Option<(&'d str, Confidence)>)>,
    /// V2 members without a match.
    pub(super) left_v2: Vec<&'d str>,
}

/// A V1 member and its V2 member.
pub(super) struct Field<'d> {
    pub(super) v1: &'d str,
    pub(super) v2: &'d str,
    pub(super) confidence: Confidence,
    pub(super) wrap: Wrap,
    /// The shape of its value, by index.
    pub(super) below: Option<usize>,
}

/// Whether one side has an array of what the other has single.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrap {
    Neither,
    V1,
    V2,
}

/// How the body of one answer or request is drawn.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    /// In front of `as`, such as `$.items`; the shape; and whether V1 has an array around it.
    pub(super) path: String,
    pub(super) shape: Option<usize>,
    pub(super) array: bool,
}

/// All pairs of schemas.
#[derive(Default)]
pub(super) struct Schemas<'d> {
    pub(super) shapes: Vec<Shape<'d>>,
    known: BTreeMap<(String, String), usize>,
    pub(super) answers: BTreeMap<String, Picture>,
    pub(super) requests: BTreeMap<String, Picture>,
}

/// Schemas are followed no deeper.
const MAX_DEPTH: usize = 12;

/// Rounds of looking at what is left over: each may open objects below.
const ROUNDS: usize = 4;

impl<'d> Schemas<'d> {
    /// The bodies of a pair of operations, and all below them.
    pub(super) fn collect(&mut self, pair: &Pair<'d>) {
        if let (Some((_, Some(v1))), Some((_, Some(v2)))) = (pair.v1.answer(), pair.v2.answer())
            && let Some(picture) = self.picture(v1, v2, &pair.id)
        {
            self.answers.insert(pair.id.clone(), picture);
        }
        if let (Some(v1), Some(v2)) = (pair.v1.request(), pair.v2.request())
            && let Some(picture) = self.picture(v1, v2, &format!("{}_request", pair.id))
        {
            self.requests.insert(pair.id.clone(), picture);
        }
    }

    fn picture(&mut self, v1: Typed<'d>, v2: Typed<'d>, place: &str) -> Option<Picture> {
        if v1.is_scalar() || v2.is_scalar() {
            return None;
        }
        let (mut path, mut array) = ("$".to_owned(), false);
        let (mut a, mut b) = (v1, v2);
        match (v1.is_array(), v2.is_array()) {
            (true, false) => {
                a = v1.items()?;
                // The member of the V2 object that resembles the elements most, or all of it.
                let mut best = likeness(a, v2);
                for (name, member) in v2.members().named {
                    if let Some(items) = member.items().filter(|_| member.is_array()) {
                        let score = likeness(a, items) + 0.01;
                        if score > best {
                            (best, b, path) = (score, items, format!("$.{name}"));
                        }
                    }
                }
                array = path == "$";
            }
            (false, true) => return None,
            _ => {}
        }
        let shape = self.shape(a, b, place, 0);
        Some(Picture { path, shape, array })
    }

    /// The shape of two schemas, made when they first meet.
    fn shape(&mut self, v1: Typed<'d>, v2: Typed<'d>, place: &str, depth: usize) -> Option<usize> {
        let (v1, v2) = (element(v1), element(v2));
        if v1.is_scalar() || v2.is_scalar() || depth > MAX_DEPTH {
            return None;
        }
        if v1.members().named.is_empty() || v2.members().named.is_empty() {
            return None;
        }
        let key = |typed: Typed<'d>| {
            let name = typed.name().unwrap_or(place);
            format!("{:p} {name}", typed.document)
        };
        let key = (key(v1), key(v2));
        if let Some(index) = self.known.get(&key) {
            return Some(*index);
        }
        let index = self.shapes.len();
        self.known.insert(key, index);
        let name = self.free_name(v1.name().unwrap_or(place), v2.name());
        self.shapes.push(Shape {
            name,
            v1,
            v2,
            fields: Vec::new(),
            left_v1: v1
                .members()
                .named
                .iter()
                .map(|(name, _)| (*name, None))
                .collect(),
            left_v2: v2.members().named.iter().map(|(name, _)| *name).collect(),
        });
        self.take(index, depth, &|_, a, b, fit, said| {
            let name = names(a, b);
            Confidence::new(name.value * fit + 0.3 * said, name.why)
        });
        Some(index)
    }

    fn free_name(&self, wanted: &str, other: Option<&str>) -> String {
        use heck::ToUpperCamelCase as _;
        let clean = |name: &str| -> String {
            let fits = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if fits && name.starts_with(|c: char| c.is_ascii_uppercase()) {
                name.to_owned()
            } else {
                name.to_upper_camel_case()
            }
        };
        let wanted = clean(wanted);
        let taken = |name: &str| self.shapes.iter().any(|shape| shape.name == name);
        let mut name = wanted.clone();
        if taken(&name)
            && let Some(other) = other
        {
            name = format!("{wanted}From{}", clean(other));
        }
        let mut number = 2;
        while taken(&name) {
            name = format!("{wanted}{number}");
            number += 1;
        }
        name
    }

    /// Matches what is left of a shape, the best first; keeps the best guess of the others.
    fn take(
        &mut self,
        index: usize,
        depth: usize,
        score: &dyn Fn(&Shape<'d>, &str, &str, f64, f64) -> Confidence,
    ) {
        let shape = &self.shapes[index];
        let (m1, m2) = (shape.v1.members(), shape.v2.members());
        let mut scored = Vec::new();
        for (i, (a, _)) in shape.left_v1.iter().enumerate() {
            for b in &shape.left_v2 {
                let (Some(typed_a), Some(typed_b)) = (m1.get(a), m2.get(b)) else {
                    continue;
                };
                let said = texts(
                    typed_a.schema.description.as_deref(),
                    typed_b.schema.description.as_deref(),
                );
                let confidence = score(shape, a, b, types(typed_a, typed_b), said);
                if confidence.value > 0.3 {
                    scored.push((confidence, i, *a, *b, typed_a, typed_b));
                }
            }
        }
        scored.sort_by(|a, b| b.0.value.total_cmp(&a.0.value));
        let mut used: BTreeSet<&str> = BTreeSet::new();
        for (confidence, i, a, b, typed_a, typed_b) in scored {
            if used.contains(a) {
                continue;
            }
            if confidence.is_sure() && self.shapes[index].left_v2.contains(&b) {
                used.insert(a);
                let wrap = match (typed_a.is_array(), typed_b.is_array()) {
                    (true, false) if !any(typed_b) => Wrap::V1,
                    (false, true) if !any(typed_a) => Wrap::V2,
                    _ => Wrap::Neither,
                };
                let place = format!("{}_{a}", self.shapes[index].name);
                let below = self.shape(typed_a, typed_b, &place, depth + 1);
                let shape = &mut self.shapes[index];
                shape.left_v2.retain(|name| *name != b);
                shape.fields.push(Field {
                    v1: a,
                    v2: b,
                    confidence,
                    wrap,
                    below,
                });
            } else {
                let guess = &mut self.shapes[index].left_v1[i].1;
                if guess
                    .as_ref()
                    .is_none_or(|(_, known)| known.value < confidence.value)
                {
                    *guess = Some((b, confidence));
                }
            }
        }
        let shape = &mut self.shapes[index];
        shape.left_v1.retain(|(name, _)| !used.contains(name));
        let order: Vec<&str> = m1.named.iter().map(|(name, _)| *name).collect();
        shape
            .fields
            .sort_by_key(|field| order.iter().position(|name| *name == field.v1));
    }

    /// Matches names that do not resemble each other, but are left over together.
    pub(super) fn settle(&mut self) {
        for _ in 0..ROUNDS {
            let before = (self.shapes.len(), self.left());
            let votes = self.votes();
            for index in 0..self.shapes.len() {
                self.take(index, 0, &|shape, a, b, fit, said| {
                    together(&votes, shape, a, b, fit, said)
                });
            }
            if (self.shapes.len(), self.left()) == before {
                break;
            }
        }
    }

    fn left(&self) -> usize {
        self.shapes.iter().map(|shape| shape.left_v1.len()).sum()
    }

    fn votes(&self) -> Votes {
        let mut votes = Votes::default();
        let mut seen = BTreeSet::new();
        for shape in &self.shapes {
            // Schemas that two services share would vote twice.
            let left_v1: Vec<&str> = shape.left_v1.iter().map(|(name, _)| *name).collect();
            if !seen.insert((shape.v1.name(), left_v1.clone(), shape.left_v2.clone())) {
                continue;
            }
            for a in &left_v1 {
                *votes.v1.entry((*a).to_owned()).or_default() += 1;
                for b in &shape.left_v2 {
                    *votes
                        .both
                        .entry(((*a).to_owned(), (*b).to_owned()))
                        .or_default() += 1;
                }
            }
            for b in &shape.left_v2 {
                *votes.v2.entry((*b).to_owned()).or_default() += 1;
            }
            for field in shape.fields.iter().filter(|field| field.v1 != field.v2) {
                let pair = (field.v1.to_owned(), field.v2.to_owned());
                *votes.taken.entry(pair).or_default() += 1;
            }
        }
        votes
    }
}

/// How often names are left over, alone and together.
#[derive(Default)]
struct Votes {
    v1: BTreeMap<String, usize>,
    v2: BTreeMap<String, usize>,
    both: BTreeMap<(String, String), usize>,
    /// Renames that were found already.
    taken: BTreeMap<(String, String), usize>,
}

fn together(votes: &Votes, shape: &Shape<'_>, a: &str, b: &str, fit: f64, said: f64) -> Confidence {
    let pair = (a.to_owned(), b.to_owned());
    if let Some(count) = votes.taken.get(&pair) {
        let value = (0.75 + 0.05 * ratio(*count, 1)).min(0.95) * fit;
        return Confidence::new(value, format!("renamed so in {count} other schemas"));
    }
    let both = votes.both.get(&pair).copied().unwrap_or_default();
    let (n1, n2) = (votes.v1[a], votes.v2[b]);
    let mut value = 0.4 * said;
    let mut why = "the texts say the same".to_owned();
    if both >= 3 {
        let share = ratio(both, n1 + n2 - both);
        value += 0.5 + 0.4 * share;
        why = format!("left over together in {both} of {} schemas", n1 + n2 - both);
    } else if shape.left_v1.len() == 1 && shape.left_v2.len() == 1 {
        value += 0.5;
        "all that is left on both sides".clone_into(&mut why);
    }
    value += 0.3 * names(a, b).value;
    Confidence::new((value * fit).min(0.9), why)
}

/// Whether nothing is said of a value.
fn any(typed: Typed<'_>) -> bool {
    typed.document.flat(typed.schema).is_any()
}

/// What an array, of arrays, is made of.
fn element(typed: Typed<'_>) -> Typed<'_> {
    let mut typed = typed;
    for _ in 0..MAX_DEPTH {
        match typed.items().filter(|_| typed.is_array()) {
            Some(items) => typed = items,
            None => break,
        }
    }
    typed
}

/// How many members of two objects go together by name.
fn likeness(a: Typed<'_>, b: Typed<'_>) -> f64 {
    let set = |typed: Typed<'_>| -> BTreeSet<String> {
        let members = element(typed).members().named;
        members
            .iter()
            .map(|(name, _)| words(name).join("_"))
            .collect()
    };
    overlap(&set(a), &set(b))
}

impl Shape<'_> {
    /// Whether it says anything by itself.
    pub(super) fn differs(&self) -> bool {
        !self.left_v2.is_empty()
            || self
                .fields
                .iter()
                .any(|field| field.v1 != field.v2 || field.wrap != Wrap::Neither)
    }

    /// Whether a guess is for this V2 member.
    pub(super) fn guess_for(&self, v2: &str) -> Option<(&str, &Confidence)> {
        self.left_v1.iter().find_map(|(name, guess)| match guess {
            Some((guessed, confidence)) if *guessed == v2 && confidence.value < SURE => {
                Some((*name, confidence))
            }
            _ => None,
        })
    }
}
