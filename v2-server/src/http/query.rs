//! Query parameters, checked against their type with an answer that names the parameter.
//!
//! Parameters that the operation does not declare are ignored: clients send some. Booleans are read
//! in any case (`True`). A list comes as a parameter given several times, or with commas, or both.

use std::borrow::Cow;
use std::fmt;

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, EnumAccess, IntoDeserializer, VariantAccess, Visitor,
};
use serde::{Deserializer, forward_to_deserialize_any};

use super::problem::number;
use super::{ApiError, Problem};

/// The query of a request.
#[derive(Debug, Clone)]
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        parse(query, "query parameter")
            .map(Self)
            .map_err(ApiError::from)
    }
}

/// Reads `name=value&…`; `noun` says in messages what a name names.
///
/// # Errors
/// A problem that says which one, what was expected and what came.
pub(crate) fn parse<T: DeserializeOwned>(text: &str, noun: &'static str) -> Result<T, Problem> {
    let mut fields: Vec<(Cow<'_, str>, Field<'_>)> = Vec::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        if let Some((_, field)) = fields.iter_mut().find(|(known, _)| *known == name) {
            field.values.push(value);
        } else {
            let field = Field {
                noun,
                name: name.clone().into_owned(),
                values: vec![value],
            };
            fields.push((name, field));
        }
    }
    T::deserialize(MapDeserializer::new(fields.into_iter())).map_err(|Mismatch(message)| {
        Problem::bad_request(message.replacen("missing field", &format!("missing {noun}"), 1))
    })
}

/// One parameter with all its values.
struct Field<'a> {
    noun: &'static str,
    name: String,
    values: Vec<Cow<'a, str>>,
}

impl<'a> Field<'a> {
    /// The value of a parameter that takes one. Of several, the last counts.
    fn single(&mut self) -> Cow<'a, str> {
        self.values.pop().unwrap_or_default()
    }

    fn number<T: std::str::FromStr>(&mut self, expected: &str) -> Result<T, Mismatch> {
        let text = self.single();
        text.trim()
            .parse()
            .map_err(|_| self.mismatch(expected, &text))
    }

    fn mismatch(&self, expected: &str, got: &str) -> Mismatch {
        let Self { noun, name, .. } = self;
        Mismatch(format!("{noun} `{name}`: expected {expected}, got `{got}`"))
    }
}

/// Why the query does not fit.
#[derive(Debug)]
struct Mismatch(String);

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mismatch {}

impl serde::de::Error for Mismatch {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl<'de> IntoDeserializer<'de, Mismatch> for Field<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $kind:ty, $expected:expr;)*) => {$(
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Mismatch> {
            visitor.$visit(self.number::<$kind>($expected)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Field<'de> {
    type Error = Mismatch;

    numbers! {
        deserialize_i32 visit_i32 i32, number::I32;
        deserialize_i64 visit_i64 i64, number::I64;
        deserialize_u16 visit_u16 u16, number::U16;
        deserialize_u32 visit_u32 u32, number::U32;
        deserialize_u64 visit_u64 u64, number::U64;
        deserialize_f64 visit_f64 f64, "a number";
    }

    fn deserialize_bool<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Mismatch> {
        let text = self.single();
        if text.eq_ignore_ascii_case("true") {
            visitor.visit_bool(true)
        } else if text.eq_ignore_ascii_case("false") {
            visitor.visit_bool(false)
        } else {
            Err(self.mismatch("`true` or `false`", &text))
        }
    }

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Mismatch> {
        let text = self.single();
        visitor
            .visit_str::<Mismatch>(&text)
            .map_err(|Mismatch(reason)| {
                Mismatch(format!("{} `{}`: {reason}", self.noun, self.name))
            })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let Self { noun, name, values } = self;
        let elements = values.iter().flat_map(|value| value.split(','));
        let fields = elements
            .filter(|element| !element.is_empty())
            .map(|element| Field {
                noun,
                name: name.clone(),
                values: vec![Cow::Owned(element.to_owned())],
            });
        visitor.visit_seq(SeqDeserializer::new(fields))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        let text = self.single();
        if !variants.contains(&&*text) {
            let expected = format!("one of `{}`", variants.join("`, `"));
            return Err(self.mismatch(&expected, &text));
        }
        visitor.visit_enum(Word(text))
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u128 f32 char str string bytes byte_buf unit unit_struct tuple tuple_struct
        map struct identifier ignored_any
    }
}

/// The name of an enum variant.
struct Word<'a>(Cow<'a, str>);

impl<'de> EnumAccess<'de> for Word<'de> {
    type Error = Mismatch;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Mismatch> {
        let name = self.0.clone();
        let value = seed.deserialize(IntoDeserializer::<Mismatch>::into_deserializer(name))?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Word<'de> {
    type Error = Mismatch;

    fn unit_variant(self) -> Result<(), Mismatch> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, Mismatch> {
        Err(Mismatch("a query holds plain words only".to_owned()))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Mismatch> {
        Err(Mismatch("a query holds plain words only".to_owned()))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Mismatch> {
        Err(Mismatch("a query holds plain words only".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Color {
        Red,
        DarkBlue,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    struct Wanted {
        force: Option<bool>,
        page: Option<u32>,
        color: Option<Color>,
        #[serde(default)]
        digests: Vec<String>,
        name: Option<String>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its absence is looked at")]
    struct Required {
        username: String,
    }

    fn problem<T: DeserializeOwned + fmt::Debug>(query: &str) -> String {
        let problem = parse::<T>(query, "query parameter").unwrap_err();
        serde_json::to_value(problem).unwrap()["detail"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn values_take_their_type() {
        let wanted: Wanted = parse(
            "force=True&page=2&color=dark_blue&digests=a,b&digests=c&name=x+y%2Fz&unknown=1",
            "query parameter",
        )
        .unwrap();
        let expected = Wanted {
            force: Some(true),
            page: Some(2),
            color: Some(Color::DarkBlue),
            digests: vec!["a".into(), "b".into(), "c".into()],
            name: Some("x y/z".into()),
        };
        assert_eq!(wanted, expected);
        assert_eq!(
            parse::<Wanted>("", "query parameter").unwrap(),
            Wanted::default()
        );
    }

    #[test]
    fn the_message_names_parameter_expectation_and_value() {
        assert_eq!(
            problem::<Wanted>("force=maybe"),
            "query parameter `force`: expected `true` or `false`, got `maybe`"
        );
        assert_eq!(
            problem::<Wanted>("page=-1"),
            "query parameter `page`: expected a whole number from 0 to 4294967295, got `-1`"
        );
        assert_eq!(
            problem::<Wanted>("color=green"),
            "query parameter `color`: expected one of `red`, `dark_blue`, got `green`"
        );
        assert_eq!(
            problem::<Required>("name=x"),
            "missing query parameter `username`"
        );
    }
}
