//! Makes bodies that fit a schema, out of a list of choices: the same choices make the same body,
//! fewer choices a smaller one, so that proptest can shrink what it finds.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use windlass_transforms::document::flat::FlatOthers;
use windlass_transforms::document::{Document, Flat, Kind, Schema};

/// What becomes of members that a body need not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    /// They are not there; lists are empty.
    Least,
    /// They are all there, and one that no schema knows.
    All,
    /// They are null where they may be; the others are there.
    Null,
    /// As the choices say.
    Mixed,
}

/// What a body is made by.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) fill: Fill,
    pub(crate) choices: Vec<u8>,
}

/// Recipes of all kinds.
pub(crate) fn recipes() -> impl Strategy<Value = Recipe> {
    let fill = prop_oneof![
        1 => Just(Fill::Least),
        2 => Just(Fill::All),
        1 => Just(Fill::Null),
        4 => Just(Fill::Mixed),
    ];
    let choices = prop::collection::vec(any::<u8>(), 0..200);
    (fill, choices).prop_map(|(fill, choices)| Recipe { fill, choices })
}

/// Objects are nested no deeper than this, unless a schema needs it.
const MAX_DEPTH: usize = 9;

/// A body that fits a schema, and the free-form maps in it.
pub(crate) struct Body {
    pub(crate) value: Value,
    /// Maps filled with keys that look like names of V1 and V2, by the mark that each carries.
    pub(crate) marked: HashMap<String, Value>,
}

/// Makes a body that fits a schema.
pub(crate) fn body(document: &Document, schema: &Schema, recipe: &Recipe) -> Body {
    let mut maker = Maker {
        document,
        fill: recipe.fill,
        choices: recipe.choices.iter(),
        marked: HashMap::new(),
    };
    let value = maker.value(schema, 0);
    Body {
        value,
        marked: maker.marked,
    }
}

struct Maker<'d, 'r> {
    document: &'d Document,
    fill: Fill,
    choices: std::slice::Iter<'r, u8>,
    marked: HashMap<String, Value>,
}

impl<'d> Maker<'d, '_> {
    /// A number below `end`; 0 when the choices are used up.
    fn choose(&mut self, end: usize) -> usize {
        let choice = self.choices.next().copied().unwrap_or_default();
        usize::from(choice) % end.max(1)
    }

    fn value(&mut self, schema: &'d Schema, depth: usize) -> Value {
        let flat = self.document.flat(schema);
        if flat.nullable {
            let null = match self.fill {
                Fill::Null => true,
                Fill::All => false,
                Fill::Least | Fill::Mixed => self.choose(6) == 5,
            };
            if null {
                return Value::Null;
            }
        }
        if !flat.words.is_empty() {
            let at = self.choose(flat.words.len());
            return flat.words[at].clone();
        }
        if !flat.any_of.is_empty() {
            let at = self.choose(flat.any_of.len());
            return self.value(flat.any_of[at], depth + 1);
        }
        match flat.kind {
            None => self.anything(),
            Some(Kind::Object) => self.object(&flat, depth),
            Some(Kind::Array) => self.array(&flat, depth),
            Some(Kind::String | Kind::File) => self.text(&flat),
            Some(Kind::Integer) => json!(self.number(&flat)),
            Some(Kind::Number) => match self.choose(3) {
                0 => json!(self.number(&flat)),
                1 => json!(7.5),
                _ => json!(-1.0),
            },
            Some(Kind::Boolean) => json!(self.choose(2) == 1),
        }
    }

    fn object(&mut self, flat: &Flat<'d>, depth: usize) -> Value {
        if flat.is_free_form() {
            return match flat.others {
                FlatOthers::Each(each) if depth < MAX_DEPTH => self.map(each, depth),
                FlatOthers::Closed | FlatOthers::Each(_) => json!({}),
                FlatOthers::Any | FlatOthers::Unsaid => self.free_form(),
            };
        }
        let mut object = Map::new();
        for (name, schema) in &flat.properties {
            let optional = !flat.required.contains(name);
            let left_out = match self.fill {
                Fill::Least => true,
                Fill::All | Fill::Null => depth >= MAX_DEPTH,
                Fill::Mixed => depth >= MAX_DEPTH || self.choose(3) == 0,
            };
            if !(optional && left_out) {
                let value = self.value(schema, depth + 1);
                object.insert((*name).to_owned(), value);
            }
        }
        let is_open = flat.others != FlatOthers::Closed;
        if is_open && depth < MAX_DEPTH && (self.fill == Fill::All || self.choose(5) == 4) {
            object.insert("unheard_of".to_owned(), json!({ "since": [9, null] }));
        }
        Value::Object(object)
    }

    /// A map with keys that are data, though they look like names.
    fn map(&mut self, each: &'d Schema, depth: usize) -> Value {
        let mut map = Map::new();
        let rows = self.rows();
        for name in LOOKALIKES.iter().take(rows) {
            let value = self.value(each, depth + 1);
            map.insert((*name).to_owned(), value);
        }
        Value::Object(map)
    }

    /// An object of which nothing is said, marked.
    fn free_form(&mut self) -> Value {
        if self.fill == Fill::Least {
            return json!({});
        }
        let mark = format!("mark-{}", self.marked.len());
        let mut map = Map::new();
        map.insert("mark".to_owned(), json!(mark));
        for (index, name) in LOOKALIKES.iter().enumerate() {
            let value = match index % 3 {
                0 => json!(format!("of {name}")),
                1 => json!([{ *name: null }]),
                _ => json!({ *name: 1.50 }),
            };
            map.insert((*name).to_owned(), value);
        }
        let map = Value::Object(map);
        self.marked.insert(mark, map.clone());
        map
    }

    fn rows(&mut self) -> usize {
        match self.fill {
            Fill::Least => 0,
            Fill::All | Fill::Null => 1 + self.choose(2),
            Fill::Mixed => self.choose(4),
        }
    }

    fn array(&mut self, flat: &Flat<'d>, depth: usize) -> Value {
        let limit = |name: &str| flat.limits.get(name).and_then(Value::as_u64);
        let least = usize::try_from(limit("minItems").unwrap_or(0)).unwrap_or(0);
        let most = limit("maxItems").map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(0));
        let rows = if depth >= MAX_DEPTH { 0 } else { self.rows() };
        let elements = (0..rows.max(least).min(most)).map(|_| match flat.items {
            Some(items) => self.value(items, depth + 1),
            None => self.anything(),
        });
        elements.collect()
    }

    fn anything(&mut self) -> Value {
        match self.choose(5) {
            0 => json!("anything"),
            1 => json!(0),
            2 => Value::Null,
            3 => json!([{ "imageDigest": "x" }]),
            _ => self.free_form(),
        }
    }

    fn number(&mut self, flat: &Flat<'_>) -> i64 {
        let limit = |name: &str| flat.limits.get(name).and_then(Value::as_i64);
        let least = limit("minimum").unwrap_or(0);
        let most = limit("maximum").unwrap_or(least.saturating_add(250));
        let choice = i64::try_from(self.choose(250)).unwrap_or_default();
        least.saturating_add(choice).min(most)
    }

    fn text(&mut self, flat: &Flat<'_>) -> Value {
        let samples: &[&str] = match flat.format {
            Some("date-time") => &["2026-01-02T03:04:05Z", "2025-12-31T23:59:59.123456Z"],
            Some("date") => &["2026-01-02"],
            Some("uuid") => &["0b5b2a3e-6b3c-4d58-9a0d-6f1a3d1c2b4a"],
            Some("uri" | "url") => &["https://example.com/a?b=c"],
            Some("email") => &["someone@example.com"],
            Some("byte") => &["dGV4dA==", ""],
            Some("ipv4") => &["192.0.2.1"],
            _ => &[],
        };
        let pattern = flat.limits.get("pattern").and_then(Value::as_str);
        if let Some(pattern) = pattern {
            return json!(fitting(pattern));
        }
        if let Some(last) = samples.len().checked_sub(1) {
            let at = self.choose(last + 1);
            return json!(samples[at]);
        }
        let limit = |name: &str| flat.limits.get(name).and_then(Value::as_u64);
        let long = limit("minLength").is_some_and(|least| least > 1);
        let at = self.choose(TEXTS.len());
        match TEXTS[at] {
            "" if limit("minLength").is_some_and(|least| least > 0) => json!("text"),
            _ if long => json!("a longer text than most, for those who ask for one"),
            text => json!(text),
        }
    }
}

const TEXTS: [&str; 6] = [
    "text",
    "",
    "docker.io/library/alpine:3.19",
    "None",
    "imageDigest",
    "ümlaut \u{1f40b} \"quoted\" \\ \n",
];

/// Keys that look like names of V1 or V2.
const LOOKALIKES: [&str; 12] = [
    "imageDigest",
    "image_digest",
    "userId",
    "account_name",
    "policyId",
    "policy_id",
    "fulltag",
    "full_tag",
    "items",
    "whitelist_ids",
    "allowlist_ids",
    "last_updated",
];

/// A text that fits a pattern.
fn fitting(pattern: &str) -> String {
    static KNOWN: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Mutex::default);
    let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
    let candidates = [
        "text",
        &digest,
        "dGV4dA==",
        "2026-01-02T03:04:05Z",
        "https://example.com/",
        "someone@example.com",
        "docker.io/library/alpine:3.19",
        "1",
        "1.2.3",
        "0b5b2a3e-6b3c-4d58-9a0d-6f1a3d1c2b4a",
        "",
    ];
    let mut known = KNOWN.lock().expect("no test panicked with it");
    known
        .entry(pattern.to_owned())
        .or_insert_with(|| {
            let fits = jsonschema::validator_for(&json!({ "pattern": pattern }))
                .unwrap_or_else(|error| panic!("the pattern `{pattern}`: {error}"));
            let found = candidates.iter().find(|text| fits.is_valid(&json!(text)));
            let Some(found) = found else {
                panic!("no text is known that fits the pattern `{pattern}`");
            };
            (*found).to_owned()
        })
        .clone()
}
