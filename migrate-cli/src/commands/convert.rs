//! `windlass convert`: one saved body from V1 to V2 or back.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use serde_json::{Map, Value};
use windlass_migrate::convert::{Body, ConvertError, Subject, convert};
use windlass_transforms::compile::Direction;
use windlass_transforms::step::StepContext;

use crate::args::{Convert, ConvertFailOn, Generation};
use crate::exit::Exit;
use crate::render;
use crate::render::convert::Report;

pub(crate) fn run(arguments: &Convert, out: &mut String) -> anyhow::Result<Exit> {
    let set = windlass_mappings::read_set(arguments.mappings.as_deref())?;
    // Broken mappings are told with their places, not as a failed conversion.
    let mappings =
        windlass_mappings::compile_set(&set).map_err(windlass_mappings::LoadError::Wrong)?;
    let subject = match (&arguments.shape, &arguments.operation) {
        (Some(shape), _) => Subject::shape(&set, shape)?,
        (None, Some(operation)) => {
            let operation = super::explain::find(&mappings, operation.trim())?;
            let body = arguments.status.map_or(Body::Request, Body::Answer);
            Subject::operation(&operation, body)?
        }
        (None, None) => unreachable!("clap asks for one of them"),
    };
    let direction = match arguments.to {
        Generation::V1 => Direction::V2ToV1,
        Generation::V2 => Direction::V1ToV2,
    };
    let context = StepContext {
        path: values(&arguments.path),
        query: values(&arguments.query),
        looked_up: values(&arguments.looked_up),
        ..StepContext::default()
    };
    let input = read(&arguments.body)?;
    let conversion =
        convert(&set, &subject.layout, direction, &context, &input).map_err(|error| {
            let other = arguments.to.other();
            let back = convert(
                &set,
                &subject.layout,
                direction.opposite(),
                &context,
                &input,
            );
            let hint = match (&error, back) {
                (ConvertError::Body(_), Ok(_)) => format!(
                    "; it would convert to {other}, so perhaps it is {} already",
                    arguments.to
                ),
                _ => String::new(),
            };
            anyhow!(
                "failed to convert {} to {}: {error}{hint}",
                subject.name,
                arguments.to
            )
        })?;
    out.push_str(
        std::str::from_utf8(&conversion.body).context("failed to write the result as UTF-8")?,
    );
    if !out.ends_with('\n') {
        out.push('\n');
    }
    let lost = !conversion.losses.is_empty() || !subject.declared.is_empty();
    let report = Report::new(arguments.to, &subject, &conversion);
    render::convert::report(&report, arguments.format)?;
    Ok(match arguments.fail_on {
        Some(ConvertFailOn::Loss) if lost => Exit::Findings,
        Some(ConvertFailOn::Unchecked) if lost || conversion.not_checked.is_some() => {
            Exit::Findings
        }
        _ => Exit::Clean,
    })
}

/// Values that steps see: text, or JSON where it is a number, a boolean, an object or an array.
fn values(pairs: &[(String, String)]) -> Map<String, Value> {
    pairs
        .iter()
        .map(|(name, text)| {
            let value = match serde_json::from_str(text) {
                Ok(value @ (Value::Object(_) | Value::Array(_))) => value,
                _ => Value::from(text.as_str()),
            };
            (name.clone(), value)
        })
        .collect()
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut input = Vec::new();
    if path == Path::new("-") {
        std::io::stdin()
            .lock()
            .read_to_end(&mut input)
            .context("failed to read standard input")?;
    } else {
        input =
            std::fs::read(path).with_context(|| format!("failed to read `{}`", path.display()))?;
    }
    if input.iter().all(u8::is_ascii_whitespace) {
        let name = if path == Path::new("-") {
            "standard input".to_owned()
        } else {
            format!("`{}`", path.display())
        };
        return Err(anyhow!("{name} is empty: expected a JSON body"));
    }
    // A line end of the file is no part of the body.
    let length = input.trim_ascii_end().len();
    input.truncate(length);
    Ok(input)
}
