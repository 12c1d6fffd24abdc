//! What of V1 is mapped.

use std::fmt::Write as _;

use windlass_migrate::coverage::{Coverage, Row};
use windlass_transforms::compare::{Fact, Kind};

use super::table::{Align, table, thousands};

const COLUMNS: [&str; 7] = [
    "TOTAL",
    "EXACT",
    "LOSS",
    "UNSUPPORTED",
    "ASSUMED",
    "UNSEEN",
    "FORGOTTEN",
];

/// Most reasons shown.
const REASONS: usize = 12;

/// For people.
pub(crate) fn text(coverage: &Coverage, out: &mut String) {
    let _ = writeln!(out, "{}\n", compared(coverage));
    let rows: Vec<Vec<String>> = coverage.rows.iter().map(cells).collect();
    let mut header = vec![("SERVICE", Align::Left), ("WHAT", Align::Left)];
    header.extend(COLUMNS.map(|name| (name, Align::Right)));
    table(&header, &rows, out);
    let rows: Vec<Vec<String>> = coverage
        .reasons
        .iter()
        .filter(|reason| reason.verdict != "forgotten")
        .take(REASONS)
        .map(|reason| {
            vec![
                thousands(reason.count as u64),
                reason.verdict.to_owned(),
                reason.reason.clone(),
            ]
        })
        .collect();
    if !rows.is_empty() {
        out.push('\n');
        let header = [
            ("TIMES", Align::Right),
            ("NOT EXACT", Align::Left),
            ("MOST OFTEN BECAUSE", Align::Left),
        ];
        table(&header, &rows, out);
    }
    out.push('\n');
    facts(&coverage.listed, out);
    if coverage.forgotten.is_empty() {
        out.push_str("Nothing is forgotten.\n");
        return;
    }
    let _ = writeln!(out, "Forgotten:");
    facts(&coverage.forgotten, out);
}

fn facts(facts: &[Fact], out: &mut String) {
    for fact in facts {
        let reason = fact.verdict.reason().map(|r| format!(": {r}"));
        let _ = writeln!(
            out,
            "  {} {} {} {}{}",
            fact.verdict.word(),
            fact.operation,
            word(fact.kind),
            fact.name,
            reason.unwrap_or_default()
        );
    }
}

/// For pages.
pub(crate) fn markdown(coverage: &Coverage, out: &mut String) {
    let _ = writeln!(out, "{}\n", compared(coverage));
    let _ = writeln!(
        out,
        "| service | what | {} |",
        COLUMNS.join(" | ").to_lowercase()
    );
    let _ = writeln!(out, "| --- | --- |{}", " ---: |".repeat(COLUMNS.len()));
    for row in &coverage.rows {
        let _ = writeln!(out, "| {} |", cells(row).join(" | "));
    }
    for (title, list) in [
        ("Listed", &coverage.listed),
        ("Forgotten", &coverage.forgotten),
    ] {
        if list.is_empty() {
            continue;
        }
        let _ = writeln!(
            out,
            "\n## {title}\n\n| operation | what | which | verdict | why |"
        );
        out.push_str("| --- | --- | --- | --- | --- |\n");
        for fact in list {
            let escaped = |text: &str| text.replace('|', "\\|");
            let _ = writeln!(
                out,
                "| `{}` | {} | {} | {} | {} |",
                fact.operation,
                word(fact.kind),
                escaped(&fact.name),
                fact.verdict.word(),
                escaped(fact.verdict.reason().unwrap_or_default())
            );
        }
    }
}

fn compared(coverage: &Coverage) -> String {
    format!(
        "Everything in {}, and what the mappings make of it by {}.",
        coverage.v1.join(", "),
        coverage.v2.join(", then ")
    )
}

fn cells(row: &Row) -> Vec<String> {
    let counts = row.counts;
    let numbers = [
        counts.total,
        counts.exact,
        counts.loss,
        counts.unsupported,
        counts.assumed,
        counts.unseen,
        counts.forgotten,
    ];
    let mut cells = vec![row.service.clone(), words(row.kind).to_owned()];
    cells.extend(numbers.map(|number| thousands(number as u64)));
    cells
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Operation => "operation",
        Kind::Parameter => "parameter",
        Kind::Status => "status",
        Kind::Field => "field",
        Kind::Word => "value",
    }
}

fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Operation => "operations",
        Kind::Parameter => "parameters",
        Kind::Status => "statuses",
        Kind::Field => "fields",
        Kind::Word => "values",
    }
}
