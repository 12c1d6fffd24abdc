//! `windlass audit`: who calls V1, with what, and what to call instead.

use anyhow::{anyhow, bail};

use super::{load_mappings, traffic};
use crate::args::{Audit, AuditFormat};
use crate::audit::baseline::Baseline;
use crate::audit::report::{Report, build};
use crate::exit::Exit;
use crate::read::source::Kind;
use crate::render;

pub(crate) fn run(arguments: &Audit, out: &mut String) -> anyhow::Result<Exit> {
    let judges =
        arguments.client.is_some() || arguments.baseline.is_some() || arguments.fail_on.is_some();
    if arguments.format == AuditFormat::Partial && judges {
        bail!(
            "partial counts are of everybody and judge nobody: `--client`, `--baseline` and `--fail-on` belong to the report that is merged from them"
        );
    }
    let mappings = load_mappings(arguments.inputs.mappings.as_deref())?;
    let mut tally = traffic::tally(&arguments.inputs, &arguments.partial, &mappings)?;
    if arguments.merge
        && let Some(other) = not_partial(&tally.sources, arguments)
    {
        bail!(
            "`{other}` is not partial counts, as `--merge` wants; write them with `--format partial`"
        );
    }
    // What was merged speaks for itself.
    tally
        .sources
        .retain(|source| source.kind != Kind::Partial || source.unreadable > 0);
    render::warn_unreadable(&tally.sources);
    if arguments.format == AuditFormat::Partial {
        render::json::pretty(&tally, out)?;
        return Ok(Exit::Clean);
    }
    let mut report = build(tally, &mappings);
    if let Some(path) = &arguments.baseline {
        Baseline::read(path)?.keep_new(&mut report);
    }
    if let Some(name) = &arguments.client {
        keep_client(&mut report, name)?;
    }
    match arguments.format {
        AuditFormat::Table => render::text::audit(&report, out),
        AuditFormat::Json => render::json::pretty(&report, out)?,
        AuditFormat::Markdown => render::markdown::audit(&report, out),
        AuditFormat::Csv => render::csv::audit(&report, out),
        AuditFormat::Html => render::html::audit(&report, out),
        AuditFormat::Sarif => render::sarif::audit(&report, out)?,
        AuditFormat::Junit => render::junit::audit(&report, arguments.fail_on, out),
        AuditFormat::Partial => {}
    }
    let fails = arguments.fail_on.is_some_and(|limit| {
        let mut clients = report.clients.iter();
        clients.any(|client| limit.fails(client.readiness))
    });
    Ok(if fails { Exit::Findings } else { Exit::Clean })
}

/// An input that is something else than partial counts.
fn not_partial(sources: &[crate::read::source::Source], arguments: &Audit) -> Option<String> {
    let given = arguments.inputs.paths.iter().chain(&arguments.partial);
    let names: Vec<String> = given.map(|path| path.display().to_string()).collect();
    sources
        .iter()
        .find(|source| source.kind != Kind::Partial && names.contains(&source.name))
        .map(|source| source.name.clone())
}

/// Leaves one client in the report, and the operations it uses.
fn keep_client(report: &mut Report, name: &str) -> anyhow::Result<()> {
    let exact = report.clients.iter().position(|client| client.name == name);
    let fitting: Vec<usize> = match exact {
        Some(at) => vec![at],
        None => (0..report.clients.len())
            .filter(|at| report.clients[*at].name.contains(name))
            .collect(),
    };
    match fitting.as_slice() {
        [at] => {
            let client = report.clients.swap_remove(*at);
            report.keep_only(client);
            Ok(())
        }
        [] => Err(nobody(report, name)),
        several => {
            let names: Vec<String> = several
                .iter()
                .take(5)
                .map(|at| format!("`{}`", render::table::printable(&report.clients[*at].name)))
                .collect();
            bail!(
                "`{name}` fits {} clients: {}",
                several.len(),
                names.join(", ")
            )
        }
    }
}

fn nobody(report: &Report, name: &str) -> anyhow::Error {
    let close = report
        .clients
        .iter()
        .map(|client| (strsim::jaro_winkler(name, &client.name), &client.name))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match close {
        Some((_, close)) => anyhow!(
            "no client is called `{name}`; did you mean `{}`?",
            render::table::printable(close)
        ),
        None => anyhow!("no client is called `{name}`; the report without `--client` names them"),
    }
}
