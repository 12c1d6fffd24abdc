//! Query strings: split, renamed, and put together again without touching what need not
//! change.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What is encoded in a value that enters a path segment. `:` and `@` stay: identifiers like
/// `sha256:…` are full of them, and RFC 3986 allows them there.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// What is encoded in a value that enters a query.
const QUERY: &AsciiSet = &SEGMENT
    .remove(b'/')
    .add(b'&')
    .add(b'+')
    .add(b'=')
    .add(b'\'');

/// What a value that is already percent-encoded may still not contain.
const ILLEGAL: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Encodes plain text for a path segment.
pub(crate) fn encode_segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// Encodes plain text for a query name or value.
pub(crate) fn encode_query(text: &str) -> String {
    utf8_percent_encode(text, QUERY).to_string()
}

/// Leaves an encoded text as it is, but for bytes that no URI may contain.
pub(crate) fn keep_encoded(raw: &str) -> String {
    utf8_percent_encode(raw, ILLEGAL).to_string()
}

/// Decodes a query name or value, `+` being a space. `None`: not UTF-8, or a stray `%`.
pub(crate) fn decode_query(raw: &str) -> Option<String> {
    if !crate::route::is_percent_encoded(raw) {
        return None;
    }
    let spaced = raw.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}

/// The members of a query string: name and value, both as they came.
pub(crate) fn members(raw_query: &str) -> impl Iterator<Item = (&str, &str)> {
    raw_query
        .split('&')
        .filter(|member| !member.is_empty())
        .map(|member| member.split_once('=').unwrap_or((member, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_members_keep_their_encoding() {
        let found: Vec<_> = members("a=1&&b=x%20y+z&c").collect();
        assert_eq!(found, [("a", "1"), ("b", "x%20y+z"), ("c", "")]);
        assert_eq!(decode_query("x%20y+z").unwrap(), "x y z");
        assert_eq!(decode_query("%zz"), None);
        assert_eq!(decode_query("%ff"), None);
    }

    #[test]
    fn digests_enter_a_path_unchanged_and_slashes_encoded() {
        assert_eq!(encode_segment("sha256:ab"), "sha256:ab");
        assert_eq!(encode_segment("host:5000/a b%"), "host:5000%2Fa%20b%25");
        assert_eq!(encode_query("a&b=c/d+e"), "a%26b%3Dc/d%2Be");
        assert_eq!(keep_encoded("a%2Fb c\u{e9}"), "a%2Fb%20c%C3%A9");
    }
}
