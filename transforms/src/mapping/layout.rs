//! The layout line: the picture of a V1 body, drawn from a V2 body.
//!
//! ```text
//! LAYOUT = PATH ["as" SHAPE] ["via" STEP] ["else" JSON]
//!        | "[" LAYOUT "]"
//!        | "{" KEY ":" LAYOUT { "," KEY ":" LAYOUT } "}"
//!        | JSON
//! PATH   = ( "$" | "lookup." NAME ) { "." NAME }
//! KEY    = PATH | "request.path." NAME | "request.query." NAME | JSON string
//! ```

use crate::diagnostic::code::SYNTAX;
use crate::mapping::cursor::{Cursor, Named, Parsed};
use crate::mapping::expression::word_and_name;
use crate::mapping::place::Text;

/// A layout line, or a part of one.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// As written.
    pub(crate) text: Text,
    pub(crate) form: Form,
}

/// The four forms of a layout.
#[derive(Debug, Clone)]
pub(crate) enum Form {
    /// A value of the V2 body.
    Value(LayoutValue),
    /// An array of one.
    Array(Box<Layout>),
    /// An object.
    Object(Vec<(Key, Layout)>),
    /// JSON text.
    Literal(String),
}

/// A value of the V2 body, or of the answer of a look-up.
#[derive(Debug, Clone)]
pub(crate) struct LayoutValue {
    /// The look-up; `None`: the V2 body.
    pub(crate) lookup: Option<Named>,
    /// Member names from the root.
    pub(crate) path: Vec<String>,
    pub(crate) shape: Option<Named>,
    pub(crate) step: Option<Named>,
    /// JSON text for when it is missing or null.
    pub(crate) otherwise: Option<String>,
}

/// The key of a drawn object.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) text: Text,
    pub(crate) form: KeyForm,
}

/// Where the key of a drawn object comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyForm {
    Word(String),
    Path(Vec<String>),
    RequestPath(String),
    RequestQuery(String),
}

impl Layout {
    /// Reads a layout line.
    pub(crate) fn parse(text: &Text) -> Parsed<Self> {
        let mut cursor = Cursor::new(text);
        let layout = layout(&mut cursor, 0)?;
        cursor.end()?;
        Ok(layout)
    }

    /// Calls `see` for this layout and every one inside it.
    pub(crate) fn walk<'a>(&'a self, see: &mut impl FnMut(&'a Layout)) {
        see(self);
        match &self.form {
            Form::Value(_) | Form::Literal(_) => {}
            Form::Array(inner) => inner.walk(see),
            Form::Object(members) => members.iter().for_each(|(_, inner)| inner.walk(see)),
        }
    }

    /// The values of the V2 body that it draws.
    pub(crate) fn values(&self) -> Vec<&LayoutValue> {
        let mut values = Vec::new();
        self.walk(&mut |layout| {
            if let Form::Value(value) = &layout.form {
                values.push(value);
            }
        });
        values
    }

    /// The keys it draws.
    pub(crate) fn keys(&self) -> Vec<&Key> {
        let mut keys = Vec::new();
        self.walk(&mut |layout| {
            if let Form::Object(members) = &layout.form {
                keys.extend(members.iter().map(|(key, _)| key));
            }
        });
        keys
    }
}

/// No picture of a body is nested deeper than this.
const MAX_DEPTH: usize = 16;

fn layout(cursor: &mut Cursor<'_>, depth: usize) -> Parsed<Layout> {
    if depth > MAX_DEPTH {
        return Err(cursor.error(format!("a layout is at most {MAX_DEPTH} levels deep")));
    }
    cursor.skip_spaces();
    let start = cursor.offset();
    let form = if cursor.eat('$') {
        Form::Value(value(cursor, None)?)
    } else if cursor.eat_word("lookup") {
        if !cursor.eat('.') {
            return Err(cursor.error("expected `lookup.NAME`"));
        }
        let name = cursor.name("the name of a look-up")?;
        Form::Value(value(cursor, Some(name))?)
    } else if let Some(text) = cursor.try_json() {
        Form::Literal(text)
    } else if cursor.eat('[') {
        let inner = layout(cursor, depth + 1)?;
        if cursor.sees(',') {
            return Err(cursor.error("a drawn array has one element, expected `]`"));
        }
        if !cursor.eat(']') {
            return Err(cursor.error("expected `]`"));
        }
        Form::Array(Box::new(inner))
    } else if cursor.eat('{') {
        Form::Object(members(cursor, depth)?)
    } else {
        let mut diagnostic = cursor.error("expected `$`, `[`, `{` or a JSON value");
        if cursor.rest().starts_with(|c: char| c.is_alphabetic()) {
            diagnostic.help = Some("a value of the V2 body is written `$.name`".into());
        }
        return Err(diagnostic);
    };
    Ok(Layout {
        text: cursor.since(start),
        form,
    })
}

/// What follows a `$`, or the name of a look-up.
fn value(cursor: &mut Cursor<'_>, lookup: Option<Named>) -> Parsed<LayoutValue> {
    let path = path(cursor)?;
    let shape = word_and_name(cursor, "as", "the name of a shape")?;
    let step = word_and_name(cursor, "via", "the name of a step")?;
    let otherwise = if cursor.eat_word("else") {
        Some(cursor.json()?)
    } else {
        None
    };
    Ok(LayoutValue {
        lookup,
        path,
        shape,
        step,
        otherwise,
    })
}

/// What follows a `$`, up to the end of the path.
fn path(cursor: &mut Cursor<'_>) -> Parsed<Vec<String>> {
    let mut path = Vec::new();
    while cursor.rest().starts_with('.') {
        cursor.eat('.');
        if cursor.rest().starts_with(char::is_whitespace) {
            return Err(cursor.error("expected a V2 name after `.`"));
        }
        path.push(cursor.name("a V2 name after `.`")?.value);
    }
    if cursor.rest().starts_with('[') {
        let mut diagnostic = cursor.error("a path has member names only");
        diagnostic.help = Some("an element of an array is taken by a step or a look-up".into());
        return Err(diagnostic);
    }
    Ok(path)
}

/// What follows a `{`.
fn members(cursor: &mut Cursor<'_>, depth: usize) -> Parsed<Vec<(Key, Layout)>> {
    let mut members: Vec<(Key, Layout)> = Vec::new();
    loop {
        cursor.skip_spaces();
        let key = key(cursor)?;
        if members.iter().any(|(other, _)| other.form == key.form) {
            let message = format!("the key `{}` occurs twice", key.text.value);
            return Err(Box::new(key.text.diagnostic(SYNTAX, message)));
        }
        if !cursor.eat(':') {
            return Err(cursor.error("expected `:` after the key"));
        }
        members.push((key, layout(cursor, depth + 1)?));
        if cursor.eat('}') {
            return Ok(members);
        }
        if !cursor.eat(',') {
            return Err(cursor.error("expected `,` or `}`"));
        }
    }
}

fn key(cursor: &mut Cursor<'_>) -> Parsed<Key> {
    let start = cursor.offset();
    let form = if cursor.eat('$') {
        let path = path(cursor)?;
        if path.is_empty() {
            return Err(cursor.error("a key is a member of the body, such as `$.name`"));
        }
        KeyForm::Path(path)
    } else if cursor.sees('"') {
        let text = cursor.json()?;
        KeyForm::Word(serde_json::from_str(&text).map_err(|_| cursor.error("expected a key"))?)
    } else if cursor.eat_word("request") {
        request_key(cursor)?
    } else {
        let mut diagnostic = cursor.error("expected a key");
        diagnostic.help = Some(
            "a key is `\"word\"`, `$.name`, `request.path.NAME` or `request.query.NAME`".into(),
        );
        return Err(diagnostic);
    };
    Ok(Key {
        text: cursor.since(start),
        form,
    })
}

/// What follows `request`.
fn request_key(cursor: &mut Cursor<'_>) -> Parsed<KeyForm> {
    let expected = "expected `request.path.NAME` or `request.query.NAME`";
    if !cursor.eat('.') {
        return Err(cursor.error(expected));
    }
    let is_path = cursor.eat_word("path");
    if !(is_path || cursor.eat_word("query")) || !cursor.eat('.') {
        return Err(cursor.error(expected));
    }
    let name = cursor.name("a V1 name")?.value;
    Ok(if is_path {
        KeyForm::RequestPath(name)
    } else {
        KeyForm::RequestQuery(name)
    })
}
