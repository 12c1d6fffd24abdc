//! The right-hand side of a field: where a V1 member comes from.
//!
//! ```text
//! FIELD = "[" VALUE "]" | VALUE
//! VALUE = NAME ["[0]"] ["words" LIST] ["as" SHAPE] ["via" STEP]
//! ```
//!
//! `[ x ]` is the V1 array of what V2 has single, `x[0]` the single element of a V2 array.
//! `$` in place of the name stands for a member's own value (only in `[each]`).

use crate::mapping::cursor::{Cursor, Named, Parsed};
use crate::mapping::place::Text;
use crate::plan::body::Wrap;

/// Where a V1 member comes from.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    /// The V2 name; `None`: `$`.
    pub(crate) source: Option<Named>,
    pub(crate) words: Option<Named>,
    pub(crate) shape: Option<Named>,
    pub(crate) step: Option<Named>,
    /// V2 → V1.
    pub(crate) wrap: Wrap,
}

impl Expression {
    /// Reads the right-hand side of a field.
    pub(crate) fn field(text: &Text) -> Parsed<Self> {
        let expression = Self::parse(text)?;
        match &expression.source {
            Some(_) => Ok(expression),
            None => Err(Cursor::new(text).error(
                "a field takes one V2 member; what comes from elsewhere in the body needs a layout \
                 or a step",
            )),
        }
    }

    /// Reads what becomes of the values of an object whose keys are data.
    pub(crate) fn each(text: &Text) -> Parsed<Self> {
        let expression = Self::parse(text)?;
        match &expression.source {
            None => Ok(expression),
            Some(name) => {
                let mut diagnostic = Cursor::new(text).error("expected `$`, the member's value");
                diagnostic.help = Some(format!("write `$` in place of `{}`", name.value));
                Err(diagnostic)
            }
        }
    }

    fn parse(text: &Text) -> Parsed<Self> {
        let mut cursor = Cursor::new(text);
        let wrapped = cursor.eat('[');
        let source = if cursor.eat('$') {
            if cursor.sees('.') {
                return Err(cursor.error(
                    "a field takes one V2 member; what comes from elsewhere in the body needs a \
                     layout or a step",
                ));
            }
            None
        } else {
            Some(cursor.name("a V2 name")?)
        };
        let mut wrap = if wrapped { Wrap::Wrap } else { Wrap::None };
        if !wrapped && cursor.eat('[') {
            if !cursor.eat_word("0") || !cursor.eat(']') {
                return Err(cursor.error("expected `[0]`, the single element of an array"));
            }
            wrap = Wrap::Unwrap;
        }
        let words = word_and_name(&mut cursor, "words", "the name of a `[words.…]` list")?;
        let shape = word_and_name(&mut cursor, "as", "the name of a shape")?;
        let step = word_and_name(&mut cursor, "via", "the name of a step")?;
        if wrapped && !cursor.eat(']') {
            return Err(cursor.error("expected `]`"));
        }
        cursor.end().map_err(|mut diagnostic| {
            diagnostic.help =
                Some("the order is: NAME words LIST as SHAPE via STEP, each part optional".into());
            diagnostic
        })?;
        Ok(Self {
            source,
            words,
            shape,
            step,
            wrap,
        })
    }

    /// The V2 name.
    pub(crate) fn v2(&self) -> &str {
        self.source.as_ref().map_or("$", Text::as_str)
    }

    /// Whether the value itself stays as it is.
    pub(crate) fn is_plain(&self) -> bool {
        self.words.is_none()
            && self.shape.is_none()
            && self.step.is_none()
            && self.wrap == Wrap::None
    }
}

/// `WORD NAME`, if the word comes next.
pub(crate) fn word_and_name(
    cursor: &mut Cursor<'_>,
    word: &str,
    what: &str,
) -> Parsed<Option<Named>> {
    if cursor.eat_word(word) {
        cursor.name(what).map(Some)
    } else {
        Ok(None)
    }
}
