//! Finds the rule of a member by its name.
//!
//! Names are compared as they stand in the input, without being copied: the first 32 bytes as
//! four words under a mask, the rest (of the few that are longer) as a slice. A name that is
//! written with escapes is looked up by its unescaped form, in a list; that is rare and may
//! be slow.

/// Bytes of a name that are compared as words.
pub(super) const INLINE: usize = 32;

/// The first bytes of a name, and what stands behind it.
pub(super) type Words = [u64; 4];

/// Places of the table.
const SLOTS: usize = 256;

/// The names of one object's members, each with a number.
#[derive(Debug, Clone)]
pub(super) struct NameTable {
    /// One more than the index of the first key of each slot; 0 if there is none.
    slots: Box<[u16; SLOTS]>,
    keys: Vec<Key>,
    /// Names that cannot stand in JSON text as they are.
    escaped: Vec<(Box<str>, usize)>,
}

#[derive(Debug, Clone)]
struct Key {
    name: Box<[u8]>,
    /// The next key of the slot, like there.
    next: u16,
    number: usize,
}

impl NameTable {
    /// A table of names, with their position as their number.
    pub(super) fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut table = Self {
            slots: Box::new([0; SLOTS]),
            keys: Vec::new(),
            escaped: Vec::new(),
        };
        for (number, name) in names.enumerate() {
            if name
                .bytes()
                .any(|byte| matches!(byte, b'"' | b'\\' | ..0x20))
            {
                table.escaped.push((name.into(), number));
            } else {
                table.insert(name, number);
            }
        }
        table
    }

    fn insert(&mut self, name: &str, number: usize) {
        let slot = slot(&words(name.as_bytes(), 0), name.len());
        let index = u16::try_from(self.keys.len() + 1).expect("a shape has fewer members");
        self.keys.push(Key {
            next: std::mem::replace(&mut self.slots[slot], index),
            name: name.as_bytes().into(),
            number,
        });
    }

    /// The number of a name that has no escapes; `words` are its first bytes.
    #[inline]
    pub(super) fn find(&self, words: &Words, name: &[u8]) -> Option<usize> {
        let mut index = self.slots[slot(words, name.len())];
        loop {
            let key = self.keys.get(usize::from(index).checked_sub(1)?)?;
            if *key.name == *name {
                return Some(key.number);
            }
            index = key.next;
        }
    }

    /// The number of a name that was written with escapes.
    #[cold]
    #[inline(never)]
    pub(super) fn find_unescaped(&self, name: &str) -> Option<usize> {
        let plain = self.keys.iter().map(|key| (&*key.name, key.number));
        let escaped = self.escaped.iter();
        let escaped = escaped.map(|(name, number)| (name.as_bytes(), *number));
        plain
            .chain(escaped)
            .find_map(|(known, number)| (known == name.as_bytes()).then_some(number))
    }
}

/// The words of the name that starts at `start`.
#[inline(always)]
pub(super) fn words(text: &[u8], start: usize) -> Words {
    match text[start..].first_chunk() {
        Some(bytes) => as_words(bytes),
        None => words_at_the_end(&text[start..]),
    }
}

#[cold]
#[inline(never)]
fn words_at_the_end(text: &[u8]) -> Words {
    let mut bytes = [0; INLINE];
    bytes[..text.len()].copy_from_slice(text);
    as_words(&bytes)
}

/// The words of a name, given with what stands behind it.
#[inline(always)]
pub(super) fn as_words(bytes: &[u8; INLINE]) -> Words {
    let (eights, _) = bytes.as_chunks::<8>();
    std::array::from_fn(|index| u64::from_le_bytes(eights[index]))
}

/// All ones where the words of a name of this length are its own.
#[inline(always)]
pub(super) fn masks(length: usize) -> Words {
    std::array::from_fn(|index| match length.saturating_sub(index * 8) {
        0 => 0,
        rest @ 1..8 => u64::MAX >> (64 - 8 * rest),
        _ => u64::MAX,
    })
}

/// The slot of a name in a table of 256.
#[inline]
pub(super) fn slot(words: &Words, length: usize) -> usize {
    let masks = masks(length);
    let mixed = (words[0] & masks[0])
        ^ (words[1] & masks[1]).rotate_left(29)
        ^ (words[2] & masks[2]).rotate_left(43)
        ^ length as u64;
    let mixed = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (u64::BITS - SLOTS.trailing_zeros())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(table: &NameTable, name: &str, behind: &str) -> Option<usize> {
        let text = format!("{name}{behind}");
        table.find(&words(text.as_bytes(), 0), name.as_bytes())
    }

    #[test]
    fn names_are_found_whatever_stands_around_them() {
        let names = [
            "",
            "a",
            "imageDigest",
            "imageDigesT",
            "package_name_of_thirty_two_bytes",
            "package_name_of_thirty_three_byte",
            "package_name_of_thirty_three_bytf",
            "größe",
        ];
        let table = NameTable::new(names.iter().copied());
        for behind in [
            "",
            "\"",
            "\":\"a value that is longer than thirty-two bytes\"",
        ] {
            for (number, name) in names.iter().enumerate() {
                assert_eq!(find(&table, name, behind), Some(number), "{name} {behind}");
            }
            for other in [
                "b",
                "imageDiges",
                "imageDigest_",
                "package_name_of_thirty_two_byteS",
            ] {
                assert_eq!(find(&table, other, behind), None, "{other} {behind}");
            }
        }
    }

    #[test]
    fn names_that_need_escapes_are_only_found_unescaped() {
        let table = NameTable::new(["a\\b", "plain"].into_iter());
        assert_eq!(find(&table, "a\\b", "\":1"), None);
        assert_eq!(table.find_unescaped("a\\b"), Some(0));
        assert_eq!(table.find_unescaped("plain"), Some(1));
        assert_eq!(table.find_unescaped("a"), None);
    }
}
