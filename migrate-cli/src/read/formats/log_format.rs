//! Any `log_format` of nginx (`$remote_addr …`) or `LogFormat` of Apache (`%h …`).

use anyhow::{Context as _, bail};
use memchr::memmem;

use super::named::{Name, Parts};
use super::quoted::quoted;
use crate::read::lines::{LineFormat, Observed, Read, Unreadable};

/// A compiled format: variables with the text between them.
#[derive(Debug)]
pub(super) struct LogFormat(Vec<Piece>);

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    /// This text.
    Text(Vec<u8>),
    /// A variable; `None` when it says nothing about a call.
    Variable(Option<Name>),
}

impl LogFormat {
    /// Reads a format, or one of the names `common` and `combined`.
    pub(super) fn parse(format: &str) -> anyhow::Result<Self> {
        let format = match format.trim() {
            "common" => "%h %l %u %t \"%r\" %>s %b",
            "combined" => {
                "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \"$http_user_agent\""
            }
            other => other,
        };
        let pieces = if format.contains('$') {
            nginx(format)
        } else {
            apache(format)?
        };
        if pieces
            .windows(2)
            .any(|pair| matches!(pair, [Piece::Variable(_), Piece::Variable(_)]))
        {
            bail!(
                "`--log-format` has two variables with nothing between them: no telling where the first ends"
            );
        }
        let has = |wanted| pieces.contains(&Piece::Variable(Some(wanted)));
        if !has(Name::Request) && !has(Name::Path) {
            bail!(
                "`--log-format` has neither the request nor a path: without one no call can be told"
            );
        }
        Ok(Self(pieces))
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if text.is_empty() {
        return;
    }
    match pieces.last_mut() {
        Some(Piece::Text(before)) => before.extend_from_slice(text.as_bytes()),
        _ => pieces.push(Piece::Text(text.as_bytes().to_vec())),
    }
}

fn nginx(format: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = format;
    while let Some(at) = rest.find('$') {
        push_text(&mut pieces, &rest[..at]);
        rest = &rest[at + 1..];
        let braced = rest.strip_prefix('{').and_then(|r| r.split_once('}'));
        let (name, after) = braced.unwrap_or_else(|| {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            rest.split_at(end)
        });
        rest = after;
        pieces.push(Piece::Variable(match name {
            "remote_addr" | "realip_remote_addr" => Some(Name::Address),
            "remote_user" => Some(Name::User),
            "time_local" | "time_iso8601" | "msec" => Some(Name::Time),
            "request" => Some(Name::Request),
            "request_method" => Some(Name::Method),
            "request_uri" | "uri" | "document_uri" => Some(Name::Path),
            "args" | "query_string" => Some(Name::Query),
            "status" => Some(Name::Status),
            "http_user_agent" => Some(Name::Agent),
            "http_x_anchore_account" => Some(Name::Account),
            "request_body" => Some(Name::Body),
            _ => None,
        }));
    }
    push_text(&mut pieces, rest);
    pieces
}

fn apache(format: &str) -> anyhow::Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    // As it stands in a configuration file.
    let format = format.replace("\\\"", "\"");
    let mut rest = format.as_str();
    while let Some(at) = rest.find('%') {
        push_text(&mut pieces, &rest[..at]);
        rest = rest[at + 1..].trim_start_matches(['>', '<', '!', ',']);
        rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ',');
        let (argument, after) = match rest.strip_prefix('{').and_then(|r| r.split_once('}')) {
            Some((argument, after)) => (Some(argument.to_ascii_lowercase()), after),
            None => (None, rest),
        };
        let mut letters = after.chars();
        let letter = letters.next().context("`--log-format` ends behind a `%`")?;
        rest = letters.as_str();
        let name = match (letter, argument.as_deref()) {
            ('%', _) => {
                push_text(&mut pieces, "%");
                continue;
            }
            ('t', None) => {
                // Apache writes the brackets by itself.
                push_text(&mut pieces, "[");
                pieces.push(Piece::Variable(Some(Name::Time)));
                push_text(&mut pieces, "]");
                continue;
            }
            ('t', Some("sec" | "msec")) => Some(Name::Time),
            ('h' | 'a', _) => Some(Name::Address),
            ('u', _) => Some(Name::User),
            ('r', _) => Some(Name::Request),
            ('m', _) => Some(Name::Method),
            ('U', _) => Some(Name::Path),
            ('q', _) => Some(Name::Query),
            ('s', _) => Some(Name::Status),
            ('i', Some("user-agent")) => Some(Name::Agent),
            ('i', Some("x-anchore-account")) => Some(Name::Account),
            _ => None,
        };
        pieces.push(Piece::Variable(name));
    }
    push_text(&mut pieces, rest);
    Ok(pieces)
}

impl LineFormat for LogFormat {
    fn read(
        &self,
        line: &[u8],
        take: &mut dyn FnMut(Observed<'_>) -> Read,
    ) -> Result<Read, Unreadable> {
        let mut parts = Parts::default();
        let mut rest = line;
        let mut pieces = self.0.iter().peekable();
        while let Some(piece) = pieces.next() {
            match piece {
                Piece::Text(text) => {
                    rest = rest
                        .strip_prefix(text.as_slice())
                        .ok_or("it does not fit `--log-format`")?;
                }
                Piece::Variable(name) => {
                    let length = match pieces.peek() {
                        None => rest.len(),
                        // A quote in a quoted value is escaped.
                        Some(Piece::Text(text)) if text.starts_with(b"\"") => quoted(rest)
                            .map(|(value, _)| value.len())
                            .ok_or("it does not fit `--log-format`")?,
                        Some(Piece::Text(text)) => {
                            memmem::find(rest, text).ok_or("it does not fit `--log-format`")?
                        }
                        Some(Piece::Variable(_)) => 0,
                    };
                    let (value, after) = rest.split_at(length);
                    rest = after;
                    if let Some(name) = name {
                        parts.set(*name, value);
                    }
                }
            }
        }
        Ok(take(Observed::Call(parts.call()?)))
    }
}
