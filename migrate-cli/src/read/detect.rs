//! Recognises formats by content: the first whose reader understands a line.

use memchr::memchr;

/// How many lines at the beginning are tried.
const LINES: usize = 20;

/// The first lines of a head that are not blank; the last only when it is whole.
pub(crate) fn first_lines(head: &[u8]) -> Vec<&[u8]> {
    let mut rest = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let mut lines = Vec::new();
    while lines.len() < LINES && !rest.is_empty() {
        let (line, after) = match memchr(b'\n', rest) {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None => (rest, &rest[..0]),
        };
        rest = after;
        let line = line.trim_ascii();
        if !line.is_empty() {
            lines.push(line);
        }
    }
    lines
}

/// Whether it is one JSON document whose first members include `log` (an HTTP Archive).
pub(crate) fn is_har(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let mut bytes = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    let start: Vec<u8> = bytes.by_ref().take(8).copied().collect();
    start.starts_with(b"{\"log\":{")
}

/// Whether it begins as a tnetstring of a dictionary: a length, a colon, another length.
pub(crate) fn is_mitmproxy(head: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let outer = digits(head);
    let Some(inner) = head.get(outer + 1..) else {
        return false;
    };
    let length = digits(inner);
    (1..=12).contains(&outer)
        && head[outer] == b':'
        && (1..=12).contains(&length)
        && inner.get(length) == Some(&b':')
}

/// Whether it is a file of partial counts.
pub(crate) fn is_partial(head: &[u8]) -> bool {
    let text = head.trim_ascii_start();
    text.strip_prefix(b"{")
        .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"\"windlass_partial\""))
}
