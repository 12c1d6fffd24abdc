//! Plain tables: capital headers, two blanks between columns, numbers to the right, no boxes.

use std::fmt::Write as _;

/// On which side of its column a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Appends a table. The last column is not padded.
pub(crate) fn table(header: &[(&str, Align)], rows: &[Vec<String>], out: &mut String) {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells
            .chain([header[column].0.chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let titles: Vec<String> = header
        .iter()
        .map(|(title, _)| (*title).to_owned())
        .collect();
    for row in std::iter::once(&titles).chain(rows) {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let gap = if column == 0 { "" } else { "  " };
            let width = widths[column];
            // Writing to a string cannot fail.
            let _ = match header[column].1 {
                Align::Left => write!(line, "{gap}{cell:<width$}"),
                Align::Right => write!(line, "{gap}{cell:>width$}"),
            };
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// A number with its word: `1 client`, `2 clients`.
pub(crate) fn plural(count: u64, one: &str, many: &str) -> String {
    let word = if count == 1 { one } else { many };
    format!("{} {word}", thousands(count))
}

/// `12480` as `12,480`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Text from outside as it may stand on a terminal: control and format characters, which
/// could move the cursor or reorder the line, become `\u{…}`.
pub(crate) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        let reorders = matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if character.is_control() || reorders {
            safe.extend(character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(
            [0, 999, 1000, 16_340, 1_234_567].map(thousands),
            ["0", "999", "1,000", "16,340", "1,234,567"]
        );
    }

    #[test]
    fn terminal_controls_from_outside_are_spelt_out() {
        assert_eq!(
            printable("a\u{1b}[2Jb\u{202e}c é"),
            "a\\u{1b}[2Jb\\u{202e}c é"
        );
    }

    #[test]
    fn columns_line_up_and_nothing_trails() {
        let mut out = String::new();
        table(
            &[
                ("NAME", Align::Left),
                ("CALLS", Align::Right),
                ("NOTE", Align::Left),
            ],
            &[
                vec!["a".into(), "1".into(), "x".into()],
                vec!["longer".into(), "1,000".into(), String::new()],
            ],
            &mut out,
        );
        assert_eq!(
            out,
            "NAME    CALLS  NOTE\na           1  x\nlonger  1,000\n"
        );
    }
}
