//! Quoted parts of log lines, and the request line in one of them.

use memchr::{memchr, memchr_iter, memrchr};

/// The text up to the next quote that no backslash precedes, and what follows that quote.
/// `line` begins behind the opening quote.
pub(super) fn quoted(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr_iter(b'"', line).find(|at| {
        let slashes = line[..*at]
            .iter()
            .rev()
            .take_while(|byte| **byte == b'\\')
            .count();
        slashes % 2 == 0
    })?;
    Some((&line[..end], &line[end + 1..]))
}

/// The text up to the next blank, and what follows it; the rest of the line when there is none.
pub(super) fn word(line: &[u8]) -> (&[u8], &[u8]) {
    match memchr(b' ', line) {
        Some(at) => (&line[..at], &line[at + 1..]),
        None => (line, &line[line.len()..]),
    }
}

/// Method and target of a request line. A line that is none, such as a TLS greeting on a plain
/// port, has an empty method: it is read, and is no call of any API.
pub(super) fn request(line: &[u8]) -> (&[u8], &[u8]) {
    let Some(first) = memchr(b' ', line) else {
        return (b"", line);
    };
    let target = match memrchr(b' ', line) {
        Some(last) if last > first && line[last + 1..].starts_with(b"HTTP/") => {
            &line[first + 1..last]
        }
        _ => &line[first + 1..],
    };
    (&line[..first], target)
}

/// A status of three digits.
pub(super) fn status(text: &[u8]) -> Option<u16> {
    let [a, b, c] = text else { return None };
    [a, b, c].iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + u16::from(**byte - b'0'))
    })
}

/// All quoted texts of a line.
pub(super) fn all_quoted(line: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(at) = memchr(b'"', rest) {
        match quoted(&rest[at + 1..]) {
            Some((text, after)) => {
                found.push(text);
                rest = after;
            }
            None => break,
        }
    }
    found
}
