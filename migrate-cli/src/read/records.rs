//! Reads the proxy's records, one JSON object a line.
//!
//! Memory is bounded by one line. Lines that are no record are counted and the first few
//! are kept with their number and reason, never their content: a line could hold anything.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Serialize;
use windlass_transforms::exchange::{Exchange, FORMAT};

/// Longest line that is read; longer ones are counted as unreadable.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// How many unreadable lines are reported with their reason.
const REPORTED_LINES: usize = 5;

/// What one source held.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Source {
    /// File name as given; `-` is standard input.
    pub(crate) name: String,
    /// Lines read, blank ones left out.
    pub(crate) lines: u64,
    /// Lines that are no record.
    pub(crate) unreadable: u64,
    /// The first of them.
    pub(crate) first_unreadable: Vec<UnreadableLine>,
}

/// A line that is no record.
#[derive(Debug, Serialize)]
pub(crate) struct UnreadableLine {
    /// Counted from 1.
    pub(crate) line: u64,
    /// What was expected.
    pub(crate) reason: String,
}

/// Reads every record of `path` into `observe`. With `strict`, the first unreadable line is an error.
pub(crate) fn read(
    path: &Path,
    strict: bool,
    observe: &mut dyn FnMut(Exchange),
) -> anyhow::Result<Source> {
    let name = path.display().to_string();
    if name == "-" {
        return read_lines(name, &mut std::io::stdin().lock(), strict, observe);
    }
    let file = File::open(path).with_context(|| format!("failed to open `{name}`"))?;
    if file.metadata().is_ok_and(|found| found.is_dir()) {
        bail!(
            "failed to read `{name}`: it is a folder, expected a file of records such as `{name}/records.jsonl`"
        );
    }
    read_lines(
        name,
        &mut BufReader::with_capacity(1 << 16, file),
        strict,
        observe,
    )
}

fn read_lines(
    name: String,
    input: &mut dyn BufRead,
    strict: bool,
    observe: &mut dyn FnMut(Exchange),
) -> anyhow::Result<Source> {
    let mut source = Source {
        name,
        ..Source::default()
    };
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        let taken = input.take(MAX_LINE_BYTES).read_until(b'\n', &mut line);
        let taken = taken
            .with_context(|| format!("failed to read `{}` after line {number}", source.name))?;
        if taken == 0 {
            return Ok(source);
        }
        number += 1;
        let whole = line.last() == Some(&b'\n') || (taken as u64) < MAX_LINE_BYTES;
        if !whole {
            skip_line(input)
                .with_context(|| format!("failed to read `{}` in line {number}", source.name))?;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        source.lines += 1;
        let parsed = if whole {
            parse(&line)
        } else {
            Err(format!("longer than {MAX_LINE_BYTES} bytes"))
        };
        match parsed {
            Ok(exchange) => observe(exchange),
            Err(reason) if strict => {
                bail!(
                    "`{}` line {number} is no record: {reason}; without `--strict` such lines are counted",
                    source.name
                )
            }
            Err(reason) => {
                source.unreadable += 1;
                if source.first_unreadable.len() < REPORTED_LINES {
                    source.first_unreadable.push(UnreadableLine {
                        line: number,
                        reason,
                    });
                }
            }
        }
    }
}

fn skip_line(input: &mut dyn BufRead) -> std::io::Result<()> {
    loop {
        let available = input.fill_buf()?;
        if available.is_empty() {
            return Ok(());
        }
        let end = available.iter().position(|&byte| byte == b'\n');
        let taken = end.map_or(available.len(), |end| end + 1);
        input.consume(taken);
        if end.is_some() {
            return Ok(());
        }
    }
}

/// The reason never quotes the line.
fn parse(line: &[u8]) -> Result<Exchange, String> {
    let exchange: Exchange =
        serde_json::from_slice(line).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => {
                "JSON, but not a record of windlass-proxy".to_owned()
            }
            _ => "not JSON".to_owned(),
        })?;
    if exchange.format == FORMAT {
        Ok(exchange)
    } else {
        Err(format!(
            "record format {}, expected {FORMAT}",
            exchange.format
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = r#"{"format":1,"time":"2026-11-20T10:00:00.000Z","generation":"v1","method":"GET","versionless":false,"client":{},"request_bytes":0,"response_bytes":2,"duration_ms":1,"outcome":"rewritten"}"#;

    fn source(text: &[u8], strict: bool) -> (anyhow::Result<Source>, usize) {
        let mut count = 0;
        let read = read_lines("records".into(), &mut &text[..], strict, &mut |_| {
            count += 1;
        });
        (read, count)
    }

    #[test]
    fn unreadable_lines_are_counted_with_their_number_and_never_quoted() {
        let text = format!("{RECORD}\n\nAuthorization: Basic c2VjcmV0\n{{\"secret\":1}}\n{RECORD}");
        let (read, count) = source(text.as_bytes(), false);
        let read = read.unwrap();
        assert_eq!((count, read.lines, read.unreadable), (2, 4, 2));
        assert_eq!(
            read.first_unreadable
                .iter()
                .map(|l| l.line)
                .collect::<Vec<_>>(),
            [3, 4]
        );
        assert!(!serde_json::to_string(&read).unwrap().contains("ecret"));
    }

    #[test]
    fn strict_reading_stops_at_the_first_unreadable_line() {
        let (read, count) = source(format!("{RECORD}\nnonsense\n{RECORD}\n").as_bytes(), true);
        assert!(read.unwrap_err().to_string().contains("line 2"));
        assert_eq!(count, 1);
    }

    #[test]
    fn a_line_beyond_the_limit_costs_one_line_and_no_more() {
        let mut text = vec![b'x'; usize::try_from(MAX_LINE_BYTES).unwrap() * 2];
        text.push(b'\n');
        text.extend_from_slice(RECORD.as_bytes());
        let (read, count) = source(&text, false);
        assert_eq!((count, read.unwrap().unreadable), (1, 1));
    }

    #[test]
    fn a_record_of_another_format_is_not_guessed_at() {
        let (read, count) = source(
            RECORD.replace("\"format\":1", "\"format\":2").as_bytes(),
            false,
        );
        assert_eq!(
            (count, read.unwrap().first_unreadable[0].reason.as_str()),
            (0, "record format 2, expected 1")
        );
    }
}
