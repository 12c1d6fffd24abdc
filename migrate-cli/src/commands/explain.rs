//! `windlass explain`: the story of one V1 operation, or the page of one diagnostic code.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use serde::Serialize;
use windlass_transforms::Mappings;
use windlass_transforms::diagnostic::code;
use windlass_transforms::plan::explain::Explanation;
use windlass_transforms::plan::operation::Operation;
use windlass_transforms::route::Route;

use crate::args::{Explain, Format};
use crate::exit::Exit;
use crate::render;
use crate::render::curl;

/// Version of the JSON form.
const FORMAT: u32 = 1;

/// The JSON form of an explained operation.
#[derive(Serialize)]
struct Explained<'a> {
    format: u32,
    /// A ready command for the V2 call; absent where V2 has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    curl: Option<String>,
    #[serde(flatten)]
    explanation: &'a Explanation,
}

pub(crate) fn run(arguments: &Explain, out: &mut String) -> anyhow::Result<Exit> {
    let subject = arguments.subject.trim();
    if let Some(page) = code::page(subject) {
        let _ = writeln!(out, "{}: {}\n\n{}", page.code, page.title, page.text.trim());
        return Ok(Exit::Clean);
    }
    let mappings = super::load_mappings(arguments.mappings.as_deref())?;
    let operation = find(&mappings, subject)?;
    let curl = curl::command(&operation);
    match arguments.format {
        Format::Text => render::text::explanation(&operation.explanation, curl.as_deref(), out),
        Format::Json => {
            render::json::pretty(
                &Explained {
                    format: FORMAT,
                    curl,
                    explanation: &operation.explanation,
                },
                out,
            )?;
        }
    }
    Ok(Exit::Clean)
}

/// By operation id, by template (`GET /images/{imageDigest}`), or by a real request line.
pub(super) fn find(mappings: &Mappings, subject: &str) -> anyhow::Result<Arc<Operation>> {
    let Some((method, path)) = subject.split_once(' ') else {
        return mappings
            .operation(subject)
            .cloned()
            .ok_or_else(|| unknown_id(mappings, subject));
    };
    let method = method.to_ascii_uppercase().parse().map_err(|_| {
        anyhow!("`{method}` is no HTTP method; expected something like \"GET /images\"")
    })?;
    let path = path.trim().split('?').next().unwrap_or_default();
    if path == "/v2" || path.starts_with("/v2/") {
        bail!("`{path}` is a V2 path, which passes through unchanged; name the V1 operation");
    }
    let path = path
        .strip_prefix("/v1")
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
        .unwrap_or(path);
    // Braces of a template are ordinary characters of a path segment.
    match mappings
        .routes()
        .find(&method, &path.replace('{', "%7B").replace('}', "%7D"))
    {
        Route::Found { operation, .. } => Ok(operation),
        Route::WrongMethod { allowed } => {
            let allowed: Vec<&str> = allowed.iter().map(http::Method::as_str).collect();
            bail!("V1 has no {method} on `{path}`, but {}", allowed.join(", "))
        }
        Route::Unknown => bail!("no V1 operation has the path `{path}`; V1 answers 404"),
        Route::Malformed { what } => bail!("the path `{path}` has {what}"),
    }
}

fn unknown_id(mappings: &Mappings, id: &str) -> anyhow::Error {
    let close = mappings
        .operations()
        .iter()
        .map(|operation| (strsim::jaro_winkler(id, &operation.id), &operation.id))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match close {
        Some((_, close)) => anyhow!("no V1 operation is called `{id}`; did you mean `{close}`?"),
        None => anyhow!(
            "no V1 operation is called `{id}`; expected an operation id, \"METHOD /path\" or a code such as M203"
        ),
    }
}
