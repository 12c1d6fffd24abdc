//! Reads JSON objects as objects only.
//!
//! serde reads a struct from a list as well, its fields by position; a client that sends `["acme"]`
//! for `{"name": "acme"}` would be understood by accident. This wrapper takes objects only, at any
//! depth. It refuses NUL characters too, which no text of this API has and some databases cannot keep.
//!
//! serde reads null for an `Option` that is missing. In this API the two differ: only what the document calls nullable
//! may be null, and is read with [`nullable`].

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};

/// By this name [`nullable`] tells [`Strict`] that a null may follow. Other readers take no notice of it.
const NULLABLE: &str = "$windlass::nullable";

/// Reads a member that may be null as well as missing, with
/// `#[serde(default, deserialize_with = "nullable")]`.
///
/// # Errors
/// Those of reading the value.
pub(crate) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    reader: D,
) -> Result<Option<T>, D::Error> {
    reader.deserialize_newtype_struct(NULLABLE, OrNull(PhantomData))
}

/// Reads what [`nullable`] does.
struct OrNull<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OrNull<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<Option<T>, D::Error> {
        T::deserialize(value).map(Some)
    }

    /// A reader that is not [`Strict`].
    fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<Option<T>, D::Error> {
        Option::deserialize(value)
    }
}

/// Reads an `Option` that may be missing, but not null.
struct NotNull<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for NotNull<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        let expected = &"a value, or the member left out";
        Err(E::invalid_type(Unexpected::Unit, expected))
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(value)
    }
}

/// Wraps what reads, is read, or picks the next part, and passes itself on to every part.
pub(super) struct Strict<T>(pub(super) T);

macro_rules! pass_on {
    ($($method:ident($($name:ident: $kind:ty),*);)*) => {$(
        fn $method<V: Visitor<'de>>(self, $($name: $kind,)* visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method($($name,)* Strict(visitor))
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Strict(visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_option(Strict(NotNull(visitor)))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        if name == NULLABLE {
            return self.0.deserialize_option(Strict(visitor));
        }
        self.0.deserialize_newtype_struct(name, Strict(visitor))
    }

    pass_on! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(length: usize);
        deserialize_tuple_struct(name: &'static str, length: usize);
        deserialize_map();
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! visit {
    ($($method:ident($kind:ty);)*) => {$(
        fn $method<E: Error>(self, value: $kind) -> Result<V::Value, E> {
            self.0.$method(value)
        }
    )*};
}

macro_rules! visit_text {
    ($($method:ident($kind:ty);)*) => {$(
        fn $method<E: Error>(self, value: $kind) -> Result<V::Value, E> {
            if value.contains('\0') {
                return Err(E::custom("invalid value: a text with a NUL character, expected none"));
            }
            self.0.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Strict<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    visit! {
        visit_bool(bool);
        visit_i64(i64);
        visit_i128(i128);
        visit_u64(u64);
        visit_u128(u128);
        visit_f64(f64);
        visit_bytes(&[u8]);
        visit_borrowed_bytes(&'de [u8]);
        visit_byte_buf(Vec<u8>);
    }

    visit_text! {
        visit_str(&str);
        visit_borrowed_str(&'de str);
        visit_string(String);
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Strict(value))
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Strict(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Strict(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Strict(members))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(Strict(variant))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Strict(value))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(Strict(seed))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Strict<A> {
    type Error = A::Error;
    type Variant = Strict<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, variant) = self.0.variant_seed(Strict(seed))?;
        Ok((value, Strict(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Strict(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(length, Strict(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, Strict(visitor))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::value::RawValue;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Inner {
        #[serde(default)]
        name: String,
    }

    #[derive(Debug, Deserialize)]
    struct Outer {
        inner: Option<Inner>,
        list: Vec<Inner>,
        map: BTreeMap<String, Inner>,
        any: Value,
        raw: Box<RawValue>,
        number: serde_json::Number,
    }

    fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, String> {
        let mut reader = serde_json::Deserializer::from_str(text);
        T::deserialize(Strict(&mut reader)).map_err(|error| error.to_string())
    }

    #[test]
    fn everything_else_is_read_as_ever() {
        let text = r#"{"inner": {"name": "a"}, "list": [{"name": "b"}], "map": {"x": {}},
            "any": [1.5, {"y": null}], "raw": {"kept" : 1.0}, "number": 12345678901234567890.10}"#;
        let outer: Outer = read(text).unwrap();
        assert_eq!(outer.inner.unwrap().name, "a");
        assert_eq!(outer.list[0].name, "b");
        assert_eq!(outer.map["x"].name, "");
        assert_eq!(outer.any, json!([1.5, { "y": null }]));
        assert_eq!(outer.raw.get(), r#"{"kept" : 1.0}"#);
        assert_eq!(outer.number.to_string(), "12345678901234567890.10");
    }

    #[test]
    fn a_list_is_no_object_at_any_depth() {
        for text in ["[\"a\"]", "[]"] {
            let told = read::<Inner>(text).unwrap_err();
            assert!(
                told.starts_with("invalid type: sequence, expected struct Inner"),
                "{told}"
            );
        }
        assert!(read::<Vec<Inner>>("[{}]").is_ok());
        assert!(read::<Vec<Inner>>("[[]]").is_err());
        assert!(read::<Option<Inner>>("[]").is_err());
        assert!(read::<BTreeMap<String, Inner>>(r#"{"x": ["a"]}"#).is_err());
    }

    #[test]
    fn only_what_says_so_may_be_null() {
        #[derive(Debug, Deserialize)]
        struct Record {
            name: Option<String>,
            #[serde(default, deserialize_with = "nullable")]
            expires: Option<Inner>,
        }
        let told = read::<Record>(r#"{"name": null}"#).unwrap_err();
        assert!(
            told.starts_with("invalid type: null, expected a value, or the member left out"),
            "{told}"
        );
        assert!(read::<Record>("{}").unwrap().name.is_none());
        assert!(
            read::<Record>(r#"{"expires": null}"#)
                .unwrap()
                .expires
                .is_none()
        );
        let read_on = read::<Record>(r#"{"expires": {"name": "a"}}"#).unwrap();
        assert_eq!(read_on.expires.unwrap().name, "a");
        assert!(read::<Record>(r#"{"expires": ["a"]}"#).is_err());
        let stored: Record = serde_json::from_str(r#"{"name": null, "expires": null}"#).unwrap();
        assert!(stored.name.is_none() && stored.expires.is_none());
    }

    #[test]
    fn no_text_has_a_nul() {
        assert!(
            read::<Inner>(r#"{"name": "a\u0000b"}"#)
                .unwrap_err()
                .contains("NUL")
        );
        assert!(
            read::<Value>(r#"[{"a\u0000": 1}]"#)
                .unwrap_err()
                .contains("NUL")
        );
    }
}
