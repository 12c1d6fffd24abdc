//! What a conversion lost, on standard error: standard output is the body.

use std::fmt::Write as _;

use serde::Serialize;
use windlass_migrate::convert::{Conversion, Kind, Loss, Subject};

use crate::args::{Format, Generation};

use super::table::{printable, thousands};

/// Version of the JSON form.
const FORMAT: u32 = 1;

/// What is told about a conversion.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    format: u32,
    to: &'static str,
    subject: &'a str,
    layout: &'a str,
    /// Whether the result was converted back and compared, so that nothing is missing here.
    checked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_checked: Option<&'a str>,
    losses: &'a [Loss],
    /// What every caller of the operation loses, whatever is in the body.
    declared: &'a [String],
}

impl<'a> Report<'a> {
    pub(crate) fn new(to: Generation, subject: &'a Subject, conversion: &'a Conversion) -> Self {
        Self {
            format: FORMAT,
            to: to.word(),
            subject: &subject.name,
            layout: &subject.layout,
            checked: conversion.not_checked.is_none(),
            not_checked: conversion.not_checked.as_deref(),
            losses: &conversion.losses,
            declared: &subject.declared,
        }
    }
}

/// Prints the report.
pub(crate) fn report(report: &Report<'_>, format: Format) -> anyhow::Result<()> {
    let mut text = String::new();
    match format {
        Format::Json => super::json::pretty(report, &mut text)?,
        Format::Text => write_text(report, &mut text),
    }
    eprint!("{text}");
    Ok(())
}

fn write_text(report: &Report<'_>, out: &mut String) {
    // Writing to a string cannot fail.
    let lost: usize = report.losses.iter().map(|loss| loss.count).sum();
    let _ = match lost {
        0 => write!(out, "windlass: nothing in the body was lost"),
        1 => write!(out, "windlass: 1 member was lost"),
        _ => write!(
            out,
            "windlass: {} members were lost",
            thousands(lost as u64)
        ),
    };
    match report.not_checked {
        None => out.push_str(" (converted back and compared)\n"),
        Some(reason) => {
            let _ = writeln!(
                out,
                " by the rules of the mapping; it could not be converted back to compare: {}",
                printable(reason)
            );
        }
    }
    for loss in report.losses {
        let _ = writeln!(out, "  {}", line(loss));
    }
    if !report.declared.is_empty() {
        let _ = writeln!(out, "declared for {}:", report.subject);
        for reason in report.declared {
            let _ = writeln!(out, "  {reason}");
        }
    }
}

fn line(loss: &Loss) -> String {
    let what = match loss.kind {
        Kind::Dropped => "dropped",
        Kind::Changed => "comes back with another value",
    };
    let place = if loss.count == 1 {
        &loss.first
    } else {
        &loss.place
    };
    let times = if loss.count == 1 {
        String::new()
    } else {
        format!(", {} times", thousands(loss.count as u64))
    };
    format!("{}  {what}{times}: {}", printable(place), loss.reason)
}
