//! How alike two names, texts and types are.

use std::collections::BTreeSet;

use heck::ToSnakeCase as _;
use windlass_transforms::compare::Typed;
use windlass_transforms::document::Kind;

use super::Confidence;

/// The words of a name, each in the singular.
pub(super) fn words(name: &str) -> Vec<String> {
    let snake = name.to_snake_case();
    let words = snake.split('_').filter(|word| !word.is_empty());
    words.map(singular).collect()
}

fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 2) {
        return format!("{stem}y");
    }
    let plural = word.len() > 3 && word.ends_with('s') && !word.ends_with("ss");
    word.strip_suffix('s')
        .filter(|_| plural)
        .unwrap_or(word)
        .to_owned()
}

/// Letters and digits alone, in lower case: `fullTag`, `full_tag` and `fulltag` are one.
fn letters(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// How much two sets have in common, from 0 to 1.
pub(super) fn overlap<T: Ord>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> f64 {
    let both = a.intersection(b).count();
    let all = a.union(b).count();
    ratio(both, all)
}

/// `part` of `whole`; 0 of nothing.
pub(super) fn ratio(part: usize, whole: usize) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if whole == 0 {
        0.0
    } else {
        number(part) / number(whole)
    }
}

/// How alike two names are.
pub(super) fn names(a: &str, b: &str) -> Confidence {
    if a == b {
        return Confidence::new(1.0, "same name");
    }
    if a.to_snake_case() == b.to_snake_case() {
        return Confidence::new(0.97, "same words");
    }
    let (squeezed_a, squeezed_b) = (letters(a), letters(b));
    if squeezed_a == squeezed_b {
        return Confidence::new(0.95, "same letters");
    }
    let (words_a, words_b) = (words(a), words(b));
    if words_a == words_b {
        return Confidence::new(0.9, "same words but for the plural");
    }
    let set = |words: &[String]| words.iter().cloned().collect::<BTreeSet<_>>();
    let (set_a, set_b) = (set(&words_a), set(&words_b));
    if abbreviates(&squeezed_a, &words_b) || abbreviates(&squeezed_b, &words_a) {
        return Confidence::new(0.75, "short form");
    }
    let common = overlap(&set_a, &set_b);
    if common > 0.0 && (set_a.is_subset(&set_b) || set_b.is_subset(&set_a)) {
        return Confidence::new(0.4 + 0.3 * common, "some of the words");
    }
    let close = strsim::jaro_winkler(&squeezed_a, &squeezed_b);
    if close > 0.9 {
        return Confidence::new(0.6 * close, "spelt alike");
    }
    Confidence::new(0.5 * common, "common words")
}

/// Whether a name is made of beginnings of these words, in order, with the last one whole:
/// `vtype` of `vuln_type`.
fn abbreviates(name: &str, words: &[String]) -> bool {
    let Some((last, first)) = words.split_last() else {
        return false;
    };
    let Some(mut rest) = name.strip_suffix(last.as_str()) else {
        return false;
    };
    if rest.is_empty() || first.is_empty() {
        return false;
    }
    for word in first {
        let same = rest
            .chars()
            .zip(word.chars())
            .take_while(|(a, b)| a == b)
            .count();
        if same == 0 {
            return false;
        }
        rest = &rest[same..];
    }
    rest.is_empty()
}

/// The words of a text that say something.
pub(super) fn text_words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 2)
        .map(str::to_lowercase)
        .collect()
}

/// How alike two descriptions are: words in common. 0 where one is missing or short.
pub(super) fn texts(a: Option<&str>, b: Option<&str>) -> f64 {
    let words = |text: Option<&str>| text_words(text.unwrap_or_default());
    let (a, b) = (words(a), words(b));
    if a.len() < 3 || b.len() < 3 {
        return 0.0;
    }
    overlap(&a, &b)
}

/// What kind of value a schema is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Any,
    Array,
    Object,
    Text,
    Number,
    Boolean,
}

fn form(typed: Typed<'_>) -> Form {
    if typed.is_array() {
        return Form::Array;
    }
    match typed.document.flat(typed.schema).kind {
        Some(Kind::String | Kind::File) => Form::Text,
        Some(Kind::Integer | Kind::Number) => Form::Number,
        Some(Kind::Boolean) => Form::Boolean,
        Some(Kind::Array) => Form::Array,
        None if typed.members().named.is_empty() => Form::Any,
        Some(Kind::Object) | None => Form::Object,
    }
}

/// How well the types of two values go together.
pub(super) fn types(a: Typed<'_>, b: Typed<'_>) -> f64 {
    let formats = |typed: Typed<'_>| {
        let flat = typed.document.flat(typed.schema);
        flat.format.map(str::to_owned)
    };
    match (form(a), form(b)) {
        (Form::Any, _) | (_, Form::Any) => 0.95,
        (Form::Text, Form::Text) if formats(a) != formats(b) => 0.95,
        (a, b) if a == b => 1.0,
        (Form::Array, _) | (_, Form::Array) => 0.75,
        (Form::Object, _) | (_, Form::Object) => 0.5,
        _ => 0.8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_alike_by_words_letters_and_short_forms() {
        let value = |a, b| names(a, b).value;
        assert!(value("imageDigest", "image_digest") > 0.95);
        assert!(value("fulltag", "full_tag") > 0.9);
        assert!(value("vtype", "vuln_type") > 0.7);
        assert!(value("digest", "image_digest") < 0.7);
        assert!(value("userId", "account_name") < 0.1);
    }
}
