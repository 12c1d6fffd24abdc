//! TOML tables, read key by key: what nobody asked for is an error.

use std::sync::Arc;

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::code::{MISSING_KEY, NOT_JSON, NOT_TOML, UNKNOWN_KEY, WRONG_TYPE};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::mapping::place::{Place, SourceFile, Text};

/// A table that is being read.
pub(crate) struct Table<'t> {
    file: Arc<SourceFile>,
    place: Place,
    entries: Vec<(Text, &'t Spanned<DeValue<'t>>)>,
    known: Vec<&'static str>,
}

/// Parses a file and hands its table to `read`.
pub(crate) fn with_file<T>(
    file: &Arc<SourceFile>,
    errors: &mut Vec<Diagnostic>,
    read: impl FnOnce(Table<'_>, &mut Vec<Diagnostic>) -> T,
) -> Option<T> {
    match DeTable::parse(&file.text) {
        Ok(table) => {
            let table = Table::new(file, table.get_ref(), Place::start_of(file));
            Some(read(table, errors))
        }
        Err(error) => {
            let place = Place {
                file: Arc::clone(file),
                range: error.span().unwrap_or(0..0),
            };
            let message = error.message().lines().next().unwrap_or("not TOML");
            errors.push(place.diagnostic(NOT_TOML, format!("the file is not TOML: {message}")));
            None
        }
    }
}

impl<'t> Table<'t> {
    fn new(file: &Arc<SourceFile>, table: &'t DeTable<'t>, place: Place) -> Self {
        let mut entries: Vec<_> = table
            .iter()
            .map(|(key, value)| {
                let text = Text {
                    value: key.get_ref().to_string(),
                    place: Place {
                        file: Arc::clone(file),
                        range: key.span(),
                    },
                };
                (text, value)
            })
            .collect();
        // The parser sorts by name; what is written first matters for look-ups and words.
        entries.sort_by_key(|(key, value)| (key.place.range.start, value.span().start));
        Self {
            file: Arc::clone(file),
            place,
            entries,
            known: Vec::new(),
        }
    }

    fn take(&mut self, key: &'static str) -> Option<(Text, &'t Spanned<DeValue<'t>>)> {
        self.known.push(key);
        let at = self.entries.iter().position(|(k, _)| k.value == key)?;
        Some(self.entries.remove(at))
    }

    /// Where the table itself is named.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Whether the key is there; it stays.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(k, _)| k.value == key)
    }

    /// Removes a key that is not to be read, and says where it was.
    pub(crate) fn discard(&mut self, key: &str) -> Option<Place> {
        let at = self.entries.iter().position(|(k, _)| k.value == key)?;
        Some(self.entries.remove(at).0.place)
    }

    /// A string.
    pub(crate) fn text(&mut self, key: &'static str, errors: &mut Vec<Diagnostic>) -> Option<Text> {
        let (_, value) = self.take(key)?;
        self.as_text(key, value, errors)
    }

    /// A string that must be there and not be empty.
    pub(crate) fn required_text(
        &mut self,
        key: &'static str,
        errors: &mut Vec<Diagnostic>,
    ) -> Option<Text> {
        if !self.has(key) {
            self.known.push(key);
            errors.push(
                self.place
                    .diagnostic(MISSING_KEY, format!("the key `{key}` is missing")),
            );
            return None;
        }
        let text = self.text(key, errors)?;
        if text.value.trim().is_empty() {
            errors.push(text.diagnostic(MISSING_KEY, format!("`{key}` is empty")));
            return None;
        }
        Some(text)
    }

    /// A whole number and its place.
    pub(crate) fn number(
        &mut self,
        key: &'static str,
        errors: &mut Vec<Diagnostic>,
    ) -> Option<(u64, Place)> {
        let (_, value) = self.take(key)?;
        let place = self.value_place(value);
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok());
        if number.is_none() {
            errors.push(wrong_type(&place, key, "a whole number", value));
        }
        Some((number?, place))
    }

    /// A list of strings; empty when it is not there.
    pub(crate) fn texts(&mut self, key: &'static str, errors: &mut Vec<Diagnostic>) -> Vec<Text> {
        let Some((_, value)) = self.take(key) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            let place = self.value_place(value);
            errors.push(wrong_type(&place, key, "an array of strings", value));
            return Vec::new();
        };
        array
            .iter()
            .filter_map(|element| self.as_text(key, element, errors))
            .collect()
    }

    /// Any value as JSON, and its place.
    pub(crate) fn json(
        &mut self,
        key: &'static str,
        errors: &mut Vec<Diagnostic>,
    ) -> Option<(Value, Place)> {
        let (_, value) = self.take(key)?;
        let place = self.value_place(value);
        json(&self.file, value, errors).map(|json| (json, place))
    }

    /// A table; `None` when it is not there.
    pub(crate) fn table(
        &mut self,
        key: &'static str,
        errors: &mut Vec<Diagnostic>,
    ) -> Option<Table<'t>> {
        let (name, value) = self.take(key)?;
        self.as_table(&name, value, errors)
    }

    /// The entries of a table whose keys are names, each a string.
    pub(crate) fn names(
        &mut self,
        key: &'static str,
        errors: &mut Vec<Diagnostic>,
    ) -> Vec<(Text, Text)> {
        let Some(table) = self.table(key, errors) else {
            return Vec::new();
        };
        table.into_texts(errors)
    }

    /// All entries, whose keys are names and whose values are strings.
    pub(crate) fn into_texts(self, errors: &mut Vec<Diagnostic>) -> Vec<(Text, Text)> {
        self.entries
            .iter()
            .filter_map(|(key, value)| {
                let text = self.as_text(&key.value, value, errors)?;
                Some((key.clone(), text))
            })
            .collect()
    }

    /// All entries, whose keys are names and whose values are lists of strings.
    pub(crate) fn into_lists(self, errors: &mut Vec<Diagnostic>) -> Vec<(Text, Vec<Text>)> {
        let mut lists = Vec::new();
        for (key, value) in &self.entries {
            let Some(array) = value.get_ref().as_array() else {
                let place = self.value_place(value);
                errors.push(wrong_type(&place, &key.value, "an array of strings", value));
                continue;
            };
            let texts = array
                .iter()
                .filter_map(|element| self.as_text(&key.value, element, errors))
                .collect();
            lists.push((key.clone(), texts));
        }
        lists
    }

    /// The entries of a table whose keys are names, each any value as JSON.
    pub(crate) fn values(
        &mut self,
        key: &'static str,
        errors: &mut Vec<Diagnostic>,
    ) -> Vec<(Text, Value)> {
        let Some(table) = self.table(key, errors) else {
            return Vec::new();
        };
        table
            .entries
            .iter()
            .filter_map(|(key, value)| Some((key.clone(), json(&table.file, value, errors)?)))
            .collect()
    }

    /// The entries of a table whose keys are names, each a table.
    pub(crate) fn tables(
        &mut self,
        key: &'static str,
        errors: &mut Vec<Diagnostic>,
    ) -> Vec<(Text, Table<'t>)> {
        let Some(table) = self.table(key, errors) else {
            return Vec::new();
        };
        table
            .entries
            .iter()
            .filter_map(|(key, value)| Some((key.clone(), table.as_table(key, value, errors)?)))
            .collect()
    }

    /// Reports the keys that were not read.
    pub(crate) fn finish(self, errors: &mut Vec<Diagnostic>) {
        for (key, _) in &self.entries {
            let mut diagnostic =
                key.diagnostic(UNKNOWN_KEY, format!("unknown key `{}`", key.value));
            diagnostic.help = Some(
                did_you_mean(&key.value, self.known.iter().copied())
                    .unwrap_or_else(|| format!("known here: `{}`", self.known.join("`, `"))),
            );
            errors.push(diagnostic);
        }
    }

    fn value_place(&self, value: &Spanned<DeValue<'_>>) -> Place {
        Place {
            file: Arc::clone(&self.file),
            range: value.span(),
        }
    }

    fn as_text(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        errors: &mut Vec<Diagnostic>,
    ) -> Option<Text> {
        let place = self.value_place(value);
        if let Some(text) = value.get_ref().as_str() {
            return Some(Text {
                value: text.to_owned(),
                place,
            });
        }
        errors.push(wrong_type(&place, key, "a string", value));
        None
    }

    fn as_table(
        &self,
        key: &Text,
        value: &'t Spanned<DeValue<'t>>,
        errors: &mut Vec<Diagnostic>,
    ) -> Option<Table<'t>> {
        if let Some(table) = value.get_ref().as_table() {
            return Some(Table::new(&self.file, table, key.place.clone()));
        }
        let place = self.value_place(value);
        errors.push(wrong_type(&place, &key.value, "a table", value));
        None
    }
}

fn wrong_type(
    place: &Place,
    key: &str,
    expected: &str,
    value: &Spanned<DeValue<'_>>,
) -> Diagnostic {
    let found = value.get_ref().type_str();
    let mut diagnostic = place.diagnostic(
        WRONG_TYPE,
        format!("`{key}` must be {expected}, not {}", article(found)),
    );
    diagnostic.label = Some(format!("expected {expected}"));
    diagnostic
}

fn article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}

/// A TOML value as JSON. TOML has no null: `{ json = "…" }` stands for the JSON text in it.
fn json(
    file: &Arc<SourceFile>,
    value: &Spanned<DeValue<'_>>,
    errors: &mut Vec<Diagnostic>,
) -> Option<Value> {
    let place = Place {
        file: Arc::clone(file),
        range: value.span(),
    };
    let scalar = match value.get_ref() {
        DeValue::String(text) => Some(Value::from(&**text)),
        DeValue::Boolean(flag) => Some(Value::from(*flag)),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .map(Value::from),
        // With the digits as written.
        DeValue::Float(number) => serde_json::from_str(number.as_str()).ok(),
        DeValue::Datetime(time) => Some(Value::from(time.to_string())),
        DeValue::Array(array) => {
            return array
                .iter()
                .map(|element| json(file, element, errors))
                .collect::<Option<Vec<_>>>()
                .map(Value::from);
        }
        DeValue::Table(table) => return json_table(&Table::new(file, table, place), errors),
    };
    if scalar.is_none() {
        let mut diagnostic = place.diagnostic(NOT_JSON, "JSON has no such number");
        diagnostic.help = Some("write the JSON text itself as `{ json = \"…\" }`".into());
        errors.push(diagnostic);
    }
    scalar
}

fn json_table(table: &Table<'_>, errors: &mut Vec<Diagnostic>) -> Option<Value> {
    if let [(key, value)] = &*table.entries
        && key.value == "json"
        && let Some(text) = value.get_ref().as_str()
    {
        return serde_json::from_str(text)
            .map_err(|error| {
                let message = format!("`json` does not hold JSON: {error}");
                errors.push(table.value_place(value).diagnostic(NOT_JSON, message));
            })
            .ok();
    }
    table
        .entries
        .iter()
        .map(|(key, value)| Some((key.value.clone(), json(&table.file, value, errors)?)))
        .collect::<Option<Map<_, _>>>()
        .map(Value::from)
}
