//! One schema as a document writes it; references are names.

use std::fmt;

use serde_json::{Map, Value};

/// One schema, as written. The default says nothing: any value fits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Schema {
    /// The named schema it stands for. In OpenAPI 3.0 nothing else counts beside it; in this model
    /// what stands beside it holds as well.
    pub reference: Option<String>,
    /// The kind of value; `None`: any.
    pub kind: Option<Kind>,
    /// A closer name of the kind, such as `date-time`.
    pub format: Option<String>,
    /// Whether null fits too.
    pub nullable: bool,
    /// `enum`: the values that fit; empty: all of its kind.
    pub words: Vec<Value>,
    /// Members of an object, in the order of the document.
    pub properties: Vec<(String, Schema)>,
    /// Members that an object must have.
    pub required: Vec<String>,
    /// What becomes of members that [`properties`](Self::properties) does not name.
    pub others: Others,
    /// Elements of an array.
    pub items: Option<Box<Schema>>,
    /// Schemas that hold as well.
    pub all_of: Vec<Schema>,
    /// Schemas of which one holds (`oneOf` and `anyOf`); empty: no such choice.
    pub any_of: Vec<Schema>,
    /// `pattern`, `minLength` and the like, by their JSON Schema names.
    pub limits: Map<String, Value>,
    /// What it is.
    pub description: Option<String>,
}

/// A kind of JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An object.
    Object,
    /// An array.
    Array,
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Swagger 2's upload; never JSON.
    File,
}

/// What a schema says of members it does not name (`additionalProperties`).
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Others {
    /// Nothing: they fit, but nobody promises any.
    #[default]
    Unsaid,
    /// There are none.
    Closed,
    /// Any: the object is a free-form map, or is open on purpose.
    Any,
    /// Each of them fits this schema: the object is a map.
    Each(Box<Schema>),
}

impl Kind {
    /// Reads the name that documents write.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "object" => Self::Object,
            "array" => Self::Array,
            "string" => Self::String,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            "file" => Self::File,
            _ => return None,
        })
    }

    /// The name that documents write.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::File => "file",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Schema {
    /// Any value of one kind.
    pub fn of(kind: Kind) -> Self {
        Self {
            kind: Some(kind),
            ..Self::default()
        }
    }

    /// The named schema.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            reference: Some(name.into()),
            ..Self::default()
        }
    }

    /// An array of these.
    pub fn array(items: Self) -> Self {
        Self {
            items: Some(Box::new(items)),
            ..Self::of(Kind::Array)
        }
    }

    /// Exactly this value.
    pub fn exactly(value: Value) -> Self {
        let kind = match &value {
            Value::Null => None,
            Value::Bool(_) => Some(Kind::Boolean),
            Value::Number(number) if number.is_f64() => Some(Kind::Number),
            Value::Number(_) => Some(Kind::Integer),
            Value::String(_) => Some(Kind::String),
            Value::Array(_) => Some(Kind::Array),
            Value::Object(_) => Some(Kind::Object),
        };
        Self {
            kind,
            nullable: value.is_null(),
            words: vec![value],
            ..Self::default()
        }
    }

    /// Whether only null fits.
    pub fn is_null(&self) -> bool {
        !self.words.is_empty() && self.words.iter().all(Value::is_null)
    }

    /// Whether it says nothing at all.
    pub fn is_any(&self) -> bool {
        let said = Self {
            description: None,
            nullable: false,
            ..self.clone()
        };
        said == Self::default()
    }

    /// The member with this name, of those it names itself.
    pub fn property(&self, name: &str) -> Option<&Self> {
        let found = self.properties.iter().find(|(known, _)| known == name);
        found.map(|(_, schema)| schema)
    }

    /// Calls `see` for this schema and every one written inside it.
    pub fn walk<'s>(&'s self, see: &mut impl FnMut(&'s Self)) {
        see(self);
        self.properties
            .iter()
            .for_each(|(_, inner)| inner.walk(see));
        if let Others::Each(inner) = &self.others {
            inner.walk(see);
        }
        let parts = self.items.as_deref().into_iter();
        parts
            .chain(&self.all_of)
            .chain(&self.any_of)
            .for_each(|inner| inner.walk(see));
    }

    /// Calls `change` for this schema and every one written inside it.
    pub fn walk_mut(&mut self, change: &mut impl FnMut(&mut Self)) {
        change(self);
        for (_, inner) in &mut self.properties {
            inner.walk_mut(change);
        }
        if let Others::Each(inner) = &mut self.others {
            inner.walk_mut(change);
        }
        let parts = self.items.as_deref_mut().into_iter();
        parts
            .chain(&mut self.all_of)
            .chain(&mut self.any_of)
            .for_each(|inner| inner.walk_mut(change));
    }
}
