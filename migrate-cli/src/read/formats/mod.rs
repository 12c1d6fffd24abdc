//! One file per format: from a line or entry to a call.

mod alb;
mod caddy;
mod combined;
mod curl;
mod envoy;
mod fields;
mod haproxy;
pub(crate) mod har;
mod json;
mod log_format;
pub(crate) mod mitmproxy;
mod named;
mod partial;
mod quoted;
mod records;
mod regex;
mod traefik;

use std::io::Read;
use std::sync::Arc;

use anyhow::bail;

use super::detect;
use super::lines::LineFormat;
use super::source::{Kind, Source};
use crate::audit::counter::Counter;

/// Reads a document that is not made of lines.
pub(crate) type ReadDocument =
    fn(&mut dyn Read, &mut Source, &mut Counter<'_>) -> anyhow::Result<()>;

/// How an input is read.
pub(crate) enum Format {
    /// Line by line, on all threads.
    Lines(Kind, Arc<dyn LineFormat>),
    /// As one document.
    Document(Kind, ReadDocument),
}

impl Format {
    /// What it is.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Lines(kind, _) | Self::Document(kind, _) => *kind,
        }
    }
}

/// The formats that inputs may have.
pub(crate) struct Formats {
    /// The one asked for; `None`: what the content says.
    chosen: Option<Kind>,
    lines: Vec<(Kind, Arc<dyn LineFormat>)>,
}

/// What the command line says about formats.
#[derive(Debug, Default)]
pub(crate) struct Choice<'a> {
    /// `--input-format`.
    pub(crate) kind: Option<Kind>,
    /// `--log-format`.
    pub(crate) log_format: Option<&'a str>,
    /// `--field`.
    pub(crate) fields: &'a [String],
    /// `--regex`.
    pub(crate) regex: Option<&'a str>,
}

impl Formats {
    /// All formats that need no description, in the order in which they are tried, and the one
    /// that was described.
    pub(crate) fn new(choice: &Choice<'_>) -> anyhow::Result<Self> {
        let mut lines: Vec<(Kind, Arc<dyn LineFormat>)> = vec![
            (Kind::Records, Arc::new(records::Records)),
            (Kind::Caddy, Arc::new(caddy::Caddy)),
            (Kind::Traefik, Arc::new(traefik::Traefik)),
            (Kind::Envoy, Arc::new(envoy::Envoy)),
            (Kind::Alb, Arc::new(alb::Alb)),
            (Kind::Haproxy, Arc::new(haproxy::Haproxy)),
            (Kind::Combined, Arc::new(combined::Combined)),
            (Kind::Curl, Arc::new(curl::Curl)),
        ];
        let mut chosen = choice.kind;
        let mut describe = |kind, format: Arc<dyn LineFormat>| {
            if chosen.is_some_and(|chosen| chosen != kind) {
                bail!(
                    "only one of `--input-format`, `--log-format`, `--field` and `--regex` can be given"
                );
            }
            chosen = Some(kind);
            lines.push((kind, format));
            Ok(())
        };
        if let Some(text) = choice.log_format {
            let format = log_format::LogFormat::parse(text)?;
            describe(Kind::LogFormat, Arc::new(format))?;
        }
        if !choice.fields.is_empty() {
            let format = fields::Fields::parse(choice.fields)?;
            describe(Kind::Fields, Arc::new(format))?;
        }
        if let Some(text) = choice.regex {
            let format = regex::NamedGroups::parse(text)?;
            describe(Kind::Regex, Arc::new(format))?;
        }
        let needs = match chosen {
            Some(Kind::LogFormat) if choice.log_format.is_none() => Some("--log-format"),
            Some(Kind::Fields) if choice.fields.is_empty() => Some("--field"),
            Some(Kind::Regex) if choice.regex.is_none() => Some("--regex"),
            _ => None,
        };
        if let Some(option) = needs {
            bail!("this input format needs `{option}`");
        }
        Ok(Self { chosen, lines })
    }

    /// The format of an input that begins so; `None` when it is none of these. Partial counts
    /// and, unless a format was asked for, everything else is recognised by content.
    pub(crate) fn of(&self, head: &[u8]) -> Option<Format> {
        if detect::is_partial(head) {
            return Some(Format::Document(Kind::Partial, partial::read));
        }
        if let Some(kind) = self.chosen {
            return self.by_kind(kind);
        }
        let first = detect::first_lines(head);
        if first.is_empty() {
            return Some(Format::Document(Kind::Empty, |_, _, _| Ok(())));
        }
        if detect::is_har(head) {
            return self.by_kind(Kind::Har);
        }
        if detect::is_mitmproxy(head) {
            return self.by_kind(Kind::Mitmproxy);
        }
        let found = first.iter().find_map(|line| {
            self.lines
                .iter()
                .find(|(_, format)| format.recognises(line))
        });
        found.map(|(kind, format)| Format::Lines(*kind, Arc::clone(format)))
    }

    fn by_kind(&self, kind: Kind) -> Option<Format> {
        match kind {
            Kind::Har => Some(Format::Document(kind, har::read)),
            Kind::Mitmproxy => Some(Format::Document(kind, mitmproxy::read)),
            Kind::Partial => Some(Format::Document(kind, partial::read)),
            _ => self
                .lines
                .iter()
                .find(|(known, _)| *known == kind)
                .map(|(_, format)| Format::Lines(kind, Arc::clone(format))),
        }
    }
}

#[cfg(test)]
mod tests;
