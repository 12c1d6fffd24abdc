//! Compares the schemas of two bodies, member by member, at every place.

use serde_json::Value;

use crate::document::compare::{Area, Change, Reporter};
use crate::document::flat::FlatOthers;
use crate::document::{Document, Flat, Kind, Schema};

/// The schemas of one body in two documents.
pub(super) struct Bodies<'d, 'r, 'o> {
    old: &'d Document,
    new: &'d Document,
    area: Area,
    at: &'r mut Reporter<'o>,
    /// Pairs of schemas that are being compared: schemas may use themselves.
    open: Vec<(*const Schema, *const Schema)>,
}

/// A place in a body, and the same from the nearest named schema.
#[derive(Clone)]
struct Place {
    whole: String,
    schema: Option<String>,
}

impl Place {
    fn member(&self, name: &str) -> Self {
        let dot = if self.whole.is_empty() || self.whole.ends_with(' ') {
            ""
        } else {
            "."
        };
        Self {
            whole: format!("{}{dot}{name}", self.whole),
            schema: self.schema.as_ref().map(|from| format!("{from}.{name}")),
        }
    }

    fn elements(&self) -> Self {
        Self {
            whole: format!("{}[]", self.whole),
            schema: self.schema.as_ref().map(|from| format!("{from}[]")),
        }
    }
}

impl<'d, 'r, 'o> Bodies<'d, 'r, 'o> {
    pub(super) fn new(
        old: &'d Document,
        new: &'d Document,
        area: Area,
        at: &'r mut Reporter<'o>,
    ) -> Self {
        Self {
            old,
            new,
            area,
            at,
            open: Vec::new(),
        }
    }

    /// Compares two schemas; `place` is a status or the place of a parameter, or nothing.
    pub(super) fn compare(mut self, place: &str, old: &'d Schema, new: &'d Schema) {
        let space = if self.area == Area::Response { " " } else { "" };
        let place = Place {
            whole: format!("{place}{space}"),
            schema: None,
        };
        self.schemas(&place, old, new);
    }

    fn report(&mut self, place: &Place, change: Change, old: Option<String>, new: Option<String>) {
        let whole = place.whole.trim_end().to_owned();
        let schema = place.schema.clone();
        self.at.report(self.area, whole, schema, change, old, new);
    }

    fn schemas(&mut self, place: &Place, old: &'d Schema, new: &'d Schema) {
        let pair = (
            std::ptr::from_ref(self.old.resolve(old)),
            std::ptr::from_ref(self.new.resolve(new)),
        );
        if self.open.contains(&pair) {
            return;
        }
        self.open.push(pair);
        let (old, new) = (self.old.flat(old), self.new.flat(new));
        let mut place = place.clone();
        if let Some(name) = old.name {
            place.schema = Some(name.to_owned());
        }
        if old.any_of.is_empty() && new.any_of.is_empty() {
            self.flats(&place, &old, &new);
        } else {
            self.choices(&place, &old, &new);
        }
        self.open.pop();
    }

    /// Where one of several schemas holds: each old choice needs a new one.
    fn choices(&mut self, place: &Place, old: &Flat<'d>, new: &Flat<'d>) {
        let all = |document: &'d Document, flat: &Flat<'d>| -> Vec<Flat<'d>> {
            if flat.any_of.is_empty() {
                return vec![flat.clone()];
            }
            flat.any_of.iter().map(|one| document.flat(one)).collect()
        };
        let news = all(self.new, new);
        for old in all(self.old, old) {
            let same = |new: &&Flat<'d>| new.kind == old.kind && new.name == old.name;
            let alike = |new: &&Flat<'d>| new.kind == old.kind || new.is_any();
            let partner = news.iter().find(same);
            if let Some(new) = partner.or_else(|| news.iter().find(alike)) {
                self.flats(place, &old, new);
            } else {
                let kinds: Vec<String> = news.iter().map(kind).collect();
                let (old, new) = (kind(&old), kinds.join(" or "));
                self.report(place, Change::TypeChanged, Some(old), Some(new));
            }
        }
    }

    fn flats(&mut self, place: &Place, old: &Flat<'d>, new: &Flat<'d>) {
        if old.is_any() && old.any_of.is_empty() {
            return;
        }
        if new.is_any() {
            self.report(place, Change::TypeUnsaid, Some(kind(old)), None);
            return;
        }
        if !self.fits(old.kind, new.kind) {
            let (old, new) = (kind(old), kind(new));
            self.report(place, Change::TypeChanged, Some(old), Some(new));
            return;
        }
        match (old.nullable, new.nullable) {
            (false, true) => self.report(place, Change::BecameNullable, None, None),
            (true, false) => self.report(place, Change::NoLongerNullable, None, None),
            _ => {}
        }
        if old.format != new.format {
            let own = |format: Option<&str>| format.map(str::to_owned);
            let (old, new) = (own(old.format), own(new.format));
            self.report(place, Change::FormatChanged, old, new);
        }
        self.words(place, old, new);
        match (old.items, new.items) {
            (Some(old), Some(new)) => self.schemas(&place.elements(), old, new),
            (Some(old), None) => {
                let was = kind(&self.old.flat(old));
                self.report(&place.elements(), Change::TypeUnsaid, Some(was), None);
            }
            (None, _) => {}
        }
        self.members(place, old, new);
    }

    fn fits(&self, old: Option<Kind>, new: Option<Kind>) -> bool {
        match (old, new) {
            (Some(old), Some(new)) if old != new => {
                // What clients send may become wider, what they read narrower.
                let (inner, outer) = match self.area {
                    Area::Response => (new, old),
                    _ => (old, new),
                };
                inner == Kind::Integer && outer == Kind::Number
            }
            _ => true,
        }
    }

    fn words(&mut self, place: &Place, old: &Flat<'d>, new: &Flat<'d>) {
        let text = |word: &Value| {
            word.as_str()
                .map_or_else(|| word.to_string(), str::to_owned)
        };
        if !new.words.is_empty() {
            for word in old.words.iter().filter(|word| !new.words.contains(word)) {
                self.report(place, Change::WordRemoved, Some(text(word)), None);
            }
        }
        if !old.words.is_empty() {
            for word in new.words.iter().filter(|word| !old.words.contains(word)) {
                self.report(place, Change::WordAdded, None, Some(text(word)));
            }
        }
    }

    fn members(&mut self, place: &Place, old: &Flat<'d>, new: &Flat<'d>) {
        for (name, schema) in &old.properties {
            let place = place.member(name);
            let is_required = old.required.contains(name);
            match new.property(name) {
                Some(partner) => {
                    let needs = new.required.contains(name);
                    match self.area {
                        Area::Response if is_required && !needs => {
                            self.report(&place, Change::FieldOptional, None, None);
                        }
                        Area::Request if needs && !is_required => {
                            self.report(&place, Change::FieldRequired, None, None);
                        }
                        _ => {}
                    }
                    self.schemas(&place, schema, partner);
                }
                // The same member of a map.
                None if matches!(new.others, FlatOthers::Each(_)) => {
                    if let FlatOthers::Each(each) = new.others {
                        self.schemas(&place, schema, each);
                    }
                }
                None => {
                    let was = kind(&self.old.flat(schema));
                    self.report(&place, Change::FieldRemoved, Some(was), None);
                }
            }
        }
        // In a map of anything no member is new.
        let is_open = old.properties.is_empty() && old.kind == Some(Kind::Object);
        for (name, schema) in &new.properties {
            if old.property(name).is_some() || is_open {
                continue;
            }
            let place = place.member(name);
            let change = if self.area == Area::Request && new.required.contains(name) {
                Change::FieldRequired
            } else {
                Change::FieldAdded
            };
            let now = kind(&self.new.flat(schema));
            self.report(&place, change, None, Some(now));
        }
        match (old.others, new.others) {
            (FlatOthers::Each(old), FlatOthers::Each(new)) => {
                self.schemas(&place.member("*"), old, new);
            }
            (FlatOthers::Each(old), FlatOthers::Closed) => {
                let was = kind(&self.old.flat(old));
                self.report(&place.member("*"), Change::FieldRemoved, Some(was), None);
            }
            _ => {}
        }
    }
}

fn kind(flat: &Flat<'_>) -> String {
    match (flat.kind, flat.any_of.is_empty()) {
        (Some(kind), _) => kind.to_string(),
        (None, false) => "a choice".to_owned(),
        (None, true) => "anything".to_owned(),
    }
}
