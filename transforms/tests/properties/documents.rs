//! Documents, and every way to write them down.

use std::fmt::Write as _;

use proptest::prelude::*;

/// Member names: those that plans speak of, and some that they do not.
pub(crate) const NAMES: [&str; 12] = [
    "a",
    "b",
    "c",
    "imageDigest",
    "image_digest",
    "größe",
    "",
    "we\"ird\\name\n",
    "a_member_name_longer_than_32_bytes",
    "a_member_name_longer_than_33_bytes",
    "unknown",
    "unknown_name_that_fills_a_whole_block_of_sixty_four_bytes_and_some_more",
];

/// Strings that plans exchange, and some that they do not.
pub(crate) const WORDS: [&str; 6] = ["on", "off", "o\"n\\", "größer", "", "onon"];

const NUMBERS: [&str; 8] = [
    "0",
    "-0",
    "1.50",
    "1e5",
    "-12.25E+3",
    "123456789012345678901234567890",
    "0.000000000000000000001",
    "7",
];

/// A JSON document.
#[derive(Debug, Clone)]
pub(crate) enum Document {
    Null,
    Bool(bool),
    Number(&'static str),
    String(String),
    Array(Vec<Document>),
    Object(Vec<(String, Document)>),
}

/// Any document.
pub(crate) fn document() -> impl Strategy<Value = Document> {
    let scalar = prop_oneof![
        2 => Just(Document::Null),
        1 => any::<bool>().prop_map(Document::Bool),
        2 => prop::sample::select(NUMBERS.as_slice()).prop_map(Document::Number),
        3 => prop::sample::select(WORDS.as_slice()).prop_map(|w| Document::String(w.into())),
        1 => any::<String>().prop_map(Document::String),
    ];
    scalar.prop_recursive(5, 60, 6, |inner| {
        let name = prop_oneof![
            12 => prop::sample::select(NAMES.as_slice()).prop_map(String::from),
            1 => any::<String>(),
        ];
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..5).prop_map(Document::Array),
            3 => prop::collection::vec((name, inner), 0..7).prop_map(|mut members| {
                // Names that come twice have no meaning to compare.
                let mut seen = std::collections::BTreeSet::new();
                members.retain(|(name, _)| seen.insert(name.clone()));
                Document::Object(members)
            }),
        ]
    })
}

/// Choices made from a seed.
pub(crate) struct Choices(u64);

impl Choices {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(mixed).expect("31 bits") % limit
    }
}

impl Document {
    /// Writes it down, with white space and escapes as the seed says. Seed 0: plainly.
    pub(crate) fn text(&self, seed: u64) -> String {
        let mut out = String::new();
        let mut choices = (seed != 0).then(|| Choices::new(seed));
        space(&mut out, &mut choices);
        self.write(&mut out, &mut choices);
        space(&mut out, &mut choices);
        out
    }

    fn write(&self, out: &mut String, choices: &mut Option<Choices>) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(text) => out.push_str(text),
            Self::String(text) => quote(text, out, choices),
            Self::Array(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    space(out, choices);
                    element.write(out, choices);
                    space(out, choices);
                }
                if elements.is_empty() {
                    space(out, choices);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    space(out, choices);
                    quote(name, out, choices);
                    space(out, choices);
                    out.push(':');
                    space(out, choices);
                    value.write(out, choices);
                    space(out, choices);
                }
                if members.is_empty() {
                    space(out, choices);
                }
                out.push('}');
            }
        }
    }
}

fn space(out: &mut String, choices: &mut Option<Choices>) {
    if let Some(choices) = choices {
        match choices.below(16) {
            0..12 => {}
            12 => out.push(' '),
            13 => out.push_str("\n  "),
            14 => out.push_str("\t\r\n"),
            _ => out.extend(std::iter::repeat_n(' ', choices.below(150))),
        }
    }
}

fn quote(text: &str, out: &mut String, choices: &mut Option<Choices>) {
    out.push('"');
    for c in text.chars() {
        let escaped = choices
            .as_mut()
            .is_some_and(|choices| choices.below(8) == 0);
        match c {
            _ if escaped => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
